/**
 * The name that this computer's version gets when both are kept.
 *
 * The engine chooses the name in the end; it adds a number when it is taken. What stands here is what it does
 * in all but these rare cases.
 */
import { visible } from '../lib/names'

/** Longest ending that is kept apart; what is longer is a name with a dot in it. */
const LONGEST_ENDING = 32
/** Longest name of a file, in bytes. */
const LONGEST = 255
const EARLIER = / \([^()]*conflicted copy(?: \d{4}-\d{2}-\d{2})?\)(?: \(\d+\))?$/

function split(name: string): [stem: string, ending: string] {
  const dot = name.lastIndexOf('.')
  if (dot <= 0 || name.length - dot < 2 || name.length - dot > LONGEST_ENDING) return [name, '']
  const tar = name.slice(0, dot).toLowerCase().endsWith('.tar') && dot > 4 ? dot - 4 : dot
  return [name.slice(0, tar), name.slice(tar)]
}

/** "Report (lena-laptop's conflicted copy 2025-05-12).md" */
export function copyName(name: string, host: string, day: string): string {
  const [stem, ending] = split(name)
  const bare = stem.replace(EARLIER, '') || stem
  return `${bare} (${host}'s conflicted copy ${day})${ending}`
}

export type NameProblem = 'empty' | 'slash' | 'same' | 'long' | 'characters'

/** What is wrong with a name that a person typed; null when nothing is. */
export function nameProblem(name: string, original: string): NameProblem | null {
  if (name.trim() === '' || name === '.' || name === '..') return 'empty'
  if (/[/\\]/.test(name)) return 'slash'
  if (visible(name) !== name || name !== name.trim()) return 'characters'
  if (new TextEncoder().encode(name).length > LONGEST) return 'long'
  return name.toLowerCase() === original.toLowerCase() ? 'same' : null
}
