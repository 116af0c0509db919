/**
 * What the windows see of the engine: the shapes that cross from Rust.
 *
 * Times are RFC 3339 strings, sizes are bytes. Field names are those of the wire.
 */

export type AppState = 'not_linked' | 'attention' | 'paused' | 'offline' | 'syncing' | 'synced'

export type WorkspaceState =
  | 'idle'
  | 'indexing'
  | 'syncing'
  | 'paused'
  | 'offline'
  | 'needs_sign_in'
  | 'folder_missing'
  | 'guard'
  | 'disk_full'
  | 'quota_full'
  | 'error'

export type Direction = 'up' | 'down'

/** Everything that is always on screen; pushed as one piece, at most four times a second. */
export interface Snapshot {
  state: AppState
  needs_you: number
  notes: number
  conflicts: number
  progress: Progress | null
  indexing: Indexing | null
  paused_until: string | null
  paused_workspaces: number
  offline_since: string | null
  waiting: number
  last_change: string | null
  host: string
  home: string
  accounts: Account[]
  workspaces: Workspace[]
  issues: Issue[]
  held: Held[]
  transfers: Transfer[]
  transfers_more: number
  engine: Engine
  tray: boolean
}

export type Engine =
  | { kind: 'running' }
  | { kind: 'starting' }
  | { kind: 'not_answering' }
  | { kind: 'owned_by_other'; pid: number }
  | { kind: 'failed'; message: string }

export interface Progress {
  files_done: number
  files_total: number
  bytes_done: number
  bytes_total: number
  /** Share of the batch in thousandths; it never goes back within one batch. */
  permille: number
  up_rate: number
  down_rate: number
  eta_secs: number | null
  stalled: boolean
  first_sync_of: string | null
}

export interface Indexing {
  workspace: string
  files_done: number
  files_expected: number | null
}

export interface Account {
  id: string
  email: string
  name: string
  app_key: string
  built_in_key: boolean
  endpoints: Endpoints
  redirect_url: string | null
  scope: string
  state: 'linked' | 'needs_sign_in'
  used_bytes: number | null
  allocated_bytes: number | null
  as_of: string | null
  linked_at: string | null
  reason: string | null
}

export interface Endpoints {
  authorize: string
  token: string
  api: string
  content: string
  notify: string
}

export interface Workspace {
  id: string
  name: string
  account: string
  remote: string
  local: string
  state: WorkspaceState
  files: number
  bytes: number
  last_synced: string | null
  pending_files: number
  watched_folders: number
  watching_complete: boolean
  paused_until: string | null
  on_conflict: ConflictPolicy
  /** 0 means never. */
  conflict_days: number
  guard_files: number
  guard_percent: number
  first_sync: boolean
}

export type ConflictPolicy = 'ask' | 'keep-both'

export interface Issue {
  id: string
  code: string
  level: 'needs_you' | 'note'
  workspace: string
  path: string
  message: string
  actions: string[]
}

/** Deletions that wait for an answer. */
export interface Held {
  id: string
  workspace: string
  deleted_on: 'local' | 'remote'
  detected_at: string
  count: number
  share_percent: number
  paths: string[]
  largest: { folder: string; count: number }[]
}

export interface Transfer {
  workspace: string
  path: string
  direction: Direction
  state: 'waiting' | 'transferring'
  bytes_done: number
  bytes_total: number
  rate: number
}

export interface Activity {
  time: string
  workspace: string
  path: string
  verb: 'added' | 'updated' | 'moved' | 'deleted' | 'kept' | 'conflict'
  direction: Direction | null
  bytes: number
  batch: number
}

export interface Version {
  rev: string | null
  content_hash: string | null
  size: number
  modified: string | null
  who: string | null
}

export interface Conflict {
  id: string
  workspace: string
  path: string
  kind: 'edit_edit' | 'new_new' | 'edit_delete' | 'delete_edit' | 'move_move' | 'type'
  detected_at: string
  keep_both_at: string | null
  base: Version | null
  local: Version | null
  remote: Version | null
}

export interface ConflictContent {
  local: Side
  remote: Side
  base: Side | null
}

export type Side =
  | { kind: 'text'; text: string; encoding: string; line_ending: 'lf' | 'crlf' | 'cr' | 'mixed' | 'none' }
  | { kind: 'image'; mime: string; data_url: string }
  | { kind: 'binary' }
  | { kind: 'too_large' }
  | { kind: 'unavailable'; message: string }

export type Choice =
  | { keep: 'local' }
  | { keep: 'remote' }
  | { keep: 'both'; name: string | null }
  | { keep: 'merged'; text: string }

/** Names a resolution that can be taken back. */
export type Undo = string

export interface Entry {
  name: string
  path: string
  is_folder: boolean
  status: 'synced' | 'syncing' | 'waiting' | 'conflict' | 'not_here' | 'cannot_sync'
  size: number
  modified: string | null
}

