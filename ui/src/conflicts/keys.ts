/**
 * What the keys do while conflicts are on screen, as a table.
 *
 * Rule: a letter or digit does something only if nobody is typing and single-letter keys are on.
 */

export type Command =
  | { name: 'choose'; index: number }
  | { name: 'file'; step: 1 | -1 }
  | { name: 'difference'; step: 1 | -1 }
  | { name: 'take'; side: 'local' | 'remote' | 'both' }
  | { name: 'same' }
  | { name: 'apply' }
  | { name: 'skip' }

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

export interface Situation {
  typing: boolean
  /** The setting that allows keys without Ctrl. */
  letters: boolean
  /** The merge is on screen. */
  merging: boolean
}

const LETTERS: Record<string, Command> = {
  '1': { name: 'choose', index: 0 },
  '2': { name: 'choose', index: 1 },
  '3': { name: 'choose', index: 2 },
  '4': { name: 'choose', index: 3 },
  j: { name: 'file', step: 1 },
  k: { name: 'file', step: -1 },
  n: { name: 'difference', step: 1 },
  a: { name: 'same' },
  s: { name: 'skip' },
}

const MERGE_LETTERS: Record<string, Command> = {
  h: { name: 'take', side: 'local' },
  d: { name: 'take', side: 'remote' },
  b: { name: 'take', side: 'both' },
}

/** What a key press means; null when it means nothing here. */
export function commandOf(press: Press, { typing, letters, merging }: Situation): Command | null {
  if (press.key === 'Enter' && (press.ctrlKey || press.metaKey) && !press.altKey) return { name: 'apply' }
  if (press.altKey && !press.ctrlKey && !press.metaKey) {
    if (press.key === 'ArrowDown') return { name: 'file', step: 1 }
    return press.key === 'ArrowUp' ? { name: 'file', step: -1 } : null
  }
  if (typing || !letters || press.ctrlKey || press.metaKey || press.altKey) return null
  const letter = press.key.toLowerCase()
  if (press.shiftKey) return letter === 'n' ? { name: 'difference', step: -1 } : null
  return LETTERS[letter] ?? (merging ? (MERGE_LETTERS[letter] ?? null) : null)
}
