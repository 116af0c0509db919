import { expect, test } from 'vitest'
import { ranFor } from './running'

test.each([
  [59, 'minutes', 0],
  [3599, 'minutes', 59],
  [3600, 'hours', 1],
  [86_399, 'hours', 23],
  [3 * 86_400 + 5, 'days', 3],
] as const)('%d seconds are told in %s: %d', (seconds, unit, n) => {
  expect(ranFor(seconds)).toEqual({ unit, n })
})
