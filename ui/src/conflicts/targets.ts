/**
 * Which files one decision is for: the open one, and those that are marked, as far as they are of the same
 * kind and workspace.
 *
 * Rule: a decision never reaches a file of another kind; what it would mean there was not read.
 */
import type { Conflict, ConflictContent } from '../platform'
import { mergedByItself } from './text/merge'

export const NONE_MARKED: ReadonlySet<string> = new Set()

/** The marks with these added or taken away. */
export function withMarks(
  marked: ReadonlySet<string>,
  ids: readonly string[],
  on: boolean,
): ReadonlySet<string> {
  const marks = new Set(marked)
  for (const id of ids) {
    if (on) marks.add(id)
    else marks.delete(id)
  }
  return marks
}

/** Others that the same decision can be for. */
export function alike(list: readonly Conflict[], current: Conflict): Conflict[] {
  return list.filter(
    ({ id, kind, workspace }) =>
      id !== current.id && kind === current.kind && workspace === current.workspace,
  )
}

/** The files that a decision is for, the open one first. */
export function targetsOf(
  list: readonly Conflict[],
  current: Conflict,
  marked: ReadonlySet<string>,
): Conflict[] {
  return [current, ...alike(list, current).filter(({ id }) => marked.has(id))]
}

/** Marked files that the decision leaves alone. */
export function leftAlone(
  list: readonly Conflict[],
  current: Conflict,
  marked: ReadonlySet<string>,
): Conflict[] {
  const reached = new Set(targetsOf(list, current, marked).map(({ id }) => id))
  return list.filter(({ id }) => marked.has(id) && !reached.has(id))
}

/** The merge of a file that nobody looked at; null when it needs a person, or is no text. */
export function unattendedMerge(content: ConflictContent): string | null {
  const { local, base, remote } = content
  if (local.kind !== 'text' || remote.kind !== 'text' || base?.kind !== 'text') return null
  return mergedByItself(local.text, base.text, remote.text)
}

/** Where to go after these files are done: the next one in the list, or the one before. */
export function nextAfter(
  list: readonly Conflict[],
  current: string,
  done: readonly string[],
): string | null {
  const at = list.findIndex(({ id }) => id === current)
  const rest = [...list.slice(at + 1), ...list.slice(0, Math.max(0, at)).reverse()]
  return rest.find(({ id }) => !done.includes(id))?.id ?? null
}
