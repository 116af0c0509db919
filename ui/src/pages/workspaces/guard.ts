/**
 * The two numbers that hold deletions back, as a person types them.
 *
 * Rule: the limits are those of the engine; what lies outside is told, not bent.
 */

export const LIMITS = {
  guard_files: { least: 10, most: 100_000 },
  guard_percent: { least: 5, most: 100 },
} as const

export type GuardField = keyof typeof LIMITS

/** The number that was typed, with or without grouping; null when it is none or out of bounds. */
export function guardNumber(field: GuardField, text: string): number | null {
  const digits = text.replace(/[\s.,’'\u00a0\u202f%]/g, '')
  if (!/^\d{1,6}$/.test(digits)) return null
  const value = Number(digits)
  const { least, most } = LIMITS[field]
  return value >= least && value <= most ? value : null
}
