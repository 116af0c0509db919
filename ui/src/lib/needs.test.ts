/** What needs somebody, and in which order. */
import { expect, test } from 'vitest'
import type { Held, Issue } from '../platform'
import { account, snapshot } from '../platform/fixtures/sample'
import { grouped, issueCount, issues, needs } from './needs'

const issue = (code: string, patch: Partial<Issue> = {}): Issue => ({
  id: code,
  code,
  level: 'note',
  workspace: 'w1',
  path: 'a.txt',
  message: '',
  actions: [],
  ...patch,
})

const held: Held = {
  id: 'h1',
  workspace: 'w1',
  deleted_on: 'local',
  detected_at: '2025-05-12T14:00:00Z',
  count: 412,
  share_percent: 31,
  paths: [],
  largest: [],
}

test('sign-ins come first, then deletions, then what stops, then conflicts', () => {
  const list = needs(
    snapshot({
      accounts: [account({ state: 'needs_sign_in' })],
      conflicts: 2,
      held: [held],
      issues: [issue('quota_full', { level: 'needs_you' }), issue('folder_missing', { level: 'needs_you' })],
    }),
  )
  expect(list.map((need) => (need.kind === 'issue' ? need.issue.code : need.kind))).toEqual([
    'sign_in',
    'held',
    'folder_missing',
    'quota_full',
    'conflicts',
  ])
})

test('notes need nobody', () => {
  expect(needs(snapshot({ issues: [issue('symlink')] }))).toEqual([])
})

test('a sign-in that the account tells is not told again by its workspace', () => {
  const state = snapshot({
    accounts: [account({ state: 'needs_sign_in' })],
    issues: [issue('needs_sign_in', { level: 'needs_you', path: '' })],
  })
  expect(needs(state)).toHaveLength(1)
  expect(issueCount(state)).toBe(1)
})

test('an account without a workspace is told how to go on', () => {
  expect(needs(snapshot({ workspaces: [] })).map(({ kind }) => kind)).toEqual(['setup'])
})

test('issues that need somebody come first and reasons stand together', () => {
  const list = issues(
    snapshot({
      issues: [
        issue('symlink', { id: '1' }),
        issue('case_clash', { id: '2', level: 'needs_you' }),
        issue('symlink', { id: '3' }),
      ],
    }),
  )
  expect(grouped(list).map(({ code, issues: some }) => [code, some.length])).toEqual([
    ['case_clash', 1],
    ['symlink', 2],
  ])
})
