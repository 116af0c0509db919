/** How long something runs, as one number in the largest unit that has one. */
export function ranFor(seconds: number): { unit: 'minutes' | 'hours' | 'days'; n: number } {
  if (seconds >= 86_400) return { unit: 'days', n: Math.floor(seconds / 86_400) }
  if (seconds >= 3600) return { unit: 'hours', n: Math.floor(seconds / 3600) }
  return { unit: 'minutes', n: Math.floor(seconds / 60) }
}
