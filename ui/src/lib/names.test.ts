/** Names from outside, made safe to show. */
import { expect, test } from 'vitest'
import { folderOf, localPlace, middle, nameOf, steps, visible } from './names'

test('what cannot be seen is made visible', () => {
  expect(visible('Angebot\u202Efdp.exe')).toBe('Angebot\ufffdfdp.exe')
  expect(visible('a\nb\u0000')).toBe('a\ufffdb\ufffd')
  expect(visible('half \ud800')).toBe('half \ufffd')
})

test('ordinary names of all scripts stay as they are', () => {
  for (const name of ['Übersicht.pdf', '報告.txt', 'תקציב.xlsx', '👩‍👩‍👧.png']) expect(visible(name)).toBe(name)
})

test('a long name keeps its ending and the last word when it is cut in the middle', () => {
  const name = 'Quarterly review, notes from the call with Lisbon office (final).docx'
  expect(middle(name)).toEqual({
    start: 'Quarterly review, notes from the call with Lisbon office ',
    end: '(final).docx',
  })
})

test('both halves of a cut name are the whole name', () => {
  for (const name of [
    'IMG_20250512_140211_HDR.jpeg',
    'a name of many words without any ending',
    'x'.repeat(200),
  ]) {
    const { start, end } = middle(name)
    expect(start + end).toBe(name)
    expect(end.length).toBeGreaterThan(0)
  }
})

test('a short name is not cut', () => {
  expect(middle('Budget.xlsx')).toEqual({ start: 'Budget.xlsx', end: '' })
})

test('paths come apart', () => {
  expect(nameOf('Reports/2025/Plan.md')).toBe('Plan.md')
  expect(folderOf('Reports/2025/Plan.md')).toBe('Reports/2025')
  expect(folderOf('Plan.md')).toBe('')
  expect(steps('Projects', 'Reports/2025')).toBe('Projects › Reports › 2025')
})

test('a folder in the home folder begins at Home, one beside it does not', () => {
  expect(localPlace('/home/anna/Projects', '/home/anna', 'Home')).toBe('Home › Projects')
  expect(localPlace('/home/annabel/Projects', '/home/anna', 'Home')).toBe('/home/annabel/Projects')
  expect(localPlace('C:\\Users\\anna\\Projects', 'C:\\Users\\anna', 'Home')).toBe('Home › Projects')
})
