/**
 * The rows of a comparison of two texts: side by side or one below the other, unchanged parts folded.
 *
 * Rows hold line numbers, not text, so that 20,000 of them cost little.
 *
 * Rule: every line of both texts is in exactly one row or in exactly one fold.
 */
import { hunks, type Hunk } from './compare'
import { similarity } from './words'

/** A row beside another: indices of the lines, null where a side has none. */
export interface LineRow {
  kind: 'line'
  a: number | null
  b: number | null
  changed: boolean
  /** Which difference it belongs to. */
  hunk: number | null
  /** Line of the other side that the words are compared with, for rows that show one side only. */
  against: number | null
}

/** Unchanged lines that are not shown. */
export interface FoldRow {
  kind: 'fold'
  /** First hidden line on the left; names the fold. */
  a: number
  count: number
}

export type DiffRow = LineRow | FoldRow

export interface RowOptions {
  /** Folds that were opened. */
  opened: ReadonlySet<number>
  layout: 'beside' | 'inline'
  /** Unchanged lines shown around a difference; `Infinity` folds nothing. */
  context?: number
}

const CONTEXT = 2
/** Shorter parts are not worth a fold. */
const SHORTEST_FOLD = 3
/** Larger blocks are put beside each other in order. */
const MOST_PAIRS = 2500

/** Rows of a comparison. */
export function diffRows(a: readonly string[], b: readonly string[], options: RowOptions): DiffRow[] {
  const rows: DiffRow[] = []
  let [atA, atB] = [0, 0]
  const all = hunks(a, b)
  for (const [index, hunk] of all.entries()) {
    rows.push(...unchanged(atA, atB, hunk.a - atA, options, { before: index > 0, after: true }))
    rows.push(...changed(a, b, hunk, index, options.layout))
    ;[atA, atB] = [hunk.aEnd, hunk.bEnd]
  }
  rows.push(...unchanged(atA, atB, a.length - atA, options, { before: all.length > 0, after: false }))
  return rows
}

/** How many lines at the ends of an unchanged part are shown, and which part is folded. */
export function foldOf(
  count: number,
  near: { before: boolean; after: boolean },
  context = CONTEXT,
): { head: number; hidden: number } {
  const head = near.before ? Math.min(context, count) : 0
  const tail = near.after ? Math.min(context, count - head) : 0
  const hidden = count - head - tail
  // A text without any difference is shown as it is.
  return hidden < SHORTEST_FOLD || (!near.before && !near.after)
    ? { head: count, hidden: 0 }
    : { head, hidden }
}

function unchanged(
  a: number,
  b: number,
  count: number,
  options: RowOptions,
  near: { before: boolean; after: boolean },
): DiffRow[] {
  const { head, hidden } = foldOf(count, near, options.context)
  const fold: FoldRow = { kind: 'fold', a: a + head, count: hidden }
  const rows: DiffRow[] = []
  for (let step = 0; step < count; step += 1) {
    const isHidden = step >= head && step < head + hidden && !options.opened.has(fold.a)
    if (isHidden) {
      rows.push(fold)
      step = head + hidden - 1
    } else {
      rows.push({ kind: 'line', a: a + step, b: b + step, changed: false, hunk: null, against: null })
    }
  }
  return rows
}

function changed(
  a: readonly string[],
  b: readonly string[],
  hunk: Hunk,
  index: number,
  layout: RowOptions['layout'],
): LineRow[] {
  const pairs = pair(a.slice(hunk.a, hunk.aEnd), b.slice(hunk.b, hunk.bEnd)).map(
    ([left, right]) =>
      [left === null ? null : hunk.a + left, right === null ? null : hunk.b + right] as const,
  )
  const row = (left: number | null, right: number | null, against: number | null): LineRow => ({
    kind: 'line',
    a: left,
    b: right,
    changed: true,
    hunk: index,
    against,
  })
  if (layout === 'beside') return pairs.map(([left, right]) => row(left, right, null))
  return [
    ...pairs.flatMap(([left, right]) => (right === null ? [] : [row(null, right, left)])),
    ...pairs.flatMap(([left, right]) => (left === null ? [] : [row(left, null, right)])),
  ]
}

type Pair = readonly [number | null, number | null]

/** Puts lines of a changed block beside each other: in order, or by what they share when one side has more. */
export function pair(a: readonly string[], b: readonly string[]): Pair[] {
  if (a.length === b.length || a.length === 0 || b.length === 0 || a.length * b.length > MOST_PAIRS) {
    const rows = Math.max(a.length, b.length)
    return Array.from({ length: rows }, (_, index) => [
      index < a.length ? index : null,
      index < b.length ? index : null,
    ])
  }
  return walk(scores(a, b), a.length, b.length)
}

/** Best sum of similarities for what follows line `i` of one and `j` of the other side. */
function scores(a: readonly string[], b: readonly string[]): number[][] {
  const best = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const both = best[i + 1]![j + 1]! + similarity(a[i]!, b[j]!)
      best[i]![j] = Math.max(both, best[i + 1]![j]!, best[i]![j + 1]!)
    }
  }
  return best
}

function walk(best: number[][], rowsA: number, rowsB: number): Pair[] {
  const found: Pair[] = []
  let [i, j] = [0, 0]
  while (i < rowsA || j < rowsB) {
    const here = best[i]?.[j] ?? 0
    if (j >= rowsB || (i < rowsA && best[i + 1]![j]! === here)) found.push([i++, null])
    else if (i >= rowsA || best[i]![j + 1]! === here) found.push([null, j++])
    else found.push([i++, j++])
  }
  return found
}
