/**
 * One sign-in as the wizard sees it: it follows the app's, and starts, repeats or ends it.
 *
 * Rule: the app knows how the sign-in stands; only what a person reports about Dropbox's page is kept here.
 */
import { ApiError, api } from '../platform'
import type { Account, LinkError, LinkRequest, LinkState, LinkWay } from '../platform'
import { reported, type Report } from './errors'
import type { LinkForm } from './link.svelte'

export class SignIn {
  #state = $state.raw<LinkState>({ kind: 'idle' })
  /** What a person said, or what kept the sign-in from starting. */
  #failed = $state.raw<LinkError | null>(null)
  #way: LinkWay = 'window'
  #store: LinkRequest['secret_store'] = 'keyring'
  #relink: string | null = null
  #form: LinkForm
  #onlinked: (account: Account) => void

  constructor(form: LinkForm, onlinked: (account: Account) => void) {
    this.#form = form
    this.#onlinked = onlinked
    this.#way = form.defaults.way
  }

  get state(): LinkState {
    return this.#failed ? { kind: 'failed', error: this.#failed } : this.#state
  }

  /** Whether the link page gives way to the panel. */
  get busy(): boolean {
    return this.state.kind === 'waiting' || this.state.kind === 'exchanging' || this.state.kind === 'failed'
  }

  /** Follows the app, until the returned function is called. */
  follow(): () => void {
    let told = false
    const stop = api().on('link', (state) => {
      told = true
      this.#take(state)
    })
    void this.#ask(() => told)
    return stop
  }

  /** Asks how the sign-in stands now; an answer that the app has overtaken meanwhile is dropped. */
  async #ask(overtaken: () => boolean): Promise<void> {
    try {
      const state = await api().linkState()
      if (!overtaken()) this.#take(state)
    } catch (error) {
      this.#failed = { code: 'other', dropbox_says: null, detail: words(error) }
    }
  }

  #take(state: LinkState): void {
    if (state.kind === 'waiting') this.#way = state.way
    if (state.kind === 'linked') {
      this.#state = { kind: 'idle' }
      this.#failed = null
      this.#onlinked(state.account)
      // The app forgets it, so that a window opened later does not hear of it again.
      void api().linkCancel()
    } else {
      this.#state = state
    }
  }

  async start(
    relink: string | null,
    way: LinkWay,
    store: LinkRequest['secret_store'] = 'keyring',
  ): Promise<void> {
    this.#relink = relink
    this.#way = way
    this.#store = store
    this.#failed = null
    try {
      await api().linkStart(this.#form.request(relink, store), way)
    } catch (error) {
      this.#failed = { code: 'other', dropbox_says: null, detail: words(error) }
    }
  }

  /** Once more, perhaps another way. */
  async again(way: LinkWay = this.#way): Promise<void> {
    // The fields are judged again: after the window was closed nothing is known of them.
    if ((await this.#form.blocked()) !== null) return this.cancel()
    await this.start(this.#relink, way, this.#store)
  }

  async againInMemory(): Promise<void> {
    this.#store = 'memory'
    await this.again()
  }

  async cancel(): Promise<void> {
    this.#failed = null
    this.#state = { kind: 'idle' }
    await api().linkCancel()
  }

  /** A person says what Dropbox's page shows; the sign-in ends. */
  async report(report: Report): Promise<void> {
    const host = this.#state.kind === 'waiting' ? this.#state.host : ''
    const error = reported(report, host, this.#form.values.redirect_url)
    await api().linkCancel()
    this.#failed = error
  }

  async acceptOther(): Promise<void> {
    try {
      await api().linkAcceptOther()
    } catch (error) {
      this.#failed = { code: 'other', dropbox_says: null, detail: words(error) }
    }
  }
}

/** What went wrong, as the app words it. */
export function words(error: unknown): string {
  return error instanceof ApiError || error instanceof Error ? error.message : String(error)
}
