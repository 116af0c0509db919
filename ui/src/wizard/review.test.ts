/** The dry run as lines and as a text. */
import { expect, test } from 'vitest'
import { part, preview } from '../platform/fixtures/sample'
import { asText, isDone, isEmpty, leftOut, matching, reasonText, rows } from './review'

const none = part(0, 0)

test('lines without files are left out, but what is carried over is always told', () => {
  const found = rows(preview({ conflicts: none, cannot_sync: none, upload: none }))
  expect(found.map(({ part: name, files }) => `${name} ${files}`)).toEqual([
    'download 1204',
    'upload 0',
    'identical 812',
  ])
  expect(found.map(({ size }) => size)).toEqual(['3.1\u00a0GB', '', ''])
})

test('empty folders and equal folders are told apart', () => {
  const empty = preview({ download: none, upload: none, identical: none, conflicts: none, cannot_sync: none })
  expect(isEmpty(empty)).toBe(true)
  expect(isDone(empty)).toBe(false)
  expect(isDone({ ...empty, identical: part(3, 30) })).toBe(true)
  expect(isDone({ ...empty, identical: part(3, 30), upload: part(1, 1) })).toBe(false)
})

test('a list is searched without regard to capitals, and says how much it leaves out', () => {
  const list = part(12_000, 24_000, ['Reports/Report.md', 'Media/Intro.mp4'])
  expect(matching(list, ' report ').map(({ path }) => path)).toEqual(['Reports/Report.md'])
  expect(matching(list, '')).toHaveLength(2)
  expect(leftOut(list)).toBe(11_998)
})

test('a reason that is not known here is told in the words of the engine', () => {
  expect(reasonText('name_not_allowed')).toBe("name isn't allowed")
  expect(reasonText('a brand new reason')).toBe('a brand new reason')
  expect(reasonText(null)).toBe('')
})

test('the text names every file with its size and reason, one a line', () => {
  const lines = asText(preview({ conflicts: none })).split('\n')
  expect(lines[0]).toBe('1,204 files to download')
  expect(lines).toContain("Notes/a:b.txt\t1\u00a0kB\tname isn't allowed")
  expect(lines).toContain('and 1,201 more')
  expect(lines.some((line) => line.includes('conflict'))).toBe(false)
})
