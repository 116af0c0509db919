/**
 * Three versions of a text become one: what only one side changed is taken, what both changed is decided by
 * a person.
 *
 * Deliberately without a rule of its own for overlaps: there is no default, and nothing is chosen for a
 * person.
 *
 * Rule: the regions cover each of the three versions completely and in order, so no line can be lost between
 * them; there is no text as long as one overlap is undecided.
 */
import { hunks, type Hunk } from './compare'
import {
  comparable,
  contentOf,
  joinLines,
  lineEnding,
  mergedEnding,
  splitLines,
  type LineEnding,
} from './lines'
import { areRelated } from './words'

/** Lines `[from, to)`. */
export interface Span {
  from: number
  to: number
}

/** Who changed a region: nobody, one side, both alike, or both differently. */
export type RegionKind = 'same' | 'local' | 'remote' | 'agreed' | 'overlap'

export interface Region {
  kind: RegionKind
  local: Span
  base: Span
  remote: Span
}

export interface Merge {
  local: string[]
  base: string[]
  remote: string[]
  regions: Region[]
  /** Indices of the regions that need a decision. */
  overlaps: number[]
  /** How the lines of the result end; `mixed` when each keeps its own. */
  ending: LineEnding
}

/** What a person decided for one overlap. Hand-written text has `\n` as its only ending. */
export type Decision = { take: 'local' | 'remote' | 'both' } | { take: 'edit'; text: string }

/** Decisions by the index of their region. */
export type Decisions = ReadonlyMap<number, Decision>

/** Compares three versions. */
export function merge(local: string, base: string, remote: string): Merge {
  const ending = mergedEnding(lineEnding(local), lineEnding(base), lineEnding(remote))
  const prepared = comparable([local, base, remote], ending)
  const [here = [], before = [], there = []] = prepared.lines
  const lines = { local: here, base: before, remote: there }
  const regions = covering(lines).flatMap((region) => split(region, lines))
  const overlaps = regions.flatMap(({ kind }, index) => (kind === 'overlap' ? [index] : []))
  return { ...lines, regions, overlaps, ending: prepared.ending }
}

type Lines = Pick<Merge, 'local' | 'base' | 'remote'>

/** Unchanged and changed regions in turn. */
function covering(lines: Lines): Region[] {
  const local = hunks(lines.base, lines.local)
  const remote = hunks(lines.base, lines.remote)
  const regions: Region[] = []
  let [base, here, there, i, j] = [0, 0, 0, 0, 0]
  /** Adds a region that ends at these places. */
  const upTo = (kind: RegionKind, baseEnd: number, hereEnd: number, thereEnd: number): void => {
    if (baseEnd === base && hereEnd === here && thereEnd === there) return
    regions.push({
      kind,
      local: { from: here, to: hereEnd },
      base: { from: base, to: baseEnd },
      remote: { from: there, to: thereEnd },
    })
    ;[base, here, there] = [baseEnd, hereEnd, thereEnd]
  }
  while (i < local.length || j < remote.length) {
    const start = Math.min(local[i]?.a ?? Infinity, remote[j]?.a ?? Infinity)
    upTo('same', start, here + start - base, there + start - base)
    const [firstI, firstJ] = [i, j]
    let end = start
    // Hunks that share a line, or stand at one place, are one region; the end grows as they join.
    for (let grew = true; grew;) {
      grew = false
      for (; joins(local[i], start, end); i += 1) [end, grew] = [Math.max(end, local[i]!.aEnd), true]
      for (; joins(remote[j], start, end); j += 1) [end, grew] = [Math.max(end, remote[j]!.aEnd), true]
    }
    const hereEnd = here + end - start + growth(local.slice(firstI, i))
    const thereEnd = there + end - start + growth(remote.slice(firstJ, j))
    const kind = i === firstI ? 'remote' : j === firstJ ? 'local' : 'overlap'
    upTo(kind, end, hereEnd, thereEnd)
  }
  const rest = lines.base.length - base
  upTo('same', base + rest, here + rest, there + rest)
  return regions
}

