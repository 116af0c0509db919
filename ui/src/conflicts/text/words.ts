/**
 * Words that differ between two lines.
 *
 * Rule: only an aid for the eye; nothing is decided by it but which lines stand beside each other.
 */
import { diffArrays } from 'diff'

/** A part of a line. */
export interface Piece {
  text: string
  marked: boolean
}

/** Longer lines are not looked into: they are data, not prose. */
const LONGEST = 1000
/** Lines that share less are different lines, not a changed one. */
const RELATED = 0.3

const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

function words(line: string): string[] {
  return Array.from(segmenter.segment(line), ({ segment }) => segment)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

function letters(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + (isBlank(part) ? 0 : part.length), 0)
}

/** How much of two lines is the same, from 0 to 1. */
export function similarity(a: string, b: string): number {
  if (a === b) return 1
  if (a.length > LONGEST || b.length > LONGEST) return 0
  const inA = words(a)
  const inB = words(b)
  const all = letters(inA) + letters(inB)
  if (all === 0) return 1
  const same = diffArrays(inA, inB)
    .filter(({ added, removed }) => !added && !removed)
    .reduce((sum, { value }) => sum + letters(value), 0)
  return (2 * same) / all
}

/** Whether one line is the other one, changed. */
export function areRelated(a: string, b: string): boolean {
  return similarity(a, b) >= RELATED
}

/** A line in pieces; those that `other` does not have are marked. Unrelated lines carry no marks. */
export function markWords(line: string, other: string): Piece[] {
  const plain = [{ text: line, marked: false }]
  if (line === other || !areRelated(line, other)) return plain
  const pieces = diffArrays(words(other), words(line))
    .filter(({ removed }) => !removed)
    .map(({ value, added }) => ({ text: value.join(''), marked: added }))
  return joined(pieces)
}

/** Joins marks that only a blank parts, and lets none begin or end with one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const [index, piece] of pieces.entries()) {
    const bridges = !piece.marked && isBlank(piece.text) && found.at(-1)?.marked && pieces[index + 1]?.marked
    push(found, { text: piece.text, marked: piece.marked || Boolean(bridges) })
  }
  return found.flatMap(trimmed)
}

function push(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1)
  if (last && last.marked === piece.marked) last.text += piece.text
  else pieces.push(piece)
}

function trimmed(piece: Piece): Piece[] {
  if (!piece.marked) return [piece]
  const [, before = '', middle = '', after = ''] = /^(\s*)([\s\S]*?)(\s*)$/.exec(piece.text) ?? []
  return [
    { text: before, marked: false },
    { text: middle, marked: true },
    { text: after, marked: false },
  ].filter(({ text }) => text !== '')
}
