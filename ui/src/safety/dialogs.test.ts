/** Dialogs that keep files safe: what has the focus, what waits, what is asked of the app. */
import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock } from '../lib/clock.svelte'
import { mirror } from '../lib/mirror.svelte'
import { toasts } from '../lib/toasts.svelte'
import { useApi } from '../platform'
import { build } from '../platform/fixtures'
import type { World } from '../platform/fixtures/world'
import GuardDialog from './GuardDialog.svelte'
import IssueDialog from './IssueDialog.svelte'
import RebuildDialog from './RebuildDialog.svelte'

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) })
const closed = vi.fn()
let stop = (): void => {}

async function enter(fixture: string): Promise<World> {
  const world = build(fixture)
  useApi(world.api())
  stop = await mirror.start()
  return world
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  closed.mockClear()
  clock.fix({ now: new Date('2025-05-12T14:05:00+02:00'), timeZone: 'Europe/Berlin' })
})
afterEach(() => {
  stop()
  toasts.dismiss()
  vi.useRealTimers()
})

const button = (name: RegExp | string): HTMLElement => screen.getByRole('button', { name })

test('the guard focuses the safe button', async () => {
  const world = await enter('safety.guard-local')
  render(GuardDialog, { held: world.snapshot.held[0]!, onclose: closed })
  await vi.advanceTimersByTimeAsync(50)
  expect(button('Bring the files back here')).toHaveFocus()
  expect(screen.getByRole('alertdialog')).toHaveAccessibleName(
    /^412 files \(31 %\) were deleted on this computer in .Projects.\.$/,
  )
})

test('deleting answers only after a second', async () => {
  const world = await enter('safety.guard-local')
  render(GuardDialog, { held: world.snapshot.held[0]!, onclose: closed })
  await user.click(button('Delete 412 files on Dropbox'))
  expect(world.snapshot.held).toHaveLength(1)
  expect(closed).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1000)
  await user.click(button('Delete 412 files on Dropbox'))
  expect(world.snapshot.held).toHaveLength(0)
  expect(closed).toHaveBeenCalled()
})

test('Esc leaves the deletions waiting', async () => {
  const world = await enter('safety.guard-remote')
  render(GuardDialog, { held: world.snapshot.held[0]!, onclose: closed })
  await vi.advanceTimersByTimeAsync(50)
  await user.keyboard('{Escape}')
  expect(closed).toHaveBeenCalled()
  expect(world.snapshot.held).toHaveLength(1)
})

test('an issue focuses its safe action and runs it', async () => {
  const world = await enter('safety.folder-missing')
  render(IssueDialog, { issue: world.snapshot.issues[0]!, onclose: closed })
  await vi.advanceTimersByTimeAsync(50)
  expect(button('Check again')).toHaveFocus()
  await user.keyboard('{Enter}')
  expect(closed).toHaveBeenCalled()
  expect(world.asked).toEqual(['retry folder_missing'])
})

test('a folder is looked for where the person says it is', async () => {
  const world = await enter('safety.folder-missing')
  render(IssueDialog, { issue: world.snapshot.issues[0]!, onclose: closed })
  await user.click(button('Choose its new place…'))
  await vi.advanceTimersByTimeAsync(0)
  expect(world.snapshot.workspaces[0]).toMatchObject({ local: '/home/anna/Projects', state: 'idle' })
})

test('a name that cannot exist is offered another one', async () => {
  const world = await enter('safety.case-clash')
  render(IssueDialog, { issue: world.snapshot.issues[0]!, onclose: closed })
  await user.click(button(/^Rename to/))
  expect(world.asked).toEqual(['rename_item w1 Notes/README.md README (case conflict).md'])
})

test('the index is built anew only when it was meant', async () => {
  const world = await enter('safety.rebuild-sheet')
  const { unmount } = render(RebuildDialog, { workspace: world.snapshot.workspaces[0]!, onclose: closed })
  expect(screen.getByText(/Takes about 4 minutes for 4,120 files/)).toBeVisible()
  await user.click(button('Cancel'))
  expect(world.snapshot.workspaces[0]?.state).toBe('error')
  unmount()
  render(RebuildDialog, { workspace: world.snapshot.workspaces[0]!, onclose: closed })
  await user.click(button('Rebuild'))
  expect(world.snapshot.workspaces[0]?.state).toBe('indexing')
})
