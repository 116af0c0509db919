import { beforeEach, describe, expect, test, vi } from 'vitest'
import { mirror } from '../lib/mirror.svelte'
import { toasts } from '../lib/toasts.svelte'
import { ApiError, useApi } from '../platform'
import type { Choice, Conflict, ConflictContent, Side } from '../platform'
import { snapshot, workspace } from '../platform/fixtures/sample'
import { World } from '../platform/fixtures/world'
import { Desk } from './desk.svelte'

function text(content: string): Side {
  return { kind: 'text', text: content, encoding: 'UTF-8', line_ending: 'lf' }
}

function conflict(id: string, patch: Partial<Conflict> = {}): Conflict {
  const version = { rev: null, content_hash: 'aa', size: 1, modified: '2025-05-12T14:02:00+02:00', who: null }
  return {
    id,
    workspace: 'w1',
    path: `Reports/${id}.md`,
    kind: 'edit_edit',
    detected_at: '2025-05-12T14:02:00+02:00',
    keep_both_at: null,
    base: version,
    local: { ...version, content_hash: 'bb' },
    remote: { ...version, rev: '1', content_hash: 'cc' },
    ...patch,
  }
}

const apart: ConflictContent = {
  local: text('A\nb\nc\n'),
  base: text('a\nb\nc\n'),
  remote: text('a\nb\nC\n'),
}
const overlapping: ConflictContent = { local: text('A\n'), base: text('a\n'), remote: text('B\n') }

let world: World
let resolved: [string, Choice][]

/** A desk on these conflicts, the first one open and read. */
async function deskOn(...conflicts: Conflict[]): Promise<Desk> {
  world.conflicts = conflicts
  useApi(world.api())
  await mirror.reload()
  const desk = new Desk()
  await desk.list.reload()
  desk.settle(null)
  await vi.waitFor(() => expect(desk.review?.loading.kind).not.toBe('loading'))
  return desk
}

/** Reads the list again, as the app would ask for it. */
async function news(desk: Desk): Promise<void> {
  await desk.list.reload()
  desk.settle(null)
}

beforeEach(() => {
  world = new World()
  world.snapshot = snapshot({ workspaces: [workspace()] })
  world.contents = { one: overlapping, two: apart, three: overlapping }
  resolved = []
  world.override = {
    resolve: ({ id }, choice) => {
      resolved.push([id, choice])
      world.conflicts = world.conflicts.filter((one) => one.id !== id)
      return Promise.resolve(`undo ${id}`)
    },
  }
  toasts.dismiss()
})

describe('one decision', () => {
  test('keeps both without being asked for more, and opens the next file', async () => {
    const desk = await deskOn(conflict('one'), conflict('two'), conflict('three'))
    await desk.apply()
    await news(desk)
    expect(resolved).toEqual([['one', { keep: 'both', name: null }]])
    expect(desk.review?.seen.id).toBe('two')
    expect(toasts.current?.text).toContain('Kept both versions of')
  })

  test('takes the name that was typed, unless it is no name', async () => {
    const desk = await deskOn(conflict('one'))
    desk.review!.name = 'a/b'
    expect(desk.canApply).toBe(false)
    desk.review!.name = 'Mine.md'
    await desk.apply()
    expect(resolved).toEqual([['one', { keep: 'both', name: 'Mine.md' }]])
  })

  test('is taken back by the toast, in the order of its files', async () => {
    const undone: string[] = []
    world.override.undo = (id) => {
      undone.push(id)
      return Promise.resolve({ outcome: 'reopened', copies: [], refused: [], message: '' })
    }
    const desk = await deskOn(conflict('one'), conflict('two'))
    desk.markAlike(true)
    await desk.apply()
    await toasts.undo()
    expect(undone).toEqual(['undo two', 'undo one'])
  })

  test('that cannot go back exactly says where the other version is', async () => {
    world.override.undo = () =>
      Promise.resolve({ outcome: 'copied', copies: ['Reports/one (Dropbox).md'], refused: [], message: '' })
    const desk = await deskOn(conflict('one'), conflict('two'))
    await desk.apply()
    await toasts.undo()
    expect(toasts.current?.text).toContain('one (Dropbox).md')
  })

  test('leaves everything as it is when the app could not carry it out, and says why', async () => {
    world.override.resolve = () => Promise.reject(new ApiError('failed', "Couldn't keep a copy."))
    const desk = await deskOn(conflict('one'), conflict('two'))
    await desk.apply()
    expect(desk.error).toBe("Couldn't keep a copy.")
    expect(desk.review?.seen.id).toBe('one')
    expect(toasts.current).toBeNull()
  })

  test('tells that it waits while the computer is offline', async () => {
    world.snapshot = snapshot({ workspaces: [workspace()], offline_since: '2025-05-12T13:00:00+02:00' })
    world.override.resolve = ({ id }) => Promise.resolve(id)
    const desk = await deskOn(conflict('one'), conflict('two'))
    await desk.apply()
    expect(desk.queued.get('one')).toBe('both')
    expect(toasts.current?.text).toContain("when you're online")
  })
})

