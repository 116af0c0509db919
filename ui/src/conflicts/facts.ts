/**
 * Facts about the two versions: which is newer, whether one changed while somebody looked at it.
 *
 * Rule: nothing is guessed. A date that is missing makes nothing newer.
 */
import type { Conflict, ConflictContent, Version } from '../platform'
import { countLines } from './text/compare'
import { comparable } from './text/lines'

/** The side that was changed last; null when that is not known. */
export function newer(conflict: Conflict): 'local' | 'remote' | null {
  const local = Date.parse(conflict.local?.modified ?? '')
  const remote = Date.parse(conflict.remote?.modified ?? '')
  if (Number.isNaN(local) || Number.isNaN(remote) || local === remote) return null
  return local > remote ? 'local' : 'remote'
}

function isSame(one: Version | null, other: Version | null): boolean {
  if (one === null || other === null) return one === other
  return one.content_hash === other.content_hash && one.rev === other.rev && one.size === other.size
}

/** The side that changed between two looks at a conflict; Dropbox's when both did. */
export function changedSide(seen: Conflict, now: Conflict): 'local' | 'remote' | null {
  if (!isSame(seen.remote, now.remote)) return 'remote'
  return isSame(seen.local, now.local) ? null : 'local'
}

/** Whether both sides hold the same bytes; null when a hash is missing. */
export function isIdentical({ local, remote }: Conflict): boolean | null {
  if (!local?.content_hash || !remote?.content_hash) return null
  return local.content_hash === remote.content_hash
}

/** Lines that a side added and removed since the common version; null when there are none to tell. */
export function linesSince(
  content: ConflictContent,
  side: 'local' | 'remote',
): { added: number; removed: number } | null {
  const { base } = content
  const now = content[side]
  if (now.kind !== 'text' || base?.kind !== 'text') return null
  const [before = [], after = []] = comparable([base.text, now.text]).lines
  const counted = countLines(before, after)
  return counted.added + counted.removed === 0 ? null : counted
}
