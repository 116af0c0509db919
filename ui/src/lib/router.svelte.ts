/**
 * Which page of a window is open: `page` or `page/rest`, for instance `overview/issues` or `workspaces/w1`.
 *
 * Rule: the app may send the window to a route at any time; a route that does not exist leads to the first
 * page.
 */
import { api } from '../platform'

/** Parts of Overview that are also called by their own name. */
const PARTS = ['activity', 'issues', 'transfers', 'held', 'rebuild']

class Router {
  #route = $state('')

  /** The page's id. */
  get page(): string {
    return this.#route.split('/')[0] ?? ''
  }

  /** What follows the page's id. */
  get rest(): string {
    const cut = this.#route.indexOf('/')
    return cut === -1 ? '' : this.#route.slice(cut + 1)
  }

  go(route: string): void {
    const first = route.split('/')[0] ?? ''
    this.#route = PARTS.includes(first) ? `overview/${route}` : route
  }

  /** Opens a route and follows the app, until the returned function is called. */
  start(route: string): () => void {
    this.go(route)
    return api().on('navigate', ({ route }) => this.go(route))
  }
}

export const router = new Router()
