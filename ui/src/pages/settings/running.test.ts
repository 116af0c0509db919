import { expect, test } from 'vitest'
import { ranFor, rebuildMinutes } from './running'

test.each([
  [59, 'minutes', 0],
  [3599, 'minutes', 59],
  [3600, 'hours', 1],
  [86_399, 'hours', 23],
  [3 * 86_400 + 5, 'days', 3],
] as const)('%d seconds are told in %s: %d', (seconds, unit, n) => {
  expect(ranFor(seconds)).toEqual({ unit, n })
})

test('comparing every file takes a minute at least', () => {
  expect(rebuildMinutes(0)).toBe(1)
  expect(rebuildMinutes(4120)).toBe(4)
})
