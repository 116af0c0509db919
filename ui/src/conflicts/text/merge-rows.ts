/**
 * The rows of the merge: this computer, result and Dropbox, level with each other.
 *
 * Rule: what stands in the result column is what would be saved; an open overlap shows that it is open.
 */
import { resultOf, type Decisions, type Merge, type Region, type RegionKind, type Span } from './merge'
import { foldOf } from './rows'

/** One line in one column. */
export interface Cell {
  /** Counted from 1. */
  number: number
  text: string
  /** The line whose words it is compared with. */
  against: string | null
}

export type MergeRow =
  | { kind: 'fold'; id: number; count: number }
  | { kind: 'decide'; region: number }
  | { kind: 'base'; region: number; lines: string[]; first: number }
  | { kind: 'edit'; region: number; local: Cell[]; remote: Cell[] }
  | LinesRow

export interface LinesRow {
  kind: 'lines'
  region: number
  change: RegionKind
  local: Cell | null
  /** `open` for the line that says that nothing is decided. */
  result: Cell | null | 'open'
  remote: Cell | null
}

export interface MergeRowOptions {
  opened: ReadonlySet<number>
  /** The common version is shown above each change. */
  showBase: boolean
  /** The overlap that is edited by hand. */
  editing: number | null
}

/** Rows of a merge with the decisions so far. */
export function mergeRows(merged: Merge, decisions: Decisions, options: MergeRowOptions): MergeRow[] {
  const rows: MergeRow[] = []
  let number = 1
  for (const [index, region] of merged.regions.entries()) {
    const result = resultOf(merged, index, decisions.get(index))
    if (region.kind === 'same') rows.push(...same(merged, region, index, number, options))
    else rows.push(...change(merged, region, index, result, number, options))
    // An open overlap counts as what stands here, so that most numbers are those of this computer.
    number += result?.length ?? region.local.to - region.local.from
  }
  return rows
}

function cells(lines: readonly string[], first: number, against: (index: number) => string | null): Cell[] {
  return lines.map((text, index) => ({ number: first + index, text, against: against(index) }))
}

function slice(lines: readonly string[], { from, to }: Span): string[] {
  return lines.slice(from, to)
}

function same(
  merged: Merge,
  region: Region,
  index: number,
  number: number,
  options: MergeRowOptions,
): MergeRow[] {
  const count = region.base.to - region.base.from
  const near = { before: index > 0, after: index < merged.regions.length - 1 }
  const { head, hidden } = foldOf(count, near)
  const id = region.base.from + head
  const rows: MergeRow[] = []
  for (let step = 0; step < count; step += 1) {
    if (step === head && hidden > 0 && !options.opened.has(id)) {
      rows.push({ kind: 'fold', id, count: hidden })
      step += hidden - 1
      continue
    }
    const text = merged.local[region.local.from + step] ?? ''
    const cell = (at: number): Cell => ({ number: at, text, against: null })
    rows.push({
      kind: 'lines',
      region: index,
      change: 'same',
      local: cell(region.local.from + step + 1),
      result: cell(number + step),
      remote: cell(region.remote.from + step + 1),
    })
  }
  return rows
}

function change(
  merged: Merge,
  region: Region,
  index: number,
  result: string[] | null,
  number: number,
  options: MergeRowOptions,
): MergeRow[] {
  const here = slice(merged.local, region.local)
  const before = slice(merged.base, region.base)
  const there = slice(merged.remote, region.remote)
  const isOverlap = region.kind === 'overlap'
  // In an overlap the two sides are compared with each other, elsewhere with what they came from.
  const local = cells(here, region.local.from + 1, (at) => (isOverlap ? there[at] : before[at]) ?? null)
  const remote = cells(there, region.remote.from + 1, (at) => (isOverlap ? here[at] : before[at]) ?? null)
  const rows: MergeRow[] = []
  if (options.showBase) rows.push({ kind: 'base', region: index, lines: before, first: region.base.from + 1 })
  if (isOverlap) rows.push({ kind: 'decide', region: index })
  if (isOverlap && options.editing === index) {
    return [...rows, { kind: 'edit', region: index, local, remote }]
  }
  const middle = result && cells(result, number, (at) => before[at] ?? null)
  const count = Math.max(local.length, remote.length, middle?.length ?? 1)
  for (let at = 0; at < count; at += 1) {
    const open = middle === null && at === 0 ? 'open' : null
    rows.push({
      kind: 'lines',
      region: index,
      change: region.kind,
      local: local[at] ?? null,
      result: middle?.[at] ?? open,
      remote: remote[at] ?? null,
    })
  }
  return rows
}