describe('a merge', () => {
  test('cannot be applied before every overlap is decided, and saves exactly what was shown', async () => {
    const desk = await deskOn(conflict('one'))
    desk.review!.choose('merged')
    expect(desk.canApply).toBe(false)
    desk.review!.take('both')
    expect(desk.canApply).toBe(true)
    await desk.apply()
    expect(resolved).toEqual([['one', { keep: 'merged', text: 'A\nB\n' }]])
  })

  test('cannot be applied while an overlap is being written', async () => {
    const desk = await deskOn(conflict('one'))
    desk.review!.choose('merged')
    desk.review!.take('local')
    desk.review!.editing = desk.review!.merge!.overlaps[0]!
    expect(desk.canApply).toBe(false)
  })

  test('of several files merges those that need nobody and leaves the others', async () => {
    const desk = await deskOn(conflict('one'), conflict('two'), conflict('three'))
    desk.review!.choose('merged')
    desk.review!.take('remote')
    desk.markAlike(true)
    expect(desk.canApply).toBe(false)
    await desk.readOthers()
    expect(desk.reach).toEqual({ files: 2, left: 1 })
    await desk.apply()
    expect(resolved).toEqual([
      ['one', { keep: 'merged', text: 'B\n' }],
      ['two', { keep: 'merged', text: 'A\nb\nC\n' }],
    ])
    expect(world.conflicts.map(({ id }) => id)).toEqual(['three'])
  })

  test('of a marked file that changed after it was read is made again before it counts', async () => {
    const desk = await deskOn(conflict('one'), conflict('two'))
    desk.review!.choose('merged')
    desk.review!.take('remote')
    desk.markAlike(true)
    await desk.readOthers()
    expect(desk.canApply).toBe(true)
    world.conflicts = [conflict('one'), conflict('two', { remote: { ...conflict('two').remote!, rev: '2' } })]
    world.contents = { ...world.contents, two: { ...apart, remote: text('a\nb\nnewer\n') } }
    await news(desk)
    expect(desk.canApply).toBe(false)
    await desk.readOthers()
    await desk.apply()
    expect(resolved[1]).toEqual(['two', { keep: 'merged', text: 'A\nb\nnewer\n' }])
  })

  test('that was looked at before a version changed is not remembered', async () => {
    const desk = await deskOn(conflict('one'))
    desk.review!.choose('merged')
    desk.review!.take('local')
    await desk.review!.lookAgain()
    expect(desk.review!.decisions.size).toBe(0)
  })
})

describe('a version that changes while somebody looks', () => {
  test('stops applying until it was looked at', async () => {
    const desk = await deskOn(conflict('one'))
    world.conflicts = [conflict('one', { remote: { ...conflict('one').remote!, rev: '2' } })]
    await news(desk)
    expect(desk.review?.stale).toBe('remote')
    expect(desk.canApply).toBe(false)
    await desk.review!.lookAgain()
    expect(desk.canApply).toBe(true)
  })

  test('is noticed by the app at the last moment as well', async () => {
    world.override.resolve = () => Promise.reject(new ApiError('changed', 'A version changed.'))
    const desk = await deskOn(conflict('one'), conflict('two'))
    await desk.apply()
    expect(desk.review?.stale).toBe('unknown')
    expect(desk.canApply).toBe(false)
    expect(desk.error).toBeNull()
  })

  test('of a marked file stops at that file', async () => {
    world.override.resolve = ({ id }, choice) => {
      if (id === 'two') return Promise.reject(new ApiError('changed', 'A version changed.'))
      resolved.push([id, choice])
      return Promise.resolve(id)
    }
    const desk = await deskOn(conflict('one'), conflict('two'), conflict('three'))
    desk.markAlike(true)
    await desk.apply()
    expect(resolved.map(([id]) => id)).toEqual(['one'])
    expect(desk.review?.seen.id).toBe('two')
    expect(desk.review?.stale).toBe('unknown')
  })
})

describe('the list', () => {
  test('says when a file left it by itself, and goes on with the next', async () => {
    const desk = await deskOn(conflict('one'), conflict('two'))
    world.conflicts = [conflict('two')]
    await news(desk)
    expect(desk.review?.seen.id).toBe('two')
    expect(toasts.current?.text).toContain('no longer in conflict')
  })

  test('keeps what was chosen for a file while others are looked at', async () => {
    const desk = await deskOn(conflict('one'), conflict('two'))
    desk.review!.choose('remote')
    desk.move(1)
    desk.move(-1)
    expect(desk.review!.choice).toBe('remote')
  })

  test('skips to the next file and around to the first', async () => {
    const desk = await deskOn(conflict('one'), conflict('two'))
    desk.skip()
    expect(desk.review?.seen.id).toBe('two')
    desk.skip()
    expect(desk.review?.seen.id).toBe('one')
    expect(resolved).toEqual([])
  })

  test('never decides for a marked file of another kind', async () => {
    const desk = await deskOn(conflict('one'), conflict('gone', { kind: 'edit_delete', remote: null }))
    desk.markAll(true)
    expect(desk.leftAlone.map(({ id }) => id)).toEqual(['gone'])
    await desk.apply()
    expect(resolved.map(([id]) => id)).toEqual(['one'])
  })
})

test('loading that was cancelled does not come back', async () => {
  let answer: (content: ConflictContent) => void = () => {}
  world.override.conflictContent = () => new Promise((resolve) => (answer = resolve))
  world.conflicts = [conflict('one')]
  useApi(world.api())
  await mirror.reload()
  const desk = new Desk()
  await desk.list.reload()
  desk.settle(null)
  desk.review!.cancel()
  answer(overlapping)
  await Promise.resolve()
  expect(desk.review!.loading.kind).toBe('cancelled')
  expect(desk.canApply).toBe(true)
})
