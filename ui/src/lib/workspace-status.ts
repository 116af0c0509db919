/**
 * One workspace in a few words, with the drawing and tone that go with them.
 */
import { t } from '../i18n/index.svelte'
import type { Snapshot, Workspace } from '../platform'
import { shortTime } from './format'
import { isDown } from './status'

export type Tone = 'ok' | 'busy' | 'quiet' | 'warn'

export interface WorkspaceStatus {
  text: string
  tone: Tone
}

/** Deletions of this workspace that wait for an answer. */
function heldCount(workspace: Workspace, { held }: Snapshot): number {
  return held.filter((one) => one.workspace === workspace.id).reduce((sum, one) => sum + one.count, 0)
}

/** A folder that is there and empty stops a workspace as one that is gone does; it is called what it is. */
function missing({ id }: Workspace, { issues }: Snapshot): string {
  const isEmpty = issues.some(({ workspace, code }) => workspace === id && code === 'folder_empty')
  return isEmpty ? t('issues.code.folder_empty.title') : t('overview.workspace.folder_missing')
}

export function workspaceStatus(workspace: Workspace, snapshot: Snapshot): WorkspaceStatus {
  if (isDown(snapshot)) return { tone: 'quiet', text: t('overview.engine.down') }
  // What waits for a person comes before what goes on by itself, as in the tray.
  if (workspace.conflicts > 0 && ['idle', 'indexing', 'syncing'].includes(workspace.state))
    return { tone: 'warn', text: t('overview.workspace.conflicts', { n: workspace.conflicts }) }
  switch (workspace.state) {
    case 'idle':
      return {
        tone: 'ok',
        text: workspace.last_synced
          ? t('overview.workspace.up_to_date_at', { time: shortTime(workspace.last_synced) })
          : t('overview.workspace.up_to_date'),
      }
    case 'indexing':
      return { tone: 'busy', text: t('overview.workspace.indexing') }
    case 'syncing':
      return { tone: 'busy', text: t('overview.workspace.syncing', { n: workspace.pending_files }) }
    case 'paused':
      return {
        tone: 'quiet',
        text: workspace.paused_until
          ? t('overview.workspace.paused_until', { time: shortTime(workspace.paused_until) })
          : t('overview.workspace.paused'),
      }
    case 'offline':
      return {
        tone: 'quiet',
        text:
          workspace.pending_files > 0
            ? t('overview.workspace.waiting', { n: workspace.pending_files })
            : t('overview.workspace.offline'),
      }
    case 'guard':
      return { tone: 'warn', text: t('overview.workspace.guard', { n: heldCount(workspace, snapshot) }) }
    case 'folder_missing':
      return { tone: 'warn', text: missing(workspace, snapshot) }
    case 'needs_sign_in':
    case 'disk_full':
    case 'disk_read_only':
    case 'quota_full':
    case 'error':
      return { tone: 'warn', text: t(`overview.workspace.${workspace.state}`) }
  }
}
