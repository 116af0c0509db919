/**
 * Texts as lines that keep their ends, so that joining them gives the very same text again.
 *
 * Versions whose lines all end alike are compared with `\n`, and the result gets its own ending back.
 * Where one version mixes endings nothing is converted: an ending is then as much content as a letter.
 *
 * Rule: `splitLines(text).join('') === text`, for every text.
 */
import { visible } from '../../lib/names'

export type LineEnding = 'lf' | 'crlf' | 'cr' | 'mixed' | 'none'

const ENDS: Record<'lf' | 'crlf' | 'cr', string> = { lf: '\n', crlf: '\r\n', cr: '\r' }
const END = /\r\n|\n|\r/

/** Lines with their ends; the last one has none when the text does not end with one. */
export function splitLines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
}

/** What ends a line: `\n`, `\r\n`, `\r` or nothing. */
export function endOf(line: string): string {
  return END.exec(line)?.[0] ?? ''
}

/** A line without its end. */
export function contentOf(line: string): string {
  const end = endOf(line)
  return end === '' ? line : line.slice(0, -end.length)
}

/** How the lines of a text end. */
export function lineEnding(text: string): LineEnding {
  const crlf = text.split('\r\n').length - 1
  const lf = text.split('\n').length - 1 - crlf
  const cr = text.split('\r').length - 1 - crlf
  const kinds = [crlf > 0, lf > 0, cr > 0].filter(Boolean).length
  if (kinds === 0) return 'none'
  if (kinds > 1) return 'mixed'
  return crlf > 0 ? 'crlf' : lf > 0 ? 'lf' : 'cr'
}

/** The ending that new lines get in a text with this one. */
function usable(ending: LineEnding): 'lf' | 'crlf' | 'cr' | null {
  return ending === 'mixed' || ending === 'none' ? null : ending
}

/** Several versions made comparable, and how to write a result down. */
export interface Comparable {
  lines: string[][]
  /** Ending of the result; `mixed` when every line keeps the one it has. */
  ending: LineEnding
}

/** Prepares versions for comparison; the first that ends its lines decides, unless `ending` says more. */
export function comparable(texts: readonly string[], ending?: LineEnding): Comparable {
  const endings = texts.map(lineEnding)
  if (endings.includes('mixed')) return { lines: texts.map(splitLines), ending: 'mixed' }
  const found = ending ?? endings.find((one) => one !== 'none') ?? 'none'
  return { lines: texts.map((text) => splitLines(text.replace(/\r\n?/g, '\n'))), ending: found }
}

/** The ending of a merge: a side that changed it wins, this computer's if both did. */
export function mergedEnding(local: LineEnding, base: LineEnding, remote: LineEnding): LineEnding {
  if (local === 'none') return remote === 'none' ? base : remote
  return local === base && remote !== 'none' ? remote : local
}

/** Puts lines together; one that was last in its version gets an end when another follows it. */
export function joinLines(lines: readonly string[], ending: LineEnding): string {
  const fallback = usable(ending) ?? 'lf'
  const missing = ending === 'mixed' || ending === 'none' ? ENDS[fallback] : '\n'
  const whole = lines
    .map((line, index) => (index < lines.length - 1 && endOf(line) === '' ? line + missing : line))
    .join('')
  return ending === 'mixed' || ending === 'none' ? whole : whole.replaceAll('\n', ENDS[fallback])
}

/** A line as it is shown: without its end, nothing invisible in it but tabs. */
export function shownLine(line: string): string {
  return contentOf(line).split('\t').map(visible).join('\t')
}
