/**
 * Texts in the language of the person. `t` follows the language setting: a text in a template changes
 * with it, without a reload.
 *
 * Rule: no text is put together from pieces; what varies is an argument of an ICU message.
 */
import { english, german, type Key } from './catalogue'
import { format, type Args } from './message'
import { pseudo } from './pseudo'

export { isKey, type Key } from './catalogue'
export type { Args } from './message'

export type Locale = 'en' | 'de' | 'en-XA'

const CATALOGUES: Record<Locale, Record<Key, string>> = { en: english, de: german, 'en-XA': english }

/** Formats of numbers and dates; English as most of Europe writes it, with a clock of 24 hours. */
const INTL_TAGS: Record<Locale, string> = { en: 'en-GB', de: 'de-DE', 'en-XA': 'en-GB' }

class Language {
  locale = $state<Locale>('en')

  /** The tag for `Intl`. */
  get tag(): string {
    return INTL_TAGS[this.locale]
  }
}

export const language = new Language()

/** The language of the setting; `system` is the first one of the computer that we speak. */
export function resolveLocale(setting: string, system: readonly string[]): Locale {
  if (setting === 'en' || setting === 'de' || setting === 'en-XA') return setting
  for (const tag of system) {
    if (tag.startsWith('de')) return 'de'
    if (tag.startsWith('en')) return 'en'
  }
  return 'en'
}

/** The text of a key in the present language. */
export function t(key: Key, args?: Args): string {
  const { locale, tag } = language
  const text = format(tag, CATALOGUES[locale][key], args)
  return locale === 'en-XA' ? pseudo(text) : text
}
