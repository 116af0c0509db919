/**
 * Which kept files are meant, and how many they are.
 */
import type { Kept } from '../../platform'

/** Ages that can be chosen, in days; 0 is all. */
export const AGES = [90, 30, 7, 1, 0] as const

const DAY_MS = 24 * 3_600_000

/** Those that were replaced or removed so many days ago, or earlier. */
export function olderThan(kept: readonly Kept[], days: number, now: number): Kept[] {
  return kept.filter((one) => now - Date.parse(one.kept_at) >= days * DAY_MS)
}

export interface Sum {
  files: number
  bytes: number
  /** Files among them that Dropbox never had. */
  only: number
}

export function sumOf(kept: readonly Kept[]): Sum {
  const sum = { files: 0, bytes: 0, only: 0 }
  for (const one of kept) {
    sum.files += one.files
    sum.bytes += one.bytes
    if (!one.on_dropbox) sum.only += one.files
  }
  return sum
}
