import { describe, expect, test } from 'vitest'
import { limitText, parseLimit } from './limits'

describe('a limit of speed', () => {
  test.each([
    ['5', 5_000_000],
    [' 1.5 ', 1_500_000],
    ['2,5', 2_500_000],
    ['.5', 500_000],
    ['0.05', 50_000],
    ['1000', 1_000_000_000],
  ])('is understood as %j', (text, bytes) => expect(parseLimit(text)).toBe(bytes))

  test.each(['', 'fast', '0', '0.04', '1000.1', '-1', '1e3', '1.2.3', '5 MB', 'Infinity', '1,000.5'])(
    'is refused as %j',
    (text) => expect(parseLimit(text)).toBeNull(),
  )

  test('is written so that it can be read back, in each language', () => {
    expect(limitText(5_000_000, 'en-GB')).toBe('5.0')
    expect(limitText(1_000_000_000, 'en-GB')).toBe('1000.0')
    for (const bytes of [50_000, 5_000_000, 12_340_000, 1_000_000_000]) {
      expect(parseLimit(limitText(bytes, 'de-DE'))).toBe(bytes)
    }
  })
})
