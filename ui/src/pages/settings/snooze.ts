/**
 * Muting notifications for a while.
 *
 * Rule: a snooze that is over is off, whatever is still stored.
 */

/** Lengths that are offered, in minutes. */
export const SNOOZE_MINUTES = [30, 60, 480] as const

/** The end of the snooze that holds now; null when none does. */
export function snoozedUntil(stored: string | null, now: Date): string | null {
  const end = stored === null ? Number.NaN : Date.parse(stored)
  return end > now.getTime() ? stored : null
}

/** The end of a snooze that begins now. */
export function snoozeEnd(minutes: number, now: Date): string {
  return new Date(now.getTime() + minutes * 60_000).toISOString()
}
