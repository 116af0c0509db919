/** What is said about an account. */
import { beforeEach, expect, test } from 'vitest'
import { clock } from '../../lib/clock.svelte'
import { account, at } from '../../platform/fixtures/sample'
import { initials, permissions, space } from './account'

beforeEach(() => clock.fix({ now: new Date('2025-05-12T14:05:00+02:00'), timeZone: 'Europe/Berlin' }))

test('initials come from the first and last word, or from the address', () => {
  expect(initials({ name: 'Anna Maria Lang', email: '' })).toBe('AL')
  expect(initials({ name: 'élise', email: '' })).toBe('É')
  expect(initials({ name: '', email: 'studio@example.org' })).toBe('S')
  expect(initials({ name: '  –  ', email: 'x@example.org' })).toBe('X')
})

test('space that is not known is not told as empty', () => {
  const text = 'Space: not available right now'
  expect(space(account({ used_bytes: null }))).toEqual({ text, share: null })
  expect(space(account({ used_bytes: 5, allocated_bytes: 0 }))).toEqual({ text, share: null })
})

test('older figures carry their time, of another day its date', () => {
  expect(space(account()).text).toBe('1.31\u00a0TB of 2\u00a0TB used, as of 13:50')
  expect(space(account({ as_of: at('13:50', '2025-05-11') })).text).toContain('as of 11 May')
  expect(space(account({ as_of: null, used_bytes: 3e12 }))).toEqual({
    text: '3\u00a0TB of 2\u00a0TB used',
    share: 1,
  })
})

test('without a scope of its own an account has all permissions, otherwise only those that are complete', () => {
  expect(permissions({ scope: '' })).toEqual(['files', 'account', 'links'])
  expect(permissions({ scope: 'account_info.read files.metadata.read files.content.read' })).toEqual([
    'account',
  ])
})
