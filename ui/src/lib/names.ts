/**
 * Names of files and folders as they are shown. The name on disk is never changed here.
 *
 * Rule: a name is somebody else's text: it is isolated from the writing direction around it, and what
 * cannot be seen is made visible.
 */

/** Control characters, direction overrides, and halves of characters: none of them may act on the page. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** A name with everything invisible replaced by �. */
export function visible(name: string): string {
  return name.toWellFormed().replace(INVISIBLE, '\ufffd')
}

/** A name for use inside a sentence, where no `<bdi>` can stand. */
export function isolated(name: string): string {
  return `\u2068${visible(name)}\u2069`
}

/** Last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Everything before the last part, without a slash at the end; empty at the top. */
export function folderOf(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut <= 0 ? '' : path.slice(0, cut)
}

/** A path as steps: "Projects › Reports". */
export function steps(...parts: string[]): string {
  return parts
    .flatMap((part) => part.split(/[/\\]/))
    .filter((part) => part !== '')
    .map(visible)
    .join(' › ')
}

/** A folder on this computer, from "Home" where it lies in it. */
export function localPlace(path: string, home: string, homeWord: string): string {
  if (home !== '' && (path === home || path.startsWith(`${home}/`) || path.startsWith(`${home}\\`))) {
    return steps(homeWord, path.slice(home.length))
  }
  return visible(path)
}

/** A folder on Dropbox: "Dropbox › Projects". */
export function remotePlace(path: string): string {
  return steps('Dropbox', path)
}

/** A tail grows at most this far to begin at a word. */
const WORD_REACH = 8

/** Names up to this length are not split: they would not get shorter. */
const SHORT = 16

/** Splits a name for shortening in the middle: the end, with the ending, always stays. */
export function middle(name: string): { start: string; end: string } {
  const shown = [...visible(name)]
  if (shown.length <= SHORT) return { start: shown.join(''), end: '' }
  const dot = shown.lastIndexOf('.')
  const ending = dot > 0 && shown.length - dot <= 8 ? shown.length - dot : 0
  const keep = Math.min(Math.max(ending + 4, 6), Math.floor(shown.length / 2))
  const cut = wordStart(shown, shown.length - keep)
  return { start: shown.slice(0, cut).join(''), end: shown.slice(cut).join('') }
}

/** The beginning of the word at this place, when it is near and not in the first half. */
function wordStart(shown: readonly string[], cut: number): number {
  const space = shown.lastIndexOf(' ', cut)
  return space >= 0 && cut - space <= WORD_REACH && space > shown.length / 2 ? space + 1 : cut
}
