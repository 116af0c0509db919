import { expect, test } from 'vitest'
import { snapshot, workspace } from '../platform/fixtures/sample'
import type { Issue, Workspace } from '../platform'
import { workspaceStatus } from './workspace-status'

const emptied = (workspace: string): Issue => ({
  id: 'i1',
  code: 'folder_empty',
  level: 'needs_you',
  workspace,
  path: '',
  message: '',
  actions: [],
})

test('nothing is said to be up to date while the sync process does not run', () => {
  const idle = workspace({ state: 'idle' })
  expect(workspaceStatus(idle, snapshot()).tone).toBe('ok')
  const down = snapshot({ engine: { kind: 'failed', message: 'The folder of Lockstep is not writable.' } })
  expect(workspaceStatus(idle, down)).toEqual({ tone: 'quiet', text: 'Syncing is stopped' })
})

test('a folder that is there and empty is not said to be gone', () => {
  const stopped = workspace({ state: 'folder_missing' })
  expect(workspaceStatus(stopped, snapshot()).text).toBe("The folder isn't there")
  const own = snapshot({ issues: [emptied(stopped.id)] })
  expect(workspaceStatus(stopped, own).text).toBe('The folder is suddenly empty')
  const another = snapshot({ issues: [emptied('w2')] })
  expect(workspaceStatus(stopped, another).text).toBe("The folder isn't there")
})

test('conflicts are told before what goes on by itself, not before what stops the workspace', () => {
  const now = snapshot()
  const status = (state: Workspace['state']) => workspaceStatus(workspace({ state, conflicts: 2 }), now)
  for (const state of ['idle', 'indexing', 'syncing'] as const)
    expect(status(state)).toEqual({ tone: 'warn', text: '2 conflicts to review' })
  expect(status('disk_full').text).toBe('Disk full')
  expect(status('paused').tone).toBe('quiet')
})
