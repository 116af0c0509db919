/**
 * Which folders are kept the same, without the looks of the page: what was chosen, what was only proposed, what
 * the app says about it.
 *
 * Rule: a proposal follows the Dropbox folder until a person chose something else.
 */
import { mirror } from '../lib/mirror.svelte'
import { api } from '../platform'
import type { FolderCheck, NewWorkspace } from '../platform'
import type { FolderEntries } from './draft'
import { below, proposeLocal, proposeName, ROOT } from './folders'
import { words } from './signin.svelte'

export class FolderForm {
  #account = $state<string | null>(null)
  /** The account was chosen in this run, and not read from what was entered before. */
  #chosen = $state(false)
  #remote = $state<string | null>(null)
  #local = $state<string | null>(null)
  #name = $state<string | null>(null)
  excludes = $state.raw<string[]>([])
  startPaused = $state(false)
  check = $state.raw<FolderCheck | null>(null)
  checking = $state(false)
  /** Why it could not be checked. */
  error = $state<string | null>(null)
  #round = 0

  constructor(entries: FolderEntries | null = null) {
    if (!entries) return
    this.#account = entries.account
    this.#remote = entries.remote
    this.#local = entries.local
    this.#name = entries.name
    this.excludes = entries.excludes
    this.startPaused = entries.start_paused
  }

  get entries(): FolderEntries {
    return {
      account: this.#account,
      remote: this.#remote,
      local: this.#local,
      name: this.#name,
      excludes: this.excludes,
      start_paused: this.startPaused,
    }
  }

  get account(): string {
    const known = mirror.now.accounts.map(({ id }) => id)
    // One that was linked just now is listed a moment later; one of an earlier run may be gone.
    if (this.#account !== null && (this.#chosen || known.includes(this.#account))) return this.#account
    return known[0] ?? ''
  }

  /** Null while a further workspace has no folder yet; the first begins with all of Dropbox. */
  get remote(): string | null {
    return this.#remote ?? (mirror.now.workspaces.length === 0 ? ROOT : null)
  }

  get local(): string | null {
    return this.#local ?? (this.remote === null ? null : proposeLocal(mirror.now.home, this.remote))
  }

  get name(): string {
    return this.#name ?? (this.remote === null ? '' : proposeName(this.remote))
  }

  set name(text: string) {
    this.#name = text
  }

  chooseAccount(id: string): void {
    this.#account = id
    this.#chosen = true
    this.chooseRemote(null)
  }

  chooseRemote(path: string | null): void {
    if (path !== this.#remote) this.excludes = []
    this.#remote = path
    void this.look()
  }

  async pickLocal(): Promise<void> {
    const picked = await api().chooseFolder(this.local)
    if (picked === null) return
    this.#local = picked
    await this.look()
  }

  /** Asks the app what speaks against the two folders; an answer about older ones is dropped. */
  async look(): Promise<void> {
    const round = ++this.#round
    const { account, remote, local } = this
    this.check = null
    this.error = null
    if (account === '' || remote === null || local === null) return
    this.checking = true
    try {
      const check = await api().checkFolder(account, remote, local)
      if (round === this.#round) this.check = check
    } catch (error) {
      if (round === this.#round) this.error = words(error)
    }
    if (round === this.#round) this.checking = false
  }

  /** Whether the next step may come. */
  get ready(): boolean {
    return this.check !== null && this.check.problems.length === 0 && this.name.trim() !== ''
  }

  /** What the app is asked to make. */
  get workspace(): NewWorkspace {
    const remote = this.remote ?? ROOT
    return {
      account: this.account,
      remote,
      local: this.local ?? '',
      name: this.name.trim(),
      excludes: this.excludes.map((path) => below(remote, path)),
      on_conflict: 'ask',
      start_paused: this.startPaused,
    }
  }
}
