/**
 * Sizes, rates, times and dates as people read them, in the language and time zone of the window.
 *
 * Decimal units, at most three digits (1.31 TB, 12.4 GB, 120 MB).
 *
 * Rule: numbers and dates are formatted by `Intl` only; nothing is put together by hand but a number
 * and its unit.
 */
import { language, t } from '../i18n/index.svelte'
import { clock } from './clock.svelte'
import { dateFormat, numberFormat } from './intl'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0'

function digits(value: number, significant: number): string {
  return numberFormat(language.tag, { maximumSignificantDigits: significant }).format(value)
}

/** The unit in which a size has one to three digits before the point. */
function unitOf(bytes: number): number {
  let unit = 0
  // 999.5 and more would be shown as 1,000.
  for (let rest = bytes; rest >= 999.5 && unit < UNITS.length - 1; rest /= 1000) unit += 1
  return unit
}

function inUnit(bytes: number, unit: number): string {
  return digits(unit === 0 ? Math.round(bytes) : bytes / 1000 ** unit, 3)
}

/** A size: "12.4 GB". */
export function bytes(value: number): string {
  const unit = unitOf(value)
  return `${inUnit(value, unit)}${NBSP}${UNITS[unit]}`
}

/** A size to the byte, for those who look closely: "12,400,312 bytes". */
export function exactBytes(value: number): string {
  return t('common.bytes_exact', { n: value })
}

/** How much of a size is done, in one unit: "4.1 of 9.8 MB". */
export function bytesOf(done: number, total: number): string {
  const unit = unitOf(total)
  const oneDecimal = (value: number): string =>
    numberFormat(language.tag, {
      maximumFractionDigits: value / 1000 ** unit < 100 && unit > 0 ? 1 : 0,
    }).format(value / 1000 ** unit)
  return t('common.done_of', { done: oneDecimal(done), total: `${oneDecimal(total)}${NBSP}${UNITS[unit]}` })
}

/** A rate, steady enough to be read while it changes: "3.2 MB/s", "0.4 MB/s", "80 kB/s". */
export function rate(bytesPerSecond: number): string {
  const unit = bytesPerSecond >= 100_000 ? Math.max(2, unitOf(bytesPerSecond)) : 1
  return `${digits(bytesPerSecond / 1000 ** unit, 2)}${NBSP}${UNITS[unit]}/s`
}

/** A whole number with its grouping: "12,400". */
export function count(value: number): string {
  return numberFormat(language.tag, { maximumFractionDigits: 0 }).format(value)
}

/** A share: "31 %". */
export function percent(value: number): string {
  return t('common.percent', { n: Math.round(value) })
}

/** How long it will take, in steps that do not jump; empty when unknown. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null) return ''
  if (seconds < 60) return t('common.left.less_than_a_minute')
  if (seconds < 3570) return t('common.left.minutes', { n: Math.round(seconds / 60) })
  if (seconds <= 86_400) return t('common.left.hours', { n: Math.max(1, Math.round(seconds / 3600)) })
  return t('common.left.more_than_a_day')
}

function format(time: string | Date, options: Intl.DateTimeFormatOptions): string {
  const date = typeof time === 'string' ? new Date(time) : time
  if (Number.isNaN(date.getTime())) return ''
  return dateFormat(language.tag, { ...options, timeZone: clock.timeZone }).format(date)
}

/** Clock time: "14:05". */
export function clockTime(time: string | Date): string {
  return format(time, { hour: '2-digit', minute: '2-digit' })
}

/** A day as sorted text, "2025-05-12", to compare days in the window's time zone. */
export function dayOf(time: string | Date): string {
  const date = typeof time === 'string' ? new Date(time) : time
  // Put together from its parts: what a style looks like in a language differs from one web view to the next.
  const options = { year: 'numeric', month: '2-digit', day: '2-digit', calendar: 'gregory' } as const
  const parts = dateFormat('en-US', { ...options, timeZone: clock.timeZone }).formatToParts(date)
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** A day without a clock time: "12 May", with the year unless it is this one. */
export function day(time: string | Date, month: 'long' | 'short' = 'long'): string {
  const sameYear = dayOf(time).slice(0, 4) === dayOf(clock.now).slice(0, 4)
  return format(time, { day: 'numeric', month, year: sameYear ? undefined : 'numeric' })
}

/** "Today", "Yesterday", or the day. */
export function dayHeading(time: string | Date): string {
  const that = dayOf(time)
  if (that === dayOf(clock.now)) return t('common.today')
  if (that === dayOf(new Date(clock.now.getTime() - 86_400_000))) return t('common.yesterday')
  return format(time, { weekday: 'long', day: 'numeric', month: 'long' })
}

/** Day and clock time: "12 May 2025, 14:02". */
export function dateTime(time: string | Date): string {
  const date = format(time, { day: 'numeric', month: 'long', year: 'numeric' })
  return date === '' ? '' : t('common.date_time', { date, time: clockTime(time) })
}

/** Day and clock time to the second with the time zone, for a tooltip. */
export function fullDateTime(time: string | Date): string {
  return format(time, { dateStyle: 'full', timeStyle: 'long' })
}

/** Clock time today, otherwise the day: the shortest that is still clear. */
export function shortTime(time: string | Date): string {
  return dayOf(time) === dayOf(clock.now) ? clockTime(time) : day(time, 'short')
}
