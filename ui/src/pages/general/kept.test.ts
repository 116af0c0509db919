import { expect, test } from 'vitest'
import type { Kept } from '../../platform'
import { olderThan, sumOf } from './kept'

const now = Date.parse('2025-05-12T14:00:00Z')

function kept(id: string, kept_at: string, on_dropbox: boolean): Kept {
  return { id, workspace: 'w1', path: id, kept_at, files: 2, bytes: 10, on_dropbox }
}

const all = [
  kept('today', '2025-05-12T13:00:00Z', true),
  kept('a-week-ago', '2025-05-05T14:00:00Z', false),
  kept('long-ago', '2025-01-01T00:00:00Z', true),
]

test.each([
  [0, ['today', 'a-week-ago', 'long-ago']],
  [7, ['a-week-ago', 'long-ago']],
  [30, ['long-ago']],
])('older than %i days', (days, ids) => {
  expect(olderThan(all, days, now).map((one) => one.id)).toEqual(ids)
})

test('what is nowhere else is counted apart', () => {
  expect(sumOf(all)).toEqual({ files: 6, bytes: 30, only: 2 })
  expect(sumOf([])).toEqual({ files: 0, bytes: 0, only: 0 })
})
