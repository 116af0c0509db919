/** How long something runs, as one number in the largest unit that has one. */
export function ranFor(seconds: number): { unit: 'minutes' | 'hours' | 'days'; n: number } {
  if (seconds >= 86_400) return { unit: 'days', n: Math.floor(seconds / 86_400) }
  if (seconds >= 3600) return { unit: 'hours', n: Math.floor(seconds / 3600) }
  return { unit: 'minutes', n: Math.floor(seconds / 60) }
}

/** Files that are compared in a minute, as far as one may promise. */
const FILES_A_MINUTE = 1000

/** About how many minutes comparing every file takes. */
export function rebuildMinutes(files: number): number {
  return Math.max(1, Math.round(files / FILES_A_MINUTE))
}
