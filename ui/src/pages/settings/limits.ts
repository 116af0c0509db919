/**
 * Limits of speed as people type them: megabytes a second, with a point or a comma.
 *
 * Rule: 0.05 to 1000 MB/s; anything else is not a limit.
 */

const BYTES = 1_000_000
const LEAST = 0.05
const MOST = 1000

/** Bytes a second, or null when the text is no allowed limit. */
export function parseLimit(text: string): number | null {
  const typed = text.trim().replace(',', '.')
  if (!/^(\d+\.?\d*|\.\d+)$/.test(typed)) return null
  const megabytes = Number(typed)
  if (megabytes < LEAST || megabytes > MOST) return null
  return Math.round(megabytes * BYTES)
}

/** A limit as it stands in its field: "5.0", "0.05". */
export function limitText(bytesPerSecond: number, tag: string): string {
  return new Intl.NumberFormat(tag, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 2,
    useGrouping: false,
  }).format(bytesPerSecond / BYTES)
}
