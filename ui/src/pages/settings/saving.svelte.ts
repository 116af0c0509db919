/**
 * Saves one setting at a time, the moment it is changed, and says so beside it.
 *
 * A page asks `now` for what to show: a change that is on its way already counts, so that a control which
 * could not be saved goes back by itself.
 *
 * Rule: each change that was saved can be taken back once, with Ctrl+Z.
 */
import { t } from '../../i18n/index.svelte'
import { preferences } from '../../lib/preferences.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Settings } from '../../platform'

/** How long "Saved" stays. */
const STAY_MS = 2000

type Outcome = 'saved' | 'undone'

/** What a setting is kept in the settings as; several when one control changes them together. */
type Patch = Partial<Settings>

/** The settings that a patch changes, as they are now. */
function before(patch: Patch): Patch {
  const keys = Object.keys(patch) as (keyof Settings)[]
  return Object.fromEntries(keys.map((key) => [key, preferences.now[key]]))
}

export class Saving {
  #draft = $state.raw<Patch>({})
  #last = $state.raw<{ row: string; outcome: Outcome } | null>(null)
  #errors = $state.raw<Record<string, string>>({})
  #timer: ReturnType<typeof setTimeout> | null = null

  /** The settings, with the change that is being saved. */
  get now(): Settings {
    return { ...preferences.now, ...this.#draft }
  }

  /** What just happened to the setting of this row. */
  outcome(row: string): Outcome | null {
    return this.#last?.row === row ? this.#last.outcome : null
  }

  /** What is read out. */
  get announcement(): string {
    return this.#last ? t(`settings.${this.#last.outcome}`) : ''
  }

  /** Why the last change of this row was not saved. */
  error(row: string): string | null {
    return this.#errors[row] ?? null
  }

  /** Saves a change; what it replaced can be had back with Ctrl+Z. */
  async save(row: string, patch: Patch, proxyPassword: string | null = null): Promise<boolean> {
    const old = before(patch)
    if (!(await this.#send(row, patch, proxyPassword, 'saved'))) return false
    toasts.remember(t('settings.saved'), async () => void (await this.#send(row, old, null, 'undone')))
    return true
  }

  async #send(row: string, patch: Patch, password: string | null, outcome: Outcome): Promise<boolean> {
    this.#draft = { ...this.#draft, ...patch }
    this.#errors = { ...this.#errors, [row]: '' }
    try {
      await preferences.set(patch, password)
      this.#show(row, outcome)
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#errors = { ...this.#errors, [row]: t('settings.not_saved', { reason }) }
      return false
    } finally {
      const rest = { ...this.#draft }
      for (const key of Object.keys(patch) as (keyof Settings)[]) delete rest[key]
      this.#draft = rest
    }
  }

  #show(row: string, outcome: Outcome): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#last = { row, outcome }
    this.#timer = setTimeout(() => (this.#last = null), STAY_MS)
  }
}
