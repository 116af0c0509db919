/** Settings and notices of workspaces, against the app in memory. */
import { beforeEach, describe, expect, test } from 'vitest'
import { mirror } from '../../lib/mirror.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { ApiError, useApi, type Issue } from '../../platform'
import { snapshot, workspace } from '../../platform/fixtures/sample'
import { World } from '../../platform/fixtures/world'
import { Editing } from './editing.svelte'
import { guardNumber } from './guard'
import { noticeOf } from './notice'
import { removed } from './removed'

describe('numbers of the guard', () => {
  test('are taken with grouping, and only within their bounds', () => {
    expect(guardNumber('guard_files', '1,000')).toBe(1000)
    expect(guardNumber('guard_files', ' 10\u202f000 ')).toBe(10_000)
    expect(guardNumber('guard_files', '9')).toBeNull()
    expect(guardNumber('guard_files', '100001')).toBeNull()
    expect(guardNumber('guard_percent', '25 %')).toBe(25)
    expect(guardNumber('guard_percent', '101')).toBeNull()
    expect(guardNumber('guard_percent', '-5')).toBeNull()
    expect(guardNumber('guard_percent', '')).toBeNull()
  })
})

describe('a setting', () => {
  let world: World
  beforeEach(async () => {
    world = new World()
    useApi(world.api())
    await mirror.start()
  })
  const editing = (): Editing => new Editing(() => mirror.workspace('w1') ?? workspace())

  test('is saved at once and taken back with Ctrl+Z', async () => {
    const settings = editing()
    await settings.save('conflict_days', 30)
    expect(mirror.workspace('w1')?.conflict_days).toBe(30)
    expect(settings.outcome('conflict_days')).toBe('saved')
    await toasts.undo()
    expect(mirror.workspace('w1')?.conflict_days).toBe(7)
    expect(settings.outcome('conflict_days')).toBe('undone')
  })

  test('that is not saved says why and goes back', async () => {
    world.override.workspaceEdit = () => Promise.reject(new ApiError('failed', 'The disk is full.'))
    useApi(world.api())
    const settings = editing()
    await settings.save('on_conflict', 'keep-both')
    expect(settings.error('on_conflict')).toContain('The disk is full.')
    expect(settings.now.on_conflict).toBe('ask')
  })
})

describe('a removed workspace', () => {
  test('comes back with all that was chosen for it, and does nothing before that', async () => {
    const world = new World()
    const chosen = { id: 'w1', conflict_days: 30, guard_files: 10, guard_percent: 5 }
    world.snapshot = snapshot({ workspaces: [workspace(chosen)] })
    world.leftOut = ['Media/Raw']
    const asked: string[] = []
    const own = world.api()
    world.override.workspaceAdd = (added) => {
      asked.push(`add ${added.excludes.join()} ${added.start_paused ? 'paused' : 'running'}`)
      return own.workspaceAdd(added)
    }
    world.override.workspaceEdit = (id, edit) => {
      asked.push(`edit ${edit.conflict_days} ${edit.guard_files} ${edit.guard_percent}`)
      return own.workspaceEdit(id, edit)
    }
    world.override.resume = (id) => {
      asked.push('resume')
      return own.resume(id)
    }
    useApi(world.api())
    const back = await removed(workspace(chosen))
    expect(world.snapshot.workspaces).toEqual([])
    await back()
    expect(asked).toEqual(['add Media/Raw paused', 'edit 30 10 5', 'resume'])
  })
})

describe('the notice of a workspace', () => {
  const issue = (patch: Partial<Issue>): Issue => ({
    id: '1',
    code: 'db_damaged',
    level: 'needs_you',
    workspace: 'w1',
    path: '',
    message: '',
    actions: ['rebuild'],
    ...patch,
  })

  test('is missing when it runs as it should', () => {
    expect(noticeOf(workspace(), snapshot())).toBeNull()
    expect(noticeOf(workspace({ state: 'paused' }), snapshot())).toBeNull()
  })

  test('tells the issue of this workspace, not of a single file or of another one', () => {
    const one = workspace({ state: 'error' })
    const issues = [issue({ id: '9', path: 'a.txt' }), issue({ id: '8', workspace: 'w2' }), issue({})]
    expect(noticeOf(one, snapshot({ issues }))).toMatchObject({ kind: 'issue', issue: { id: '1' } })
    expect(noticeOf(one, snapshot({ issues: issues.slice(0, 2) }))).toMatchObject({ kind: 'text' })
  })

  test('tells the state when the engine raised nothing', () => {
    expect(noticeOf(workspace({ state: 'folder_missing' }), snapshot())).toMatchObject({
      kind: 'issue',
      actions: ['retry', 'choose_place'],
    })
  })

  test('counts the files that are checked only for the workspace they belong to', () => {
    const one = workspace({ state: 'indexing' })
    const looking = (id: string) =>
      noticeOf(one, snapshot({ indexing: { workspace: id, files_done: 5, files_expected: 10 } }))
    expect(looking('w1')).toEqual({ kind: 'checking', done: 5, expected: 10 })
    expect(looking('w2')).toEqual({ kind: 'checking', done: 0, expected: null })
  })
})
