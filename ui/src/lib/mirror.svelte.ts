/**
 * The one picture of the app that is always on screen: fetched once, then pushed by the app.
 *
 * Rule: it is a mirror; nothing in the windows changes it.
 */
import { api } from '../platform'
import type { Account, Snapshot, Workspace } from '../platform'

class Mirror {
  #snapshot = $state.raw<Snapshot | null>(null)
  error = $state.raw<Error | null>(null)

  get ready(): boolean {
    return this.#snapshot !== null
  }

  /** The picture; to be read only where [`ready`] was looked at before. */
  get now(): Snapshot {
    if (!this.#snapshot) throw new Error('the mirror is still empty')
    return this.#snapshot
  }

  /** Fetches the picture and follows it. */
  async start(): Promise<() => void> {
    const stop = api().on('snapshot', (snapshot) => {
      this.#snapshot = snapshot
      this.error = null
    })
    await this.reload()
    return stop
  }

  async reload(): Promise<void> {
    try {
      this.#snapshot = await api().snapshot()
      this.error = null
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error))
    }
  }

  workspace(id: string): Workspace | undefined {
    return this.#snapshot?.workspaces.find((workspace) => workspace.id === id)
  }

  account(id: string): Account | undefined {
    return this.#snapshot?.accounts.find((account) => account.id === id)
  }
}

export const mirror = new Mirror()
