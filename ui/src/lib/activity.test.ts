/** How changes become rows. */
import { beforeEach, expect, test } from 'vitest'
import type { Activity } from '../platform'
import { rows, type Filter, type Row } from './activity'
import { clock } from './clock.svelte'

const ALL: Filter = { workspace: '', kind: 'all', text: '' }
const CLOSED: ReadonlySet<string> = new Set()

beforeEach(() => clock.fix({ now: new Date('2025-05-12T14:05:00+02:00'), timeZone: 'Europe/Berlin' }))

function change(clockTime: string, path: string, patch: Partial<Activity> = {}): Activity {
  return {
    id: 1,
    time: `2025-05-12T${clockTime}+02:00`,
    workspace: 'w1',
    path,
    verb: 'added',
    direction: 'up',
    bytes: 1,
    batch: 1,
    undo: null,
    ...patch,
  }
}

/** Changes a second apart, newest first. */
function burst(count: number, folder: string, patch: Partial<Activity> = {}): Activity[] {
  return Array.from({ length: count }, (_, index) =>
    change(`13:40:${String(59 - index).padStart(2, '0')}`, `${folder}/${index}.jpg`, patch),
  )
}

/** Rows in a word each. */
function sketch(list: Row[]): string[] {
  return list.map((row) => {
    if (row.kind === 'day') return row.text
    if (row.kind === 'burst') return `${row.changes.length} ${row.what}`
    return row.change.path
  })
}

test('days stand above their changes', () => {
  const list = [change('10:00:00', 'a'), change('10:00:00', 'b', { time: '2025-05-11T10:00:00+02:00' })]
  expect(sketch(rows(list, ALL, CLOSED))).toEqual(['Today', 'a', 'Yesterday', 'b'])
})

test('five changes of one kind in one folder fold, four do not', () => {
  expect(sketch(rows(burst(5, 'Lisbon'), ALL, CLOSED))).toEqual(['Today', '5 uploaded'])
  expect(rows(burst(4, 'Lisbon'), ALL, CLOSED)).toHaveLength(5)
})

test('bursts of one folder in one moment, with others in between, have keys of their own', () => {
  const at = (folder: string) =>
    Array.from({ length: 5 }, (_, index) => change('13:40:00', `${folder}/${index}.jpg`))
  const list = [...at('Lisbon'), ...at('Porto'), ...at('Lisbon')]
  const keys = rows(list, ALL, CLOSED).map((row) => row.id)
  expect(keys).toHaveLength(4)
  expect(new Set(keys).size).toBe(4)
})

test('another folder, another kind or a pause of more than a minute ends a burst', () => {
  const folders = [...burst(4, 'Lisbon'), ...burst(4, 'Porto')]
  expect(rows(folders, ALL, CLOSED).some((row) => row.kind === 'burst')).toBe(false)
  const kinds = [...burst(4, 'Lisbon'), ...burst(4, 'Lisbon', { verb: 'deleted' })]
  expect(rows(kinds, ALL, CLOSED).some((row) => row.kind === 'burst')).toBe(false)
  const pause = [...burst(4, 'Lisbon'), change('13:39:57', 'Lisbon/late.jpg')]
  expect(rows(pause, ALL, CLOSED).some((row) => row.kind === 'burst')).toBe(true)
  const longer = [...burst(4, 'Lisbon'), change('13:39:55', 'Lisbon/late.jpg')]
  expect(rows(longer, ALL, CLOSED).some((row) => row.kind === 'burst')).toBe(false)
})

test('conflicts never fold: each is somebody’s decision', () => {
  const list = burst(6, 'Lisbon', { verb: 'conflict', direction: null })
  expect(rows(list, ALL, CLOSED).filter((row) => row.kind === 'change')).toHaveLength(6)
})

test('an unfolded burst shows its changes below it', () => {
  const folded = rows(burst(5, 'Lisbon'), ALL, CLOSED)
  const id = folded[1]?.id ?? ''
  expect(sketch(rows(burst(5, 'Lisbon'), ALL, new Set([id])))).toHaveLength(7)
})

test('a new change on top renames no row below it', () => {
  const before = rows([...burst(6, 'Lisbon'), change('10:00:00', 'a')], ALL, CLOSED)
  const after = rows([change('14:00:00', 'new'), ...burst(6, 'Lisbon'), change('10:00:00', 'a')], ALL, CLOSED)
  const ids = after.map((row) => row.id)
  for (const row of before) expect(ids).toContain(row.id)
})

test('a burst that grows stays the same row', () => {
  const small = rows(burst(6, 'Lisbon'), ALL, CLOSED)[1]?.id
  const grown = rows([change('13:41:10', 'Lisbon/new.jpg'), ...burst(6, 'Lisbon')], ALL, CLOSED)[1]?.id
  expect(grown).toBe(small)
})

test('filters narrow by workspace, kind and text', () => {
  const list = [
    change('10:00:00', 'Budget.xlsx'),
    change('09:00:00', 'Plan.md', { direction: 'down', workspace: 'w2' }),
    change('08:00:00', 'Old.md', { verb: 'deleted' }),
  ]
  expect(sketch(rows(list, { ...ALL, workspace: 'w2' }, CLOSED))).toEqual(['Today', 'Plan.md'])
  expect(sketch(rows(list, { ...ALL, kind: 'deleted' }, CLOSED))).toEqual(['Today', 'Old.md'])
  expect(sketch(rows(list, { ...ALL, kind: 'up' }, CLOSED))).toEqual(['Today', 'Budget.xlsx'])
  expect(sketch(rows(list, { ...ALL, text: ' BUDGET ' }, CLOSED))).toEqual(['Today', 'Budget.xlsx'])
  expect(rows(list, { ...ALL, text: 'invocie' }, CLOSED)).toEqual([])
})

test('ten thousand changes are sorted into rows with keys of their own', () => {
  const list = Array.from({ length: 10_000 }, (_, index) =>
    change('10:00:00', `same.txt`, { time: new Date(Date.UTC(2025, 4, 12) - index * 90_000).toISOString() }),
  )
  const result = rows(list, ALL, CLOSED)
  expect(new Set(result.map((row) => row.id)).size).toBe(result.length)
})
