/** Sizes, rates and times as people read them. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { language } from '../i18n/index.svelte'
import { clock } from './clock.svelte'
import * as format from './format'

/** Ordinary spaces are easier to compare. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ')

beforeEach(() => clock.fix({ now: new Date('2025-05-12T14:05:00+02:00'), timeZone: 'Europe/Berlin' }))
afterEach(() => {
  language.locale = 'en'
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1040, '1.04 kB'],
  [42_000, '42 kB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [120_000_000, '120 MB'],
  [12_400_000_000, '12.4 GB'],
  [1_310_000_000_000, '1.31 TB'],
])('%d bytes are %s: at most three digits', (bytes, text) => {
  expect(plain(format.bytes(bytes))).toBe(text)
})

test('German sizes have a comma', () => {
  language.locale = 'de'
  expect(plain(format.bytes(12_400_000_000))).toBe('12,4 GB')
  expect(plain(format.bytesOf(4_100_000, 9_800_000))).toBe('4,1 von 9,8 MB')
})

test('a part of a size is told in the unit of the whole', () => {
  expect(plain(format.bytesOf(4_100_000, 9_800_000))).toBe('4.1 of 9.8 MB')
  expect(plain(format.bytesOf(400, 9_800_000))).toBe('0 of 9.8 MB')
})

test.each([
  [3_210_000, '3.2 MB/s'],
  [400_000, '0.4 MB/s'],
  [80_400, '80 kB/s'],
  [0, '0 kB/s'],
])('a rate of %d is %s', (rate, text) => {
  expect(plain(format.rate(rate))).toBe(text)
})

test.each([
  [null, ''],
  [12, 'less than a minute left'],
  [118, 'about 2 min left'],
  [3569, 'about 59 min left'],
  [3600, 'about 1 h left'],
  [86_400, 'about 24 h left'],
  [90_000, 'more than a day left'],
])('%s seconds are told as "%s"', (seconds, text) => {
  expect(format.timeLeft(seconds)).toBe(text)
})

test('times are those of the window, not of the computer that runs the test', () => {
  expect(format.clockTime('2025-05-12T12:02:00Z')).toBe('14:02')
  expect(format.dayHeading('2025-05-11T22:30:00Z')).toBe('Today')
  expect(format.dayHeading('2025-05-11T21:30:00Z')).toBe('Yesterday')
  expect(format.dayHeading('2025-05-03T10:00:00Z')).toBe('Saturday 3 May')
})

test('a short time names the day, and the year when it is another one', () => {
  expect(format.shortTime('2025-05-12T07:00:00+02:00')).toBe('07:00')
  expect(format.shortTime('2025-05-11T07:00:00+02:00')).toBe('11 May')
  expect(format.shortTime('2024-12-02T07:00:00+01:00')).toBe('2 Dec 2024')
})

test('a time that cannot be read is left out', () => {
  expect(format.clockTime('soon')).toBe('')
})
