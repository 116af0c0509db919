/**
 * Saves one setting of one workspace the moment it is changed, says so beside it, and can take it back.
 *
 * Rule: the app answers with a new picture; until then the change on its way is shown.
 */
import { t } from '../../i18n/index.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { api, type Workspace, type WorkspaceEdit } from '../../platform'

/** How long "Saved" stays. */
const STAY_MS = 2000

export type Field = keyof WorkspaceEdit
type Outcome = 'saved' | 'undone'

export class Editing {
  #draft = $state.raw<WorkspaceEdit>({})
  #last = $state.raw<{ field: Field; outcome: Outcome } | null>(null)
  #errors = $state.raw<Partial<Record<Field, string>>>({})
  #timer: ReturnType<typeof setTimeout> | null = null
  #workspace: () => Workspace

  constructor(workspace: () => Workspace) {
    this.#workspace = workspace
  }

  /** The workspace with the change that is being saved. */
  get now(): Workspace {
    return { ...this.#workspace(), ...this.#draft }
  }

  outcome(field: Field): Outcome | null {
    return this.#last?.field === field ? this.#last.outcome : null
  }

  error(field: Field): string | null {
    return this.#errors[field] ?? null
  }

  /** What is read out. */
  get announcement(): string {
    return this.#last ? t(`settings.${this.#last.outcome}`) : ''
  }

  /** Says what is wrong with an entry, without sending it. */
  refuse(field: Field, reason: string | null): void {
    this.#errors = { ...this.#errors, [field]: reason ?? undefined }
  }

  /** Sends one change; Ctrl+Z takes it back. */
  async save<F extends Field>(field: F, value: NonNullable<WorkspaceEdit[F]>): Promise<void> {
    const before = this.#workspace()[field]
    if (before === value) return this.refuse(field, null)
    if (!(await this.#send(field, { [field]: value }, 'saved'))) return
    toasts.remember(t('settings.saved'), async () => {
      await this.#send(field, { [field]: before }, 'undone')
    })
  }

  async #send(field: Field, edit: WorkspaceEdit, outcome: Outcome): Promise<boolean> {
    this.#draft = edit
    this.refuse(field, null)
    try {
      await api().workspaceEdit(this.#workspace().id, edit)
      this.#show(field, outcome)
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.refuse(field, t('settings.not_saved', { reason }))
      return false
    } finally {
      this.#draft = {}
    }
  }

  #show(field: Field, outcome: Outcome): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#last = { field, outcome }
    this.#timer = setTimeout(() => (this.#last = null), STAY_MS)
  }
}
