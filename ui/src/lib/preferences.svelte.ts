/**
 * The settings as the windows see them, and how they look: theme, contrast, text size, language.
 *
 * Rule: the app owns the settings; a change is sent there and the answer is shown.
 */
import { language, resolveLocale } from '../i18n/index.svelte'
import { api } from '../platform'
import type { Settings } from '../platform'
import { layout } from './layout.svelte'

class Preferences {
  #settings = $state.raw<Settings | null>(null)
  #dark: MediaQueryList | null = null
  #contrast: MediaQueryList | null = null

  /** The settings; to be read only after [`start`]. */
  get now(): Settings {
    if (!this.#settings) throw new Error('settings are not read yet')
    return this.#settings
  }

  /** Reads the settings, shows them, and follows them and the computer's look. */
  async start(): Promise<void> {
    this.#dark = matchMedia('(prefers-color-scheme: dark)')
    this.#contrast = matchMedia('(prefers-contrast: more)')
    this.#dark.addEventListener('change', () => this.#show())
    this.#contrast.addEventListener('change', () => this.#show())
    api().on('changed', ({ what }) => {
      if (what === 'settings') void this.reload()
    })
    await this.reload()
  }

  async reload(): Promise<void> {
    this.#settings = await api().settings()
    this.#show()
  }

  /** Changes some settings; answers with those before, to take the change back. */
  async set(patch: Partial<Settings>, proxyPassword: string | null = null): Promise<Settings> {
    const before = this.now
    this.#settings = await api().settingsSet(patch, proxyPassword)
    this.#show()
    return before
  }

  #show(): void {
    const { theme, contrast, text_size, language: setting } = this.now
    const root = document.documentElement
    root.dataset.theme = theme === 'system' ? (this.#dark?.matches ? 'dark' : 'light') : theme
    if (contrast === 'more' || this.#contrast?.matches) root.dataset.contrast = 'more'
    else delete root.dataset.contrast
    layout.scale(text_size)
    language.locale = resolveLocale(setting, navigator.languages)
    root.lang = language.locale === 'en-XA' ? 'en' : language.locale
  }
}

export const preferences = new Preferences()
