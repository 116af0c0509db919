/**
 * The looks in which screens are shown: theme, language, size of text.
 *
 * Rule: a look's name is the end of its pictures' names.
 */
import type { BrowserContextOptions } from 'playwright-core'

export interface Look {
  name: string
  /** Parameters of the address. */
  address: Record<string, string>
  /** The window's size, where the look asks for one of its own. */
  size?: { width: number; height: number }
  context?: BrowserContextOptions
}

export const base: Look = { name: 'light-en-100', address: { theme: 'light', lang: 'en' } }

/** What screens that matter most are also shown in. */
export const more: Look[] = [
  { name: 'dark-en-100', address: { theme: 'dark', lang: 'en' } },
  { name: 'light-de-100', address: { theme: 'light', lang: 'de' } },
  {
    name: 'light-en-200',
    address: { theme: 'light', lang: 'en', text: '200' },
    size: { width: 760, height: 520 },
  },
  { name: 'contrast-en-100', address: { theme: 'light', lang: 'en', contrast: 'more' } },
]

/** The system's own colours, as in Windows' high contrast. */
export const forced: Look = {
  name: 'forced-en-100',
  address: { theme: 'light', lang: 'en' },
  context: { forcedColors: 'active' },
}

/** Longer texts with accents; nothing may be cut off. */
export const pseudo: Look = { name: 'light-xa-100', address: { theme: 'light', lang: 'en-XA' } }

/** Sizes in which windows open. */
export const windows = {
  main: { width: 960, height: 680 },
  wizard: { width: 720, height: 600 },
  conflicts: { width: 1040, height: 700 },
} as const

export type WindowKind = keyof typeof windows
