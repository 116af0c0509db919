/**
 * One workspace in a few words, with the drawing and tone that go with them.
 */
import { t } from '../i18n/index.svelte'
import type { Snapshot, Workspace } from '../platform'
import { shortTime } from './format'

export type Tone = 'ok' | 'busy' | 'quiet' | 'warn'

export interface WorkspaceStatus {
  text: string
  tone: Tone
}

/** Deletions of this workspace that wait for an answer. */
function heldCount(workspace: Workspace, { held }: Snapshot): number {
  return held.filter((one) => one.workspace === workspace.id).reduce((sum, one) => sum + one.count, 0)
}

export function workspaceStatus(workspace: Workspace, snapshot: Snapshot): WorkspaceStatus {
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
    case 'needs_sign_in':
    case 'folder_missing':
    case 'disk_full':
    case 'quota_full':
    case 'error':
      return { tone: 'warn', text: t(`overview.workspace.${workspace.state}`) }
  }
}
