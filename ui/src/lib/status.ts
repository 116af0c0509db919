/**
 * The sentence that says how things stand, the same in the header of Overview, in the strip of every page
 * and, made in Rust from the same picture, in the tray.
 *
 * Rule: the first words answer "is my work safe?".
 */
import { t } from '../i18n/index.svelte'
import type { AppState, Progress, Snapshot } from '../platform'
import { bytes, count, shortTime, timeLeft } from './format'
import { isolated } from './names'

export interface Headline {
  title: string
  /** What follows the title; may be empty. */
  detail: string
  /** The detail is short and stands on the title's line. */
  beside: boolean
}

function progressDetail(progress: Progress): string {
  const parts = [
    t('overview.status.done_of', { done: bytes(progress.bytes_done), total: bytes(progress.bytes_total) }),
  ]
  if (progress.stalled) parts.push(t('overview.status.stalled'))
  else if (progress.eta_secs !== null) parts.push(timeLeft(progress.eta_secs))
  return parts.join(' · ')
}

function syncing(snapshot: Snapshot): Pick<Headline, 'title' | 'detail'> {
  const { progress, indexing } = snapshot
  if (progress?.first_sync_of != null) {
    const { first_sync_of: name, files_done: done, files_total: total } = progress
    return {
      title: t('overview.status.first_sync', { name: isolated(name), done, total }),
      detail: progressDetail(progress),
    }
  }
  if (progress) {
    return {
      title: t('overview.status.syncing', { n: progress.files_total }),
      detail: progressDetail(progress),
    }
  }
  return { title: t('overview.status.checking'), detail: indexing ? checked(snapshot) : '' }
}

/** How many files were looked at: "12,400 of about 20,000". */
export function checked({ indexing }: Pick<Snapshot, 'indexing'>): string {
  if (!indexing) return ''
  const done = count(indexing.files_done)
  return indexing.files_expected === null
    ? t('overview.status.checked_so_far', { done })
    : t('overview.status.checked_of', { done, total: count(indexing.files_expected) })
}

/** What the workspaces that need nobody are doing. */
function everythingElse({ progress, indexing, workspaces }: Snapshot): string {
  if (progress || indexing) return t('overview.status.else_syncing')
  const stopped = ['needs_sign_in', 'folder_missing', 'paused', 'offline', 'error']
  if (workspaces.every(({ state }) => stopped.includes(state))) return t('overview.status.stopped')
  return t('overview.status.else_up_to_date')
}

/** Whether nothing is synced because the sync process does not run; then no state it told is true. */
export function isDown({ engine }: Snapshot): boolean {
  return engine.kind === 'failed' || engine.kind === 'not_answering'
}

/** The state whose mark is shown. */
export function shownState(snapshot: Snapshot): AppState {
  return isDown(snapshot) ? 'attention' : snapshot.state
}

function main(snapshot: Snapshot): Headline {
  if (isDown(snapshot)) return { title: t('overview.engine.down'), detail: '', beside: false }
  if (snapshot.engine.kind === 'starting')
    return { title: t('overview.engine.starting'), detail: '', beside: false }
  switch (snapshot.state) {
    case 'not_linked':
      return { title: t('overview.status.not_linked'), detail: '', beside: false }
    case 'attention':
      return {
        title: t('overview.status.needs_you', { n: snapshot.needs_you }),
        detail: everythingElse(snapshot),
        beside: false,
      }
    case 'paused':
      return {
        title: snapshot.paused_until
          ? t('overview.status.paused_until', { time: shortTime(snapshot.paused_until) })
          : t('overview.status.paused'),
        detail: t('overview.status.paused_detail'),
        beside: false,
      }
    case 'offline':
      return {
        title: snapshot.offline_since
          ? t('overview.status.offline_since', { time: shortTime(snapshot.offline_since) })
          : t('overview.status.offline'),
        detail:
          snapshot.waiting > 0
            ? t('overview.status.waiting', { n: snapshot.waiting })
            : t('overview.status.offline_detail'),
        beside: false,
      }
    case 'syncing':
      return { ...syncing(snapshot), beside: false }
    case 'synced':
      return {
        title: t('overview.status.up_to_date'),
        detail: snapshot.last_change
          ? t('overview.status.last_change', { time: shortTime(snapshot.last_change) })
          : '',
        beside: true,
      }
  }
}

/** What is also worth a word, but changes nothing of the state. */
function suffixes({ state, notes, paused_workspaces: paused }: Snapshot): string[] {
  const parts: string[] = []
  if (notes > 0) parts.push(t('overview.status.cannot_sync', { n: notes }))
  if (paused > 0 && state !== 'paused') parts.push(t('overview.status.workspaces_paused', { n: paused }))
  return parts
}

export function headline(snapshot: Snapshot): Headline {
  const line = main(snapshot)
  if (isDown(snapshot)) return line
  // After a sentence follows a space, after anything else a dot.
  const detail = suffixes(snapshot).reduce((text, part) => {
    if (text === '') return part
    return text.endsWith('.') ? `${text} ${part}.` : `${text} · ${part}`
  }, line.detail)
  return { ...line, detail }
}

/** The same on one line, for the strip. A sentence is followed by a space, anything else by a dot. */
export function oneLine(snapshot: Snapshot): string {
  const { title, detail } = headline(snapshot)
  if (detail === '') return title
  const sentence =
    snapshot.state === 'attention' || snapshot.state === 'paused' || snapshot.state === 'offline'
  return sentence ? `${title}. ${detail}` : `${title} · ${detail}`
}

/** Clock time until which a pause that begins now lasts. */
export function pauseEnd(kind: 'quarter' | 'hour' | 'tomorrow' | 'open', now: Date): string | null {
  switch (kind) {
    case 'quarter':
      return new Date(now.getTime() + 15 * 60_000).toISOString()
    case 'hour':
      return new Date(now.getTime() + 60 * 60_000).toISOString()
    case 'tomorrow': {
      const morning = new Date(now)
      morning.setDate(morning.getDate() + 1)
      morning.setHours(7, 0, 0, 0)
      return morning.toISOString()
    }
    case 'open':
      return null
  }
}
