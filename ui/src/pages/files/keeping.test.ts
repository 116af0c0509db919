/** Keeping a file at Dropbox only, against the app in memory. */
import { beforeEach, expect, test, vi } from 'vitest'
import { toasts } from '../../lib/toasts.svelte'
import { useApi, type Entry } from '../../platform'
import { World } from '../../platform/fixtures/world'
import { keep } from './keeping'

const entry: Entry = {
  name: 'Raw',
  path: 'Media/Raw',
  is_folder: true,
  status: 'synced',
  issue: null,
  size: 0,
  modified: null,
}
const asked: [string, string, boolean][] = []
let waiting = 0

beforeEach(() => {
  asked.length = 0
  waiting = 0
  const world = new World()
  world.override.select = (...call) => {
    asked.push(call)
    return Promise.resolve(waiting)
  }
  useApi(world.api())
})

test('it is said where it is then, and undoing keeps it here again', async () => {
  const done = vi.fn(() => Promise.resolve())
  await keep('w1', entry, false, done)
  expect(toasts.current?.text).toContain('stays on Dropbox')
  await toasts.undo()
  expect(asked).toEqual([
    ['w1', 'Media/Raw', false],
    ['w1', 'Media/Raw', true],
  ])
  expect(done).toHaveBeenCalledTimes(2)
})

test('what has to be uploaded first is counted', async () => {
  waiting = 3
  await keep('w1', entry, false, () => Promise.resolve())
  expect(toasts.current?.text).toContain('when 3 changes in it are uploaded')
})
