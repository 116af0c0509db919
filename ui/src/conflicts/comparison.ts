/**
 * What can be shown of a conflict's versions, and which tabs that makes.
 *
 * Rule: a comparison that is not possible says why; the choices never depend on it, except the merge.
 */
import type { Conflict, ConflictContent, Side } from '../platform'
import { lineEnding, splitLines, type LineEnding } from './text/lines'

type TextSide = Extract<Side, { kind: 'text' }>
type ImageSide = Extract<Side, { kind: 'image' }>

/** Where a version is from. */
export type Place = 'local' | 'base' | 'remote'

export type Comparison =
  | { kind: 'text'; left: TextSide; right: TextSide; places: [Place, Place] }
  | { kind: 'images'; local: ImageSide | null; remote: ImageSide | null }
  /** Only one version is there, and the common one is not known. */
  | { kind: 'alone'; place: Place; text: TextSide }
  | { kind: 'too_large' }
  | { kind: 'unavailable'; place: Place; message: string }
  | { kind: 'nothing' }

export type Tab = 'differences' | 'merge' | 'preview' | 'details'

/** More lines are not compared. */
export const MOST_LINES = 20_000

function isTooLarge(side: Side | null): boolean {
  return side?.kind === 'too_large' || (side?.kind === 'text' && splitLines(side.text).length > MOST_LINES)
}

/** The side that is still there when the other was deleted. */
function survivor(conflict: Conflict): 'local' | 'remote' | null {
  if (conflict.kind === 'edit_delete') return 'local'
  return conflict.kind === 'delete_edit' ? 'remote' : null
}

/** What can be shown. */
export function comparisonOf(conflict: Conflict, content: ConflictContent): Comparison {
  if (conflict.kind === 'type') return { kind: 'nothing' }
  const alone = survivor(conflict)
  if (alone) return withBase(alone, content)
  const { local, remote } = content
  if (local.kind === 'unavailable') return { kind: 'unavailable', place: 'local', message: local.message }
  if (remote.kind === 'unavailable') return { kind: 'unavailable', place: 'remote', message: remote.message }
  if (isTooLarge(local) || isTooLarge(remote)) return { kind: 'too_large' }
  if (local.kind === 'text' && remote.kind === 'text') {
    return { kind: 'text', left: local, right: remote, places: ['local', 'remote'] }
  }
  const images = { local: imageOf(local), remote: imageOf(remote) }
  return images.local || images.remote ? { kind: 'images', ...images } : { kind: 'nothing' }
}

/** A version beside the one it came from, when the other side was deleted. */
function withBase(place: 'local' | 'remote', content: ConflictContent): Comparison {
  const side = content[place]
  if (side.kind === 'unavailable') return { kind: 'unavailable', place, message: side.message }
  if (isTooLarge(side)) return { kind: 'too_large' }
  if (side.kind === 'image') return { kind: 'images', local: null, remote: null, [place]: side }
  if (side.kind !== 'text') return { kind: 'nothing' }
  if (content.base?.kind !== 'text' || isTooLarge(content.base)) return { kind: 'alone', place, text: side }
  return { kind: 'text', left: side, right: content.base, places: [place, 'base'] }
}

function imageOf(side: Side): ImageSide | null {
  return side.kind === 'image' ? side : null
}

/** Whether the common version is there to merge over. */
export function canMerge(conflict: Conflict, content: ConflictContent | null): boolean {
  if (!content || (conflict.kind !== 'edit_edit' && conflict.kind !== 'new_new')) return false
  const sides = [content.local, content.base, content.remote]
  return sides.every((side) => side?.kind === 'text' && !isTooLarge(side))
}

/** The tabs that have something to show, the first one first. */
export function tabsOf(
  conflict: Conflict,
  content: ConflictContent | null,
  comparison: Comparison | null,
): Tab[] {
  switch (comparison?.kind) {
    case 'text':
      return canMerge(conflict, content)
        ? ['differences', 'merge', 'preview', 'details']
        : ['differences', 'preview', 'details']
    case 'images':
    case 'alone':
    case 'nothing':
      return conflict.kind === 'type' || conflict.kind === 'move_move' ? ['details'] : ['preview', 'details']
    default:
      return ['differences', 'details']
  }
}

/** Differences that are no lines: how the text is written down. */
export interface Notices {
  encodings: [string, string] | null
  endings: [LineEnding, LineEnding] | null
}

export function noticesOf(left: TextSide, right: TextSide): Notices {
  const endings: [LineEnding, LineEnding] = [lineEnding(left.text), lineEnding(right.text)]
  const differ = endings[0] !== endings[1] && !endings.includes('none')
  return {
    encodings: left.encoding === right.encoding ? null : [left.encoding, right.encoding],
    endings: differ ? endings : null,
  }
}
