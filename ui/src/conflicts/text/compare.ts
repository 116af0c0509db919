/**
 * Where two lists of lines differ.
 *
 * The comparison itself is Myers' algorithm of the `diff` library. node-diff3 takes minutes for 20,000 lines
 * of which a third are blank; here, lines that only one side has are left out before, because they cannot be
 * part of what both have in common.
 *
 * Rule: the same input gives the same answer on every machine: effort is limited by steps, not by time.
 */
import { diffArrays } from 'diff'

/** Lines `[a, aEnd)` of one text stand where the other has `[b, bEnd)`; one of them may be empty. */
export interface Hunk {
  a: number
  aEnd: number
  b: number
  bEnd: number
}

/** Beyond this many single changes the rest counts as changed altogether. */
const MOST_EDITS = 1500

type Pair = [a: number, b: number]

/** All differences, in order, none touching the next. */
export function hunks(a: readonly string[], b: readonly string[]): Hunk[] {
  const start = commonStart(a, b)
  const end = commonEnd(a, b, start)
  const pairs = common(a, b, start, a.length - end, b.length - end)
  return gaps([...pairs, [a.length - end, b.length - end]], start)
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length)
  let at = 0
  while (at < most && a[at] === b[at]) at += 1
  return at
}

function commonEnd(a: readonly string[], b: readonly string[], start: number): number {
  const most = Math.min(a.length, b.length) - start
  let count = 0
  while (count < most && a[a.length - 1 - count] === b[b.length - 1 - count]) count += 1
  return count
}

/** Indices of `[from, to)` whose line the other side has too. */
function shared(lines: readonly string[], from: number, to: number, other: ReadonlySet<string>): number[] {
  const found: number[] = []
  for (let index = from; index < to; index += 1) if (other.has(lines[index]!)) found.push(index)
  return found
}

/** Pairs of equal lines between `start` and the two ends, rising on both sides. */
function common(
  a: readonly string[],
  b: readonly string[],
  start: number,
  aEnd: number,
  bEnd: number,
): Pair[] {
  const inA = shared(a, start, aEnd, new Set(b.slice(start, bEnd)))
  const inB = shared(b, start, bEnd, new Set(a.slice(start, aEnd)))
  if (inA.length === 0 || inB.length === 0) return []
  const changes = diffArrays(
    inA.map((index) => a[index]!),
    inB.map((index) => b[index]!),
    { maxEditLength: MOST_EDITS },
  )
  const pairs: Pair[] = []
  let i = 0
  let j = 0
  for (const { added, removed, count } of changes ?? []) {
    if (!added && !removed) {
      for (let step = 0; step < count; step += 1) pairs.push([inA[i + step]!, inB[j + step]!])
    }
    if (!added) i += count
    if (!removed) j += count
  }
  return pairs
}

/** What lies between pairs of equal lines. The last pair marks the end. */
function gaps(pairs: readonly Pair[], start: number): Hunk[] {
  const found: Hunk[] = []
  let a = start
  let b = start
  for (const [nextA, nextB] of pairs) {
    if (nextA > a || nextB > b) found.push({ a, aEnd: nextA, b, bEnd: nextB })
    a = nextA + 1
    b = nextB + 1
  }
  return found
}

/** How many lines of `to` are new, and how many of `from` are gone. */
export function countLines(
  from: readonly string[],
  to: readonly string[],
): { added: number; removed: number } {
  const all = hunks(from, to)
  return {
    added: all.reduce((sum, hunk) => sum + hunk.bEnd - hunk.b, 0),
    removed: all.reduce((sum, hunk) => sum + hunk.aEnd - hunk.a, 0),
  }
}
