/**
 * What of Overview a route opens: a tab, and perhaps a dialog over it.
 */
import type { Held, Issue, Snapshot, Workspace } from '../platform'

export type Tab = 'activity' | 'issues' | 'transfers'

export interface Opened {
  tab: Tab
  held: Held | null
  issue: Issue | null
  rebuild: Workspace | null
}

/** Reads `issues/w1/7`, `issues/7`, `held/3`, `rebuild/w1`, `transfers`, or nothing. */
export function opened(rest: string, snapshot: Snapshot): Opened {
  const [part, ...ids] = rest.split('/')
  const id = ids.at(-1) ?? ''
  const base: Opened = { tab: 'activity', held: null, issue: null, rebuild: null }
  switch (part) {
    case 'issues':
      return { ...base, tab: 'issues', issue: findIssue(ids, snapshot) }
    case 'transfers':
      return { ...base, tab: 'transfers' }
    case 'held':
      return { ...base, held: snapshot.held.find((one) => one.id === id) ?? null }
    case 'rebuild':
      return { ...base, rebuild: snapshot.workspaces.find((one) => one.id === id) ?? null }
    default:
      return base
  }
}

/** Ids of issues are counted for each workspace; a route from a notification may leave it out. */
function findIssue(ids: string[], { issues }: Snapshot): Issue | null {
  const id = ids.at(-1)
  const workspace = ids.length > 1 ? ids[0] : undefined
  return (
    issues.find((issue) => issue.id === id && (workspace === undefined || issue.workspace === workspace)) ??
    null
  )
}
