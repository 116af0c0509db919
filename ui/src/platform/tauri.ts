/**
 * The app behind the windows, over Tauri's IPC, by way of the generated bindings.
 *
 * Rule: besides the bindings, the only file that knows Tauri.
 */
import { invoke } from '@tauri-apps/api/core'
import { getCurrentWebview } from '@tauri-apps/api/webview'
import { ApiError, type Api, type Events } from './api'
import { commands, events, type CallError } from './bindings'

function isCallError(error: unknown): error is CallError {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error
}

/** The same command, with failures as people and windows know them. */
function told<Args extends unknown[], T>(
  command: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  return async (...args) => {
    try {
      return await command(...args)
    } catch (error) {
      if (isCallError(error)) throw new ApiError(error.code, error.message, error.field ?? undefined)
      throw new ApiError('failed', String(error))
    }
  }
}

/** For commands that answer nothing: Rust's `()` arrives as null. */
function done<Args extends unknown[]>(
  command: (...args: Args) => Promise<null>,
): (...args: Args) => Promise<void> {
  const run = told(command)
  return async (...args) => void (await run(...args))
}

/** A command that the bindings do not name yet. */
async function later<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  return told(() => invoke<T>(command, args))()
}

/** Follows an event that concerns this window; the answer of `listen` comes later, so a goodbye waits for it. */
function follow<K extends keyof Events>(event: K, handler: (payload: Events[K]) => void): () => void {
  // Listening at this webview and not everywhere: "go to that page" is said to one window.
  const { listen } = events[event](getCurrentWebview())
  const stop = listen(({ payload }) => handler(payload as Events[K]))
  return () => void stop.then((unlisten) => unlisten())
}

export const tauriApi: Api = {
  on: follow,

  snapshot: told(commands.snapshot),
  activity: told(commands.activity),
  retry: done(commands.retry),
  renameItem: (workspace, path, newName) => later('rename_item', { workspace, path, newName }),

  conflicts: told(commands.conflicts),
  conflictContent: (id) => later('conflict_content', { id }),
  resolve: told(commands.resolve),
  undo: (id) => later('undo', { id }),
  openVersion: (id, side) => later('open_version', { id, side }),

  heldApprove: done(commands.heldApprove),
  heldRestore: done(commands.heldRestore),

  pause: (workspace, until) => later('pause', { workspace, until }),
  resume: done(commands.resume),
  syncNow: done(commands.syncNow),

  remoteFolders: (account, path) => later('remote_folders', { account, path }),
  remoteFolderCreate: (account, path) => later('remote_folder_create', { account, path }),
  checkFolder: (account, remote, local) => later('check_folder', { account, remote, local }),
  preview: (workspace) => later('preview', { workspace }),
  workspaceAdd: told(commands.workspaceAdd),
  workspaceEdit: (id, edit) => later('workspace_edit', { id, edit }),
  workspaceRemove: done(commands.workspaceRemove),
  workspaceRebuild: (id) => later('workspace_rebuild', { id }),
  workspaceRelocate: (id, newLocal) => later('workspace_relocate', { id, newLocal }),

  files: (workspace, folder) => later('files', { workspace, folder }),

  linkDefaults: told(commands.linkDefaults),
  linkCheck: told(commands.linkCheck),
  linkStart: done(commands.linkStart),
  linkCode: done(commands.linkCode),
  linkCancel: done(commands.linkCancel),
  linkState: told(commands.linkState),
  linkAcceptOther: done(commands.linkAcceptOther),
  accountUnlink: done(commands.accountUnlink),

  settings: told(commands.settings),
  settingsSet: told(commands.settingsSet),
  settingsReset: told(commands.settingsReset),
  proxyTest: () => later('proxy_test'),
  notificationTest: () => later('notification_test'),

  diagnostics: told(commands.diagnostics),
  databaseCheck: () => later('database_check'),
  logsOpen: done(commands.logsOpen),

  showWindow: done(commands.showWindow),
  closeWindow: done(commands.closeWindow),
  quit: done(commands.quit),
  chooseFolder: told(commands.chooseFolder),
  saveText: (name, text) => later('save_text', { name, text }),
  openPath: done(commands.openPath),
  showInFolder: done(commands.showInFolder),
  openWeb: done(commands.openWeb),
  openUrl: done(commands.openUrl),
  copyText: done(commands.copyText),
  restartEngine: done(commands.restartEngine),
  takeOver: done(commands.takeOver),
}
