/**
 * Turns the list of changes into rows: days, single changes, and bursts folded into one row.
 *
 * Rule: a burst is at least five changes of the same kind in one folder, each within a minute of the next.
 */
import type { Activity, Direction } from '../platform'
import { dayHeading, dayOf } from './format'
import { folderOf } from './names'

/** Fewer changes stay single rows. */
const BURST_SIZE = 5
/** Changes further apart belong to different bursts. */
const BURST_GAP_MS = 60_000

export type Row =
  | { kind: 'day'; id: string; text: string }
  | { kind: 'change'; id: string; change: Activity; inside: boolean }
  | { kind: 'burst'; id: string; what: Folded; changes: readonly Activity[]; open: boolean }

export type Kind = 'all' | 'up' | 'down' | 'deleted'

export interface Filter {
  /** Workspace id; empty for all. */
  workspace: string
  kind: Kind
  text: string
}

/** What a change is called: which word and which drawing. */
export type What =
  'uploaded' | 'downloaded' | 'moved' | 'deleted' | 'kept' | 'conflict' | 'changed' | 'undone'

/** Choices of a person are never folded. */
export type Folded = Exclude<What, 'kept' | 'conflict'>

export function whatOf({ verb, direction }: Pick<Activity, 'verb' | 'direction'>): What {
  if (verb === 'added' || verb === 'updated') return byDirection(direction)
  return verb
}

function byDirection(direction: Direction | null): What {
  if (direction === 'up') return 'uploaded'
  return direction === 'down' ? 'downloaded' : 'changed'
}

/** Whether a change is looked for. */
export function matches(change: Activity, filter: Filter): boolean {
  if (filter.workspace !== '' && change.workspace !== filter.workspace) return false
  if (filter.kind === 'deleted' && change.verb !== 'deleted') return false
  if (filter.kind === 'up' && whatOf(change) !== 'uploaded') return false
  if (filter.kind === 'down' && whatOf(change) !== 'downloaded') return false
  const text = filter.text.trim().toLocaleLowerCase()
  return text === '' || change.path.toLocaleLowerCase().includes(text)
}

function joins(previous: Activity, next: Activity): boolean {
  return (
    previous.workspace === next.workspace &&
    whatOf(previous) === whatOf(next) &&
    folderOf(previous.path) === folderOf(next.path) &&
    dayOf(previous.time) === dayOf(next.time) &&
    Date.parse(previous.time) - Date.parse(next.time) <= BURST_GAP_MS
  )
}

/** Cuts the list where one change does not belong to the one before. */
function runs(changes: readonly Activity[]): Activity[][] {
  const result: Activity[][] = []
  for (const change of changes) {
    const last = result.at(-1)
    const previous = last?.at(-1)
    if (last && previous && joins(previous, change)) last.push(change)
    else result.push([change])
  }
  return result
}

/** Two changes of one file at one moment still need different keys. */
function idOf(change: Activity, position: number): string {
  return `${change.time} ${change.workspace} ${change.path} ${position}`
}

/** The rows of a list that is sorted newest first; `open` holds the ids of bursts that are unfolded. */
export function rows(changes: readonly Activity[], filter: Filter, open: ReadonlySet<string>): Row[] {
  const wanted = changes.filter((change) => matches(change, filter))
  const result: Row[] = []
  let day = ''
  let position = wanted.length
  for (const run of runs(wanted)) {
    const first = run[0] as Activity
    if (dayOf(first.time) !== day) {
      day = dayOf(first.time)
      result.push({ kind: 'day', id: day, text: dayHeading(first.time) })
    }
    // Counted from the end, so that a new change on top does not rename the rows below it.
    const single = (inside: boolean) =>
      run.map((change): Row => ({ kind: 'change', id: idOf(change, position--), change, inside }))
    const what = whatOf(first)
    if (run.length < BURST_SIZE || what === 'kept' || what === 'conflict') {
      result.push(...single(false))
      continue
    }
    // Named after its oldest change, which stays when newer ones join.
    const id = `burst ${idOf(run.at(-1) as Activity, position - run.length + 1)}`
    const unfolded = open.has(id)
    result.push({ kind: 'burst', id, what, changes: run, open: unfolded })
    if (unfolded) result.push(...single(true))
    else position -= run.length
  }
  return result
}
