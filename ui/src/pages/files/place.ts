/**
 * Which folder the Files page shows, and in what order.
 */
import type { Entry, Workspace } from '../../platform'

export interface Place {
  workspace: string
  /** Path below the workspace; empty at its top. */
  folder: string
}

/** Reads `w1/Reports/2025`; without a known workspace it is the first one. */
export function placeOf(rest: string, workspaces: readonly Pick<Workspace, 'id'>[]): Place {
  const [id = '', ...parts] = rest.split('/')
  if (workspaces.some((workspace) => workspace.id === id)) return { workspace: id, folder: parts.join('/') }
  return { workspace: workspaces[0]?.id ?? '', folder: '' }
}

export function filesRoute(workspace: string, folder: string): string {
  return folder === '' ? `files/${workspace}` : `files/${workspace}/${folder}`
}

/** Folders first, then names as people count: "2" before "10". */
export function shown(entries: readonly Entry[], query: string): Entry[] {
  const wanted = query.trim().toLocaleLowerCase()
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
  return entries
    .filter((entry) => entry.name.toLocaleLowerCase().includes(wanted))
    .toSorted((a, b) => Number(b.is_folder) - Number(a.is_folder) || order.compare(a.name, b.name))
}
