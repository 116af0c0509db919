/**
 * What may be chosen for each kind of conflict, and the texts that say so.
 *
 * Rule: the first thing chosen for a person is the one that keeps the most.
 */
import type { Key } from '../i18n/index.svelte'
import type { Choice, Conflict } from '../platform'

export type Kind = Conflict['kind']

/** Which version stays; the words of the wire. */
export type Option = Choice['keep']

/** Kinds that are spoken about alike. */
export type Family = 'edit' | 'edit_delete' | 'delete_edit' | 'move_move' | 'type'

const FAMILIES: Record<Kind, Family> = {
  edit_edit: 'edit',
  new_new: 'edit',
  edit_delete: 'edit_delete',
  delete_edit: 'delete_edit',
  move_move: 'move_move',
  type: 'type',
}

/** In the order of the keys 1 to 4. */
const OPTIONS: Record<Family, readonly Option[]> = {
  edit: ['local', 'remote', 'both', 'merged'],
  edit_delete: ['local', 'remote'],
  delete_edit: ['remote', 'local'],
  move_move: ['local', 'remote', 'both'],
  type: ['both'],
}

const PRESELECTED: Record<Family, Option> = {
  edit: 'both',
  edit_delete: 'local',
  delete_edit: 'remote',
  move_move: 'local',
  type: 'both',
}

export function familyOf(kind: Kind): Family {
  return FAMILIES[kind]
}

/** What can be chosen, in the order of the keys. */
export function optionsOf(kind: Kind, canMerge: boolean): Option[] {
  return OPTIONS[familyOf(kind)].filter((option) => option !== 'merged' || canMerge)
}

export function preselected(kind: Kind): Option {
  return PRESELECTED[familyOf(kind)]
}

/** Filters of the list. */
export type Filter = 'all' | 'edits' | 'deleted' | 'renamed' | 'types'

const FILTERS: Record<Family, Filter> = {
  edit: 'edits',
  edit_delete: 'deleted',
  delete_edit: 'deleted',
  move_move: 'renamed',
  type: 'types',
}

export function passes(kind: Kind, filter: Filter): boolean {
  return filter === 'all' || FILTERS[familyOf(kind)] === filter
}

/** Filters worth offering: those of the mock always, others when something passes them. */
export function filtersFor(kinds: readonly Kind[]): Filter[] {
  const rare: Filter[] = ['renamed', 'types']
  return ['all', 'edits', 'deleted', ...rare.filter((filter) => kinds.some((kind) => passes(kind, filter)))]
}

/** A word of the choice: "Keep both". */
export const optionKey = (kind: Kind, option: Option): Key =>
  `conflicts.option.${familyOf(kind)}.${option}` as Key
/** The main button: "Keep both for 3 files". */
export const applyKey = (kind: Kind, option: Option): Key =>
  `conflicts.apply.${familyOf(kind)}.${option}` as Key
/** The line that tells what will be: "Result: …". */
export const resultKey = (kind: Kind, option: Option): Key =>
  `conflicts.result.${familyOf(kind)}.${option}` as Key
/** What a toast says afterwards about one file. */
export const doneKey = (kind: Kind, option: Option): Key =>
  `conflicts.done.${familyOf(kind)}.${option}` as Key
