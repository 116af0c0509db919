/**
 * The app behind the windows, over Tauri's IPC.
 *
 * Rule: the only file besides the generated bindings that knows Tauri.
 */
import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import { ApiError, type Api, type Events } from './api'
import type { CallErrorCode } from './types'

interface WireError {
  code: CallErrorCode
  message: string
  field?: string | null
}

function isWireError(error: unknown): error is WireError {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error
}

async function call<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  try {
    return await invoke<T>(command, args)
  } catch (error) {
    if (isWireError(error)) throw new ApiError(error.code, error.message, error.field ?? undefined)
    throw new ApiError('failed', String(error))
  }
}

/** Follows an event; `listen` answers later, so a quick goodbye has to wait for it. */
function follow<K extends keyof Events>(event: K, handler: (payload: Events[K]) => void): () => void {
  const stop = listen<Events[K]>(event, ({ payload }) => handler(payload))
  return () => void stop.then((unlisten) => unlisten())
}

export const tauriApi: Api = {
  on: follow,
  snapshot: () => call('snapshot'),
  activity: (limit, workspace) => call('activity', { limit, workspace }),
  retry: (issue) => call('retry', { issue }),
  renameItem: (workspace, path, newName) => call('rename_item', { workspace, path, newName }),
  conflicts: () => call('conflicts'),
  conflictContent: (id) => call('conflict_content', { id }),
  resolve: (id, choice) => call('resolve', { id, choice }),
  undo: (id) => call('undo', { id }),
  openVersion: (id, side) => call('open_version', { id, side }),
  heldApprove: (id) => call('held_approve', { id }),
  heldRestore: (id) => call('held_restore', { id }),
  pause: (workspace, until) => call('pause', { workspace, until }),
  resume: (workspace) => call('resume', { workspace }),
  syncNow: (workspace) => call('sync_now', { workspace }),
  remoteFolders: (account, path) => call('remote_folders', { account, path }),
  remoteFolderCreate: (account, path) => call('remote_folder_create', { account, path }),
  checkFolder: (account, remote, local) => call('check_folder', { account, remote, local }),
  preview: (workspace) => call('preview', { workspace }),
  workspaceAdd: (workspace) => call('workspace_add', { workspace }),
  workspaceEdit: (id, edit) => call('workspace_edit', { id, edit }),
  workspaceRemove: (id) => call('workspace_remove', { id }),
  workspaceRebuild: (id) => call('workspace_rebuild', { id }),
  workspaceRelocate: (id, newLocal) => call('workspace_relocate', { id, newLocal }),
  files: (workspace, folder) => call('files', { workspace, folder }),
  linkDefaults: () => call('link_defaults'),
  linkCheck: (request) => call('link_check', { request }),
  linkStart: (request, way) => call('link_start', { request, way }),
  linkCode: (code) => call('link_code', { code }),
  linkCancel: () => call('link_cancel'),
  linkState: () => call('link_state'),
  linkAcceptOther: () => call('link_accept_other'),
  accountUnlink: (id) => call('account_unlink', { id }),
  settings: () => call('settings'),
  settingsSet: (patch, proxyPassword) => call('settings_set', { patch, proxyPassword }),
  settingsReset: () => call('settings_reset'),
  proxyTest: () => call('proxy_test'),
  notificationTest: () => call('notification_test'),
  diagnostics: () => call('diagnostics'),
  databaseCheck: () => call('database_check'),
  logsOpen: () => call('logs_open'),
  showWindow: (window, route) => call('show_window', { window, route }),
  closeWindow: () => call('close_window'),
  quit: () => call('quit'),
  chooseFolder: (start) => call('choose_folder', { start }),
  openPath: (workspace, path) => call('open_path', { workspace, path }),
  showInFolder: (workspace, path) => call('show_in_folder', { workspace, path }),
  openWeb: (workspace, path) => call('open_web', { workspace, path }),
  openUrl: (kind) => call('open_url', { kind }),
  copyText: (text) => call('copy_text', { text }),
  saveText: (name, text) => call('save_text', { name, text }),
  restartEngine: () => call('restart_engine'),
  takeOver: () => call('take_over'),
}
