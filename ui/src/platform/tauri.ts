/**
 * The app behind the windows, over Tauri's IPC, by way of the generated bindings.
 *
 * Rule: besides the bindings, the only file that knows Tauri.
 */
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
  renameItem: done(commands.renameItem),

  conflicts: told(commands.conflicts),
  conflictContent: told(commands.conflictContent),
  resolve: (seen, choice) =>
    told(commands.resolve)(seen.id, choice, {
      local_hash: seen.local?.content_hash ?? null,
      remote_rev: seen.remote?.rev ?? null,
    }),
  undo: (id, entry) => told(commands.undo)(id, entry ?? null),
  openVersion: done(commands.openVersion),

  heldApprove: done(commands.heldApprove),
  heldRestore: done(commands.heldRestore),

  kept: told(commands.kept),
  keptRestore: told(commands.keptRestore),
  keptRemove: told(commands.keptRemove),

  pause: done(commands.pause),
  resume: done(commands.resume),
  syncNow: done(commands.syncNow),

  remoteFolders: told(commands.remoteFolders),
  remoteFolderCreate: told(commands.remoteFolderCreate),
  checkFolder: told(commands.checkFolder),
  preview: told(commands.preview),
  workspaceAdd: told(commands.workspaceAdd),
  workspaceEdit: told(commands.workspaceEdit),
  workspaceRemove: told(commands.workspaceRemove),
  workspaceRebuild: done(commands.workspaceRebuild),
  workspaceRelocate: told(commands.workspaceRelocate),

  files: told(commands.files),

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
  proxyTest: told(commands.proxyTest),
  notificationTest: done(commands.notificationTest),

  diagnostics: told(commands.diagnostics),
  databaseCheck: told(commands.databaseCheck),
  verify: told(commands.verify),
  logsOpen: done(commands.logsOpen),

  showWindow: done(commands.showWindow),
  closeWindow: done(commands.closeWindow),
  quit: done(commands.quit),
  chooseFolder: told(commands.chooseFolder),
  saveText: told(commands.saveText),
  openPath: done(commands.openPath),
  showInFolder: done(commands.showInFolder),
  openWeb: done(commands.openWeb),
  versions: told(commands.versions),
  versionRestore: told(commands.versionRestore),
  select: told(commands.select),
  versionSave: told(commands.versionSave),
  share: told(commands.share),
  unshare: told(commands.unshare),
  openUrl: done(commands.openUrl),
  copyText: done(commands.copyText),
  restartEngine: done(commands.restartEngine),
  takeOver: done(commands.takeOver),
}
