/**
 * What a person entered in the wizard, kept while its window is closed, and where the wizard begins.
 *
 * Deliberately without the Client Secret: it is entered again.
 *
 * Rule: what is read back may be of another version; whatever does not fit is left out.
 */
import type { Snapshot } from '../platform'

export const STEPS = ['welcome', 'link', 'folders', 'choose', 'review', 'started'] as const
export type Step = (typeof STEPS)[number]

/** What is remembered of the link page. */
export interface LinkEntries {
  keys: 'builtin' | 'own'
  client_id: string
  scope: string
  authorize_url: string
  token_url: string
  redirect_url: string
  /** Hosts that are not Dropbox's and that the person trusts. */
  trusted: string[]
}

/** What is remembered of the folders. Null stands for what was not chosen yet. */
export interface FolderEntries {
  account: string | null
  remote: string | null
  local: string | null
  name: string | null
  /** Dropbox folders, with their whole paths, that are not kept here. */
  excludes: string[]
  start_paused: boolean
}

export interface Draft {
  step: Step
  link: LinkEntries | null
  folders: FolderEntries | null
}

const KEY = 'lockstep.wizard'

type Loose = Record<string, unknown>

const loose = (value: unknown): Loose | null =>
  typeof value === 'object' && value !== null ? (value as Loose) : null
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

function linkEntries(value: unknown): LinkEntries | null {
  const found = loose(value)
  if (!found) return null
  return {
    keys: found.keys === 'builtin' ? 'builtin' : 'own',
    client_id: text(found.client_id),
    scope: text(found.scope),
    authorize_url: text(found.authorize_url),
    token_url: text(found.token_url),
    redirect_url: text(found.redirect_url),
    trusted: texts(found.trusted),
  }
}

function folderEntries(value: unknown): FolderEntries | null {
  const found = loose(value)
  if (!found) return null
  return {
    account: textOrNull(found.account),
    remote: textOrNull(found.remote),
    local: textOrNull(found.local),
    name: textOrNull(found.name),
    excludes: texts(found.excludes),
    start_paused: found.start_paused === true,
  }
}

/** Reads a draft; null when it is none. */
export function parse(stored: string | null): Draft | null {
  if (stored === null) return null
  let found: Loose | null
  try {
    found = loose(JSON.parse(stored))
  } catch {
    return null
  }
  const step = STEPS.find((one) => one === found?.step)
  if (!found || !step || step === 'started') return null
  return { step, link: linkEntries(found.link), folders: folderEntries(found.folders) }
}

export const read = (storage: Storage): Draft | null => parse(storage.getItem(KEY))
export const write = (storage: Storage, draft: Draft): void => storage.setItem(KEY, JSON.stringify(draft))
export const forget = (storage: Storage): void => storage.removeItem(KEY)

/** How the wizard begins. */
export interface Opening {
  step: Step
  /** The step from which there is no way back, only Cancel. */
  first: Step
  /** The account that signs in again. */
  relink: string | null
}

const AFTER_LINKING: Step[] = ['folders', 'choose', 'review']

/**
 * Where a route leads: nothing to go on where one was, `link` for another account, `relink/<account>` to sign
 * in again, `folders` for another workspace.
 */
export function opening(
  route: string,
  draft: Draft | null,
  snapshot: Pick<Snapshot, 'accounts' | 'workspaces'>,
): Opening {
  const [page = '', id = ''] = route.split(/\/(.*)/s)
  const linked = snapshot.accounts.length > 0
  if (page === 'link' || page === 'relink') {
    const relink = snapshot.accounts.some((account) => account.id === id) ? id : null
    return { step: 'link', first: linked ? 'link' : 'welcome', relink }
  }
  const resumed = draft && AFTER_LINKING.includes(draft.step) ? draft.step : 'folders'
  if (linked) {
    if (page === 'folders') return { step: resumed, first: 'folders', relink: null }
    const begun = draft && draft.step !== 'welcome'
    const first = snapshot.workspaces.length > 0 ? 'folders' : 'welcome'
    return { step: begun && draft.step === 'link' ? 'link' : resumed, first, relink: null }
  }
  const step = draft && draft.step !== 'welcome' ? 'link' : page === 'folders' ? 'link' : 'welcome'
  return { step, first: 'welcome', relink: null }
}
