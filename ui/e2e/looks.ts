/**
 * The looks in which screens are shown: theme, language, size of text and of the window, and what is checked
 * in each.
 *
 * Rule: a look's name is the end of its pictures' names; a look without a picture is only measured.
 */

export interface Size {
  width: number
  height: number
}

export interface Look {
  name: string
  /** Parameters of the address; each look names all of them, as one window shows one look after the other. */
  address: { theme: 'light' | 'dark'; lang: string; contrast: 'system' | 'more'; text: string }
  /** The window's size, where the look asks for one of its own. */
  size?: Size
  /** The system's own colours replace ours, as in Windows' high contrast. */
  forced?: true
  picture: boolean
  /** What axe-core is asked: everything, what colours can change, what they cannot, or nothing. */
  axe: 'all' | 'colours' | 'structure' | 'none'
  /** Nothing may have to be scrolled sideways. */
  upright?: true
}

const english = { theme: 'light', lang: 'en', contrast: 'system', text: '100' } as const

export const base: Look = { name: 'light-en-100', address: english, picture: true, axe: 'all' }

/** What screens that matter most are also shown in; the elements are the same, so only colours are asked. */
export const dark: Look = {
  name: 'dark-en-100',
  address: { ...english, theme: 'dark' },
  picture: true,
  axe: 'colours',
}

export const contrast: Look = {
  name: 'contrast-en-100',
  address: { ...english, contrast: 'more' },
  picture: true,
  axe: 'colours',
}

/** Text twice as large in the smallest window; the layout is another one, the colours are the same. */
export const large: Look = {
  name: 'light-en-200',
  address: { ...english, text: '200' },
  size: { width: 760, height: 520 },
  picture: true,
  axe: 'structure',
  upright: true,
}

export const german: Look = {
  name: 'light-de-100',
  address: { ...english, lang: 'de' },
  picture: true,
  axe: 'structure',
}

/** Contrast is the system's matter here. */
export const forced: Look = {
  name: 'forced-en-100',
  address: english,
  forced: true,
  picture: true,
  axe: 'none',
}

/** Longer texts with accents. */
export const pseudo: Look = {
  name: 'light-xa-100',
  address: { ...english, lang: 'en-XA' },
  picture: false,
  axe: 'none',
}

/** The narrowest window that content has to fit into, in CSS pixels. */
export const narrow: Look = {
  name: '320 pixels wide',
  address: english,
  size: { width: 320, height: 640 },
  picture: false,
  axe: 'none',
  upright: true,
}

/** Sizes in which windows open. */
export const windows = {
  main: { width: 960, height: 680 },
  wizard: { width: 720, height: 600 },
  conflicts: { width: 1040, height: 700 },
} as const

export type WindowKind = keyof typeof windows
