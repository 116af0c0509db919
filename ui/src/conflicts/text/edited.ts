/**
 * What a person typed into the whole result, with the line endings that a text field cannot hold.
 *
 * Rule: a line that was not touched keeps the end it had.
 */
import { hunks } from './compare'
import { contentOf, endOf, splitLines } from './lines'

/** The end that most lines of a text have. */
function usualEnd(lines: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const end = endOf(line)
    if (end !== '') counts.set(end, (counts.get(end) ?? 0) + 1)
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? '\n'
}

/** The typed text, whose only ending is `\n`, with the endings of the original put back. */
export function withEndings(typed: string, original: string): string {
  const before = splitLines(original)
  const after = splitLines(typed)
  const usual = usualEnd(before)
  const ends = after.map((line) => (endOf(line) === '' ? '' : usual))
  let from = 0
  const keep = (count: number, at: number): void => {
    for (let step = 0; step < count; step += 1) {
      const end = endOf(before[from + step] ?? '')
      if (ends[at + step] !== '' && end !== '') ends[at + step] = end
    }
  }
  let at = 0
  for (const hunk of hunks(before.map(contentOf), after.map(contentOf))) {
    keep(hunk.a - from, at)
    ;[from, at] = [hunk.aEnd, hunk.bEnd]
  }
  keep(before.length - from, at)
  return after.map((line, index) => contentOf(line) + (ends[index] ?? '')).join('')
}
