/** Undoing changes that Activity lists. */
import { afterEach, expect, test } from 'vitest'
import { useApi, type Activity, type Undone } from '../platform'
import { World } from '../platform/fixtures/world'
import { toasts } from './toasts.svelte'
import { canUndo, undoChanges, undoText } from './undo'

const DONE: Undone = { outcome: 'done', copies: [], refused: [], message: '' }

afterEach(() => toasts.dismiss())

function change(id: number, undo: Activity['undo'] = { state: 'possible' }): Activity {
  return {
    id,
    time: '2025-05-12T10:00:00+02:00',
    workspace: 'w1',
    path: `${id}.txt`,
    verb: 'deleted',
    direction: 'down',
    bytes: 0,
    batch: 7,
    undo,
  }
}

/** A platform that answers undos with these, in this order; and what it was asked for. */
function answering(...answers: (Undone | Error)[]): [string, number | undefined][] {
  const asked: [string, number | undefined][] = []
  const world = new World()
  world.override.undo = (id, entry) => {
    asked.push([id, entry])
    const answer = answers.shift() ?? DONE
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  useApi(world.api())
  return asked
}

test('each change that can be undone is asked for by itself, newest first', async () => {
  const asked = answering()
  await undoChanges([change(3), change(2, { state: 'done' }), change(1), change(0, null)])
  expect(asked).toEqual([
    ['w1:7', 3],
    ['w1:7', 1],
  ])
  expect(toasts.current?.text).toBe('Undone.')
})

test('what was refused is told with its reason, and may be tried again', async () => {
  const refused: Undone = {
    outcome: 'refused',
    copies: [],
    refused: [{ path: '1.txt', why: 'changed', reason: 'It was changed since.' }],
    message: '',
  }
  answering(DONE, refused)
  await undoChanges([change(2), change(1)])
  expect(toasts.current?.text).toBe('1 of 2 changes undone. It was changed since.')
  const again = change(1, { state: 'refused', why: 'taken', reason: '' })
  expect(canUndo(again)).toBe(true)
  expect(undoText(again)).toBe('Something of this name is there again.')
})

test('an undo that waits is said to wait, and a failure is told', async () => {
  answering({ ...DONE, outcome: 'waiting' })
  await undoChanges([change(1)])
  expect(toasts.current?.text).toBe('It will be undone as soon as the workspace can go on.')
  answering(new Error('no engine'))
  await undoChanges([change(1)])
  expect(toasts.current?.text).toContain('no engine')
})
