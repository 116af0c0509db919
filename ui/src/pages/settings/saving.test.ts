import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { preferences } from '../../lib/preferences.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { ApiError, useApi } from '../../platform'
import { World } from '../../platform/fixtures/world'
import { Saving } from './saving.svelte'

let world: World
let saving: Saving

beforeEach(async () => {
  vi.useFakeTimers()
  world = new World()
  useApi(world.api())
  await preferences.start()
  saving = new Saving()
})
afterEach(() => vi.useRealTimers())

describe('a setting that is changed', () => {
  test('is sent to the app and says so beside its row only, for two seconds', async () => {
    await saving.save('hide_names', { hide_names: true })
    expect(world.settings.hide_names).toBe(true)
    expect(saving.outcome('hide_names')).toBe('saved')
    expect(saving.outcome('autostart')).toBeNull()
    expect(saving.announcement).toBe('Saved')
    vi.advanceTimersByTime(2000)
    expect(saving.outcome('hide_names')).toBeNull()
    expect(saving.announcement).toBe('')
  })

  test('is shown at once, while it is on its way', () => {
    void saving.save('hide_names', { hide_names: true })
    expect(saving.now.hide_names).toBe(true)
    expect(preferences.now.hide_names).toBe(false)
  })

  test('can be taken back once, alone', async () => {
    await saving.save('log_level', { log_level: 'verbose' })
    await saving.save('hide_names', { hide_names: true })
    await toasts.undo()
    expect(world.settings).toMatchObject({ hide_names: false, log_level: 'verbose' })
    expect(saving.outcome('hide_names')).toBe('undone')
    await toasts.undo()
    expect(world.settings.log_level).toBe('verbose')
  })

  test('goes back with the reason when the app does not take it', async () => {
    useApi({
      ...world.api(),
      settingsSet: () => Promise.reject(new ApiError('failed', 'The disk is full.')),
    })
    expect(await saving.save('hide_names', { hide_names: true })).toBe(false)
    expect(saving.now.hide_names).toBe(false)
    expect(saving.error('hide_names')).toBe('Not saved: The disk is full.')
    expect(saving.outcome('hide_names')).toBeNull()
    useApi(world.api())
    await saving.save('hide_names', { hide_names: true })
    expect(saving.error('hide_names')).toBe('')
  })
})
