/**
 * What keeps a workspace from syncing, in words, with what can be done: shown in its card.
 *
 * Rule: an issue that the engine raised speaks first; the state alone is told only without one.
 */
import { t } from '../../i18n/index.svelte'
import { actionsOf, words, type Action } from '../../lib/issues'
import type { Held, Issue, Snapshot, Workspace, WorkspaceState } from '../../platform'

export type Notice =
  | { kind: 'issue'; text: string; issue: Issue; actions: Action[] }
  | { kind: 'held'; text: string; held: Held }
  | { kind: 'checking'; done: number; expected: number | null }
  | { kind: 'text'; text: string }

/** States that stand for an issue of the same name, and what helps. */
const STOPPED: Partial<Record<WorkspaceState, string[]>> = {
  needs_sign_in: ['sign_in'],
  folder_missing: ['retry', 'choose_place'],
  disk_full: ['retry'],
  disk_read_only: ['retry'],
  quota_full: ['open_storage', 'retry'],
}

const fromIssue = (issue: Issue, workspace: Workspace, home: string): Notice => ({
  kind: 'issue',
  text: words(issue, workspace, home).text,
  issue,
  actions: actionsOf(issue),
})

/** Reasons that stop the whole workspace have no path. */
function ownIssue(workspace: Workspace, { issues }: Snapshot): Issue | undefined {
  return issues.find((one) => one.workspace === workspace.id && one.level === 'needs_you' && one.path === '')
}

/** The notice of a workspace; null when it runs as it should. */
export function noticeOf(workspace: Workspace, snapshot: Snapshot): Notice | null {
  const { id, state } = workspace
  const held = snapshot.held.find((one) => one.workspace === id)
  if (held) return { kind: 'held', text: t(`issues.guard.${held.deleted_on}.text`), held }
  const actions = STOPPED[state]
  const issue = ownIssue(workspace, snapshot)
  if (issue) return fromIssue(issue, workspace, snapshot.home)
  if (actions) {
    const made: Issue = {
      id: '',
      code: state,
      level: 'needs_you',
      workspace: id,
      path: '',
      message: '',
      actions,
    }
    return fromIssue(made, workspace, snapshot.home)
  }
  switch (state) {
    case 'indexing': {
      const looking = snapshot.indexing?.workspace === id ? snapshot.indexing : null
      return { kind: 'checking', done: looking?.files_done ?? 0, expected: looking?.files_expected ?? null }
    }
    case 'offline':
      return { kind: 'text', text: t('workspaces.notice.offline') }
    case 'error':
      return { kind: 'text', text: t('workspaces.notice.error') }
    default:
      return null
  }
}