export interface RemoteEntry {
  name: string
  path: string
  is_folder: boolean
  size: number | null
}

export interface FolderCheck {
  problems: { code: FolderProblem; detail: string | null }[]
  warnings: { code: FolderWarning; detail: string | null }[]
  items: number
  free_local: number
  free_remote: number | null
}

export type FolderProblem =
  | 'disk_root'
  | 'home_root'
  | 'system_folder'
  | 'nested_local'
  | 'nested_remote'
  | 'dropbox_app'
  | 'no_space'
  | 'not_a_folder'
  | 'no_permission'

export type FolderWarning = 'other_sync_tool' | 'network_disk' | 'removable_disk' | 'case_insensitive'

/** What a first sync would do. */
export interface Preview {
  download: PreviewPart
  upload: PreviewPart
  identical: PreviewPart
  conflicts: PreviewPart
  cannot_sync: PreviewPart
}

export interface PreviewPart {
  files: number
  bytes: number
  sample: { path: string; bytes: number; reason: string | null }[]
}

export interface NewWorkspace {
  account: string
  remote: string
  local: string
  name: string
  excludes: string[]
  on_conflict: ConflictPolicy
  start_paused: boolean
}

export interface WorkspaceEdit {
  name?: string
  on_conflict?: ConflictPolicy
  conflict_days?: number
  guard_files?: number
  guard_percent?: number
}

export interface LinkRequest {
  client_id: string
  client_secret: string
  scope: string
  authorize_url: string
  token_url: string
  redirect_url: string
  trust_host: boolean
  /** Origin of a test server; null for Dropbox. */
  api_origin: string | null
  /** Account that signs in again. */
  relink: string | null
  secret_store: 'keyring' | 'memory' | 'file'
}

export type LinkWay = 'window' | 'browser' | 'paste'

export type LinkState =
  | { kind: 'idle' }
  | { kind: 'waiting'; way: LinkWay; host: string; url: string; google: boolean }
  | { kind: 'exchanging' }
  | { kind: 'linked'; account: Account }
  | { kind: 'failed'; error: LinkError }

export interface LinkError {
  code:
    | 'redirect_mismatch'
    | 'bad_client'
    | 'user_limit'
    | 'denied'
    | 'code_expired'
    | 'state'
    | 'scope'
    | 'port'
    | 'offline'
    | 'tls'
    | 'page_error'
    | 'timeout'
    | 'keychain'
    | 'wrong_account'
    | 'other'
  dropbox_says: string | null
  /** Host, port, scopes or e-mail address, depending on the code. */
  detail: string | null
}

export interface LinkDefaults {
  built_in_key: boolean
  client_id: string
  authorize_url: string
  token_url: string
  redirect_url: string
  way: LinkWay
}

export interface LinkFieldMessage {
  field: string
  level: 'error' | 'warning'
  code: string
  /** A host, permission or port that it is about. */
  detail: string | null
}

export interface Settings {
  theme: 'system' | 'light' | 'dark'
  contrast: 'system' | 'more'
  language: 'system' | 'en' | 'de'
  text_size: number
  tray_icon: 'automatic' | 'light' | 'dark' | 'colour'
  single_letter_keys: boolean
  autostart: boolean
  /** Why that cannot be switched on here. */
  autostart_error: string | null
  notify_conflicts: boolean
  notify_needs_you: boolean
  notify_changes: boolean
  notify_first_sync: boolean
  hide_names: boolean
  snooze_until: string | null
  /** Bytes a second; 0 for none. */
  upload_limit: number
  download_limit: number
  parallel_transfers: number
  proxy: Proxy
  debounce_ms: number
  log_level: 'normal' | 'verbose'
  sign_in_way: LinkWay
}

export type Proxy =
  | { kind: 'system' }
  | { kind: 'none' }
  | { kind: 'http' | 'socks5'; host: string; port: number; user: string; has_password: boolean }

export interface ProxyTest {
  ok: boolean
  millis: number | null
  message: string | null
}

export interface Diagnostics {
  version: string
  build: string
  running_secs: number
  index_files: number
  index_bytes: number
  watched_folders: number
  database: 'ok' | 'checking' | 'damaged'
  logs: string
  licences: string
}

export type CallErrorCode =
  'bad_input' | 'not_found' | 'not_linked' | 'changed' | 'offline' | 'failed' | 'not_running'

export type WindowKind = 'main' | 'wizard' | 'conflicts'

export type ChangedWhat =
  'activity' | 'conflicts' | 'issues' | 'held' | 'accounts' | 'workspaces' | 'settings'

export type UrlKind =
  'app_console' | 'storage' | 'website' | 'dropbox' | 'privacy' | 'watch_limit' | 'licences'
