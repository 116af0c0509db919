/** Mirrors of the app: what they fetch, follow and drop. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useApi } from '../platform'
import { World } from '../platform/fixtures/world'
import { attempt } from './act'
import { Live } from './live.svelte'
import { opened } from './overview-route'
import { router } from './router.svelte'
import { toasts } from './toasts.svelte'

let world: World

beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  useApi(world.api())
})
afterEach(() => {
  toasts.dismiss()
  vi.useRealTimers()
})

test('a list is read again when the app says that it changed, and not for other lists', async () => {
  const fetch = vi.fn(() => Promise.resolve(['a']))
  const stop = new Live(fetch).follow('activity')
  world.changed('conflicts')
  expect(fetch).toHaveBeenCalledTimes(1)
  world.changed('activity')
  expect(fetch).toHaveBeenCalledTimes(2)
  stop()
  world.changed('activity')
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('an older answer that comes late does not replace a newer one', async () => {
  const answers: ((value: string) => void)[] = []
  const live = new Live(() => new Promise<string>((resolve) => answers.push(resolve)))
  const first = live.reload()
  const second = live.reload()
  answers[1]?.('new')
  await second
  answers[0]?.('old')
  await first
  expect(live.value).toBe('new')
})

test('a list keeps its last content when it cannot be read again', async () => {
  let works = true
  const live = new Live(() => (works ? Promise.resolve('content') : Promise.reject(new Error('gone'))))
  await live.reload()
  works = false
  await live.reload()
  expect(live.value).toBe('content')
  expect(live.error?.message).toBe('gone')
})

test('a toast goes after ten seconds, but not while somebody looks at it', () => {
  toasts.show('Done.')
  vi.advanceTimersByTime(9_999)
  expect(toasts.current?.text).toBe('Done.')
  toasts.hold()
  vi.advanceTimersByTime(60_000)
  expect(toasts.current?.text).toBe('Done.')
  toasts.resume()
  vi.advanceTimersByTime(10_000)
  expect(toasts.current).toBeNull()
})

test('the last action is taken back once, also after its toast went', async () => {
  const undo = vi.fn()
  toasts.show('Kept both.', undo)
  vi.advanceTimersByTime(20_000)
  toasts.show('Copied.')
  await toasts.undo()
  await toasts.undo()
  expect(undo).toHaveBeenCalledTimes(1)
})

test('an action that fails says why', async () => {
  expect(await attempt(() => Promise.reject(new Error('The disk is full.')))).toBe(false)
  expect(toasts.current?.text).toBe("That didn't work: The disk is full.")
})

test('a route may name a part of Overview, an issue with or without its workspace, or a dialog', () => {
  const issue = {
    id: '7',
    code: 'x',
    level: 'note',
    workspace: 'w2',
    path: '',
    message: '',
    actions: [],
  } as const
  const snapshot = { ...world.snapshot, issues: [{ ...issue, actions: [] }] }
  router.go('issues/w2/7')
  expect(router.page).toBe('overview')
  expect(opened(router.rest, snapshot).issue?.id).toBe('7')
  expect(opened('issues/7', snapshot).issue?.id).toBe('7')
  expect(opened('issues/w1/7', snapshot).issue).toBeNull()
  expect(opened('rebuild/w1', snapshot).rebuild?.name).toBe('Projects')
  expect(opened('', snapshot).tab).toBe('activity')
})

test('the app can send the window to a page', () => {
  const stop = router.start('')
  world.emit('navigate', { route: 'transfers' })
  expect(router.rest).toBe('transfers')
  stop()
})
