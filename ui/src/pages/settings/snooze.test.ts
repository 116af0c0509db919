import { expect, test } from 'vitest'
import { snoozedUntil, snoozeEnd } from './snooze'

const now = new Date('2025-05-12T12:05:00Z')

test('a snooze holds until its end and not longer', () => {
  const end = snoozeEnd(30, now)
  expect(end).toBe('2025-05-12T12:35:00.000Z')
  expect(snoozedUntil(end, now)).toBe(end)
  expect(snoozedUntil(end, new Date(end))).toBeNull()
})

test('no snooze, or one that cannot be read, is off', () => {
  expect(snoozedUntil(null, now)).toBeNull()
  expect(snoozedUntil('soon', now)).toBeNull()
})
