/**
 * The wizard without its looks: which step is open, and what was entered so far.
 *
 * Rule: entries outlive Back and a closed window; only a finished setup is forgotten.
 */
import { mirror } from '../lib/mirror.svelte'
import type { Account, LinkDefaults, Workspace } from '../platform'
import { forget, opening, read, STEPS, write, type Step } from './draft'
import { FolderForm } from './folders.svelte'
import { LinkForm } from './link.svelte'
import { SignIn } from './signin.svelte'

export class Setup {
  step = $state<Step>('welcome')
  first = $state<Step>('welcome')
  /** The account that signs in again. */
  relink = $state<string | null>(null)
  /** An account that was linked in this run of the wizard. */
  linked = $state.raw<Account | null>(null)
  /** The sign-in was to an account that was there before. */
  already = $state.raw<Account | null>(null)
  workspace = $state.raw<Workspace | null>(null)
  link: LinkForm
  folders = $state.raw<FolderForm>() as FolderForm
  signIn: SignIn
  #storage: Storage
  #known: string[] = []

  constructor(defaults: LinkDefaults, storage: Storage, route: string) {
    this.#storage = storage
    const draft = read(storage)
    this.link = new LinkForm(defaults, draft?.link)
    this.folders = new FolderForm(draft?.folders)
    this.signIn = new SignIn(this.link, (account) => this.#arrived(account))
    this.open(route)
  }

  /** Goes where a route leads; entries stay. */
  open(route: string): void {
    const { step, first, relink } = opening(route, read(this.#storage), mirror.now)
    this.step = step
    this.first = first
    this.#known = mirror.now.accounts.map(({ id }) => id)
    this.already = null
    if (relink !== this.relink) this.linked = null
    this.relink = relink
    const account = relink === null ? undefined : mirror.account(relink)
    if (account) this.link.fill(account)
  }

  /** The account to sign in again to, as it is now. */
  get relinked(): Account | null {
    return this.relink === null ? null : (mirror.account(this.relink) ?? null)
  }

  #arrived(account: Account): void {
    this.link.secretSaved = this.link.own.client_secret !== ''
    this.link.own.client_secret = ''
    if (this.relink === account.id) {
      this.linked = account
      return
    }
    if (this.#known.includes(account.id)) {
      this.already = account
      return
    }
    this.#known = [...this.#known, account.id]
    this.already = null
    this.relink = null
    this.linked = account
    this.folders.chooseAccount(account.id)
    this.step = 'folders'
  }

  /** Signs in again to an account that is linked already. */
  signInAgain(account: Account): void {
    this.already = null
    this.linked = null
    this.relink = account.id
    this.link.fill(account)
  }

  next(): void {
    this.step = STEPS[STEPS.indexOf(this.step) + 1] ?? this.step
  }

  back(): void {
    this.step = STEPS[STEPS.indexOf(this.step) - 1] ?? this.step
  }

  /** The app made the workspace. */
  started(workspace: Workspace): void {
    this.workspace = workspace
    this.step = 'started'
    this.folders = new FolderForm()
    forget(this.#storage)
  }

  /** Writes down what was entered. Signing in again to an account leaves nothing behind. */
  remember(): void {
    if (this.step === 'started' || this.relink !== null) return
    write(this.#storage, { step: this.step, link: this.link.entries, folders: this.folders.entries })
  }
}
