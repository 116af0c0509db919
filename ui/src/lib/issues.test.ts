/** Words and actions of issues. */
import { expect, test } from 'vitest'
import type { Issue } from '../platform'
import { workspace } from '../platform/fixtures/sample'
import { actionLabel, actionsOf, freeName, words } from './issues'

const issue = (patch: Partial<Issue>): Issue => ({
  id: '1',
  code: 'symlink',
  level: 'note',
  workspace: 'w1',
  path: 'Notes/a.txt',
  message: 'The engine says why.',
  actions: [],
  ...patch,
})

const plain = (text: string): string => text.replaceAll(/[\u2068\u2069]/g, '')

test('a reason that is not known is told in the words of the engine', () => {
  const told = words(issue({ code: 'brand_new' }), workspace(), '/home/anna')
  expect(told.text).toBe('The engine says why.')
  expect(told.own).toBe('The engine says why.')
})

test('a reason that speaks of a place names it', () => {
  const told = words(issue({ code: 'folder_missing', path: '' }), workspace(), '/home/anna')
  expect(plain(told.text)).toMatch(/^The folder Home › Projects isn't there\./)
  expect(told.shared).toBe('')
})

test('a reason that is the same for all files stands once over them', () => {
  expect(words(issue({}), workspace(), '').shared).toBe("Links aren't uploaded.")
})

test('actions that this window does not know are left out, the order stays', () => {
  expect(actionsOf(issue({ actions: ['teleport', 'show_in_folder', 'retry'] }))).toEqual([
    'show_in_folder',
    'retry',
  ])
})

test('trying again is called looking again where it concerns a whole workspace', () => {
  expect(actionLabel('retry', issue({ path: '' }))).toBe('Check again')
  expect(actionLabel('retry', issue({}))).toBe('Try now')
})

test.each([
  ['name_not_allowed', 'Notes/a:b.txt', 'a-b.txt'],
  ['name_not_allowed', 'Notes/what? now.', 'what- now'],
  ['name_not_allowed', 'Notes/...', '-'],
  ['case_clash', 'README.md', 'README (case conflict).md'],
  ['case_clash', '.env', '.env (case conflict)'],
])('%s of %s can become %s', (code, path, name) => {
  expect(freeName(issue({ code, path }))).toBe(name)
})