/** Whether a hunk belongs to the region `[start, end]`. Touching counts: the order would be a guess. */
function joins(hunk: Hunk | undefined, start: number, end: number): boolean {
  return hunk !== undefined && (hunk.a <= end || hunk.a === start)
}

/** How many lines longer these hunks make a text. */
function growth(changes: readonly Hunk[]): number {
  return changes.reduce((sum, { a, aEnd, b, bEnd }) => sum + (bEnd - b) - (aEnd - a), 0)
}

/** Takes an overlap apart line by line where every line can be told; otherwise it stays whole. */
function split(region: Region, lines: Lines): Region[] {
  if (region.kind !== 'overlap') return [region]
  const here = lines.local.slice(region.local.from, region.local.to)
  const there = lines.remote.slice(region.remote.from, region.remote.to)
  if (here.length === there.length && here.every((line, index) => line === there[index])) {
    return [{ ...region, kind: 'agreed' }]
  }
  const before = lines.base.slice(region.base.from, region.base.to)
  if (here.length !== before.length || there.length !== before.length) return [region]
  const kinds = before.map((line, index) => kindOfLine(here[index]!, line, there[index]!))
  if (kinds.includes(null)) return [region]
  return runs(region, kinds as RegionKind[])
}

/** Who changed one line; null when it cannot be said which line became which. */
function kindOfLine(here: string, before: string, there: string): RegionKind | null {
  if (here === there) return here === before ? 'same' : 'agreed'
  if (here !== before && there !== before) return 'overlap'
  const changed = here === before ? there : here
  if (!areRelated(contentOf(before), contentOf(changed))) return null
  return here === before ? 'remote' : 'local'
}

/** Neighbouring lines of one kind as regions. */
function runs(region: Region, kinds: readonly RegionKind[]): Region[] {
  const found: Region[] = []
  for (const [index, kind] of kinds.entries()) {
    const last = found.at(-1)
    if (last?.kind === kind) {
      for (const span of [last.local, last.base, last.remote]) span.to += 1
    } else {
      const at = (span: Span): Span => ({ from: span.from + index, to: span.from + index + 1 })
      found.push({ kind, local: at(region.local), base: at(region.base), remote: at(region.remote) })
    }
  }
  return found
}

/** The lines that a region gives to the result; null while it is not decided. */
export function resultOf(merged: Merge, index: number, decision: Decision | undefined): string[] | null {
  const region = merged.regions[index]
  if (!region) return []
  const here = merged.local.slice(region.local.from, region.local.to)
  const there = merged.remote.slice(region.remote.from, region.remote.to)
  if (region.kind === 'remote') return there
  if (region.kind !== 'overlap') return here
  if (!decision) return null
  switch (decision.take) {
    case 'local':
      return here
    case 'remote':
      return there
    case 'both':
      return [...here, ...there]
    case 'edit':
      return splitLines(decision.text)
  }
}

/** How many overlaps are decided. */
export function decided(merged: Merge, decisions: Decisions): number {
  return merged.overlaps.filter((index) => decisions.has(index)).length
}

/** The text that would be saved, to the last character; null while something is undecided. */
export function compose(merged: Merge, decisions: Decisions): string | null {
  const lines: string[] = []
  for (const index of merged.regions.keys()) {
    const part = resultOf(merged, index, decisions.get(index))
    if (part === null) return null
    for (const line of part) lines.push(line)
  }
  return joinLines(lines, merged.ending)
}

/**
 * Whether nobody needs to look: no overlap, and no two changes of different sides side by side, which may
 * contradict each other without sharing a line.
 */
export function isClear(merged: Merge): boolean {
  return (
    merged.overlaps.length === 0 &&
    merged.regions.every(
      ({ kind }, index) => kind === 'same' || (merged.regions[index + 1]?.kind ?? 'same') === 'same',
    )
  )
}

/** The text that needs nobody to look at it; null when somebody should. */
export function mergedByItself(local: string, base: string, remote: string): string | null {
  const merged = merge(local, base, remote)
  return isClear(merged) ? compose(merged, new Map()) : null
}
