/**
 * Something fetched once and read again when the app says that it changed.
 *
 * Rule: after a command it is read again; nothing is guessed.
 */
import { api } from '../platform'
import type { ChangedWhat } from '../platform'

export class Live<T> {
  /** The last good answer stays while a newer one is fetched. */
  value = $state.raw<T | null>(null)
  error = $state.raw<Error | null>(null)
  loading = $state(false)

  #fetch: () => Promise<T>
  #round = 0

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch
  }

  /** Reads again. An older answer that comes late is dropped. */
  async reload(): Promise<void> {
    const round = ++this.#round
    this.loading = true
    try {
      const value = await this.#fetch()
      if (round !== this.#round) return
      this.value = value
      this.error = null
    } catch (error) {
      if (round !== this.#round) return
      this.error = error instanceof Error ? error : new Error(String(error))
    }
    this.loading = false
  }

  /** Reads now and whenever one of these changed, until the returned function is called. */
  follow(...whats: ChangedWhat[]): () => void {
    void this.reload()
    return api().on('changed', ({ what }) => {
      if (whats.includes(what)) void this.reload()
    })
  }
}
