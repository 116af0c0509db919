/** What is said of a version of a file. */
import type { FileVersion } from '../../platform'

/** The part of the message that says where a version is. */
export function whereOf(version: FileVersion): 'now' | 'now_only' | 'dropbox' | 'kept' | 'kept_only' {
  switch (version.place) {
    case 'dropbox':
      return 'dropbox'
    case 'now':
      return version.only_here ? 'now_only' : 'now'
    case 'kept':
      return version.only_here ? 'kept_only' : 'kept'
  }
}

/** How the engine calls a version that can be had; nothing for what stands there now. */
export function idOf(version: FileVersion): string | null {
  return version.place === 'now' ? null : (version.rev ?? version.kept)
}
