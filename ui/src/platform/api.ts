/**
 * All that a window may ask of the app, and what it is told. UI code knows nothing else of the outside.
 *
 * Implemented twice: over Tauri (`tauri.ts`) and in memory (`fixtures/`). Fetches no data by itself.
 *
 * Rule: a method that fails rejects with an [`ApiError`], whose message a person may read.
 */
import type {
  Activity,
  CallErrorCode,
  ChangedWhat,
  Choice,
  Conflict,
  ConflictContent,
  Diagnostics,
  Entry,
  FolderCheck,
  Kept,
  KeptRemoved,
  LinkDefaults,
  LinkFieldMessage,
  LinkRequest,
  LinkState,
  LinkWay,
  NewWorkspace,
  Preview,
  ProxyTest,
  RemoteEntry,
  Restored,
  Settings,
  Share,
  Snapshot,
  Undo,
  Undone,
  UrlKind,
  VerifyReport,
  Versions,
  WindowKind,
  Workspace,
  WorkspaceEdit,
} from './types'

/** Why a call failed. */
export class ApiError extends Error {
  constructor(
    readonly code: CallErrorCode,
    message: string,
    readonly field?: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** What the app tells a window on its own. */
export interface Events {
  snapshot: Snapshot
  link: LinkState
  changed: { what: ChangedWhat }
  navigate: { route: string }
}

export interface Api {
  /** Follows one kind of event until the returned function is called. */
  on<K extends keyof Events>(event: K, handler: (payload: Events[K]) => void): () => void

  snapshot(): Promise<Snapshot>
  activity(limit: number, workspace: string | null): Promise<Activity[]>
  /** Tries one issue again, or all. */
  retry(issue: string | null): Promise<void>
  renameItem(workspace: string, path: string, newName: string): Promise<void>

  conflicts(): Promise<Conflict[]>
  conflictContent(id: string): Promise<ConflictContent>
  /** Decides about the versions that were seen. Answers with what can be taken back, when it can. */
  resolve(seen: Conflict, choice: Choice): Promise<Undo | null>
  /** Takes a decision back, or undoes one entry of a batch. A file that changed since is not overwritten. */
  undo(id: Undo, entry?: number): Promise<Undone>
  openVersion(id: string, side: 'local' | 'remote'): Promise<void>

  /** Carries the held deletions out. */
  heldApprove(id: string): Promise<void>
  /** Brings the files back on the side where they were deleted. */
  heldRestore(id: string): Promise<void>

  /** Files that were replaced or removed here, newest first. */
  kept(): Promise<Kept[]>
  /** Puts one back; answers with where it stands. */
  keptRestore(id: string): Promise<string>
  /** Removes some for good. */
  keptRemove(ids: string[]): Promise<KeptRemoved>

  pause(workspace: string | null, until: string | null): Promise<void>
  resume(workspace: string | null): Promise<void>
  syncNow(workspace: string | null): Promise<void>

  remoteFolders(account: string, path: string): Promise<RemoteEntry[]>
  remoteFolderCreate(account: string, path: string): Promise<RemoteEntry>
  checkFolder(account: string, remote: string, local: string): Promise<FolderCheck>
  preview(workspace: NewWorkspace): Promise<Preview>
  workspaceAdd(workspace: NewWorkspace): Promise<Workspace>
  workspaceEdit(id: string, edit: WorkspaceEdit): Promise<Workspace>
  /** Answers with what of Dropbox it did not keep here. */
  workspaceRemove(id: string): Promise<string[]>
  workspaceRebuild(id: string): Promise<void>
  workspaceRelocate(id: string, local: string): Promise<Workspace>

  files(workspace: string, folder: string): Promise<Entry[]>

  linkDefaults(): Promise<LinkDefaults>
  linkCheck(request: LinkRequest): Promise<LinkFieldMessage[]>
  linkStart(request: LinkRequest, way: LinkWay): Promise<void>
  linkCode(code: string): Promise<void>
  linkCancel(): Promise<void>
  linkState(): Promise<LinkState>
  /** Adds the account that was signed in to instead of the expected one. */
  linkAcceptOther(): Promise<void>
  accountUnlink(id: string): Promise<void>

  settings(): Promise<Settings>
  settingsSet(patch: Partial<Settings>, proxyPassword: string | null): Promise<Settings>
  settingsReset(): Promise<Settings>
  proxyTest(): Promise<ProxyTest>
  notificationTest(): Promise<void>

  diagnostics(): Promise<Diagnostics>
  /** Whether all indexes are sound; one that is not is made anew. */
  databaseCheck(): Promise<boolean>
  /** Compares every file with what Dropbox says of it; takes as long as reading all of them. */
  verify(): Promise<VerifyReport[]>
  logsOpen(): Promise<void>

  showWindow(kind: WindowKind, route: string | null): Promise<void>
  closeWindow(): Promise<void>
  quit(): Promise<void>
  /** The folder a person picked, or null when they thought better of it. */
  chooseFolder(start: string | null): Promise<string | null>
  openPath(workspace: string, path: string): Promise<void>
  showInFolder(workspace: string, path: string): Promise<void>
  openWeb(workspace: string, path: string): Promise<void>
  versions(workspace: string, path: string): Promise<Versions>
  /** Makes a version the newest; it comes by syncing. */
  /** Keeps a file or folder here, or at Dropbox only. Answers with how much has to be uploaded before it leaves. */
  select(workspace: string, path: string, keep: boolean): Promise<number>
  versionRestore(workspace: string, path: string, version: string): Promise<Restored>
  /** Asks where to, and writes a copy of a version there; false when the person thought better of it. */
  versionSave(workspace: string, path: string, version: string): Promise<boolean>
  /** The link to a file or folder; made when there is none. */
  share(workspace: string, path: string): Promise<Share>
  /** Ends the link; false when there was none. */
  unshare(workspace: string, path: string): Promise<boolean>
  openUrl(kind: UrlKind): Promise<void>
  copyText(text: string): Promise<void>
  /** Asks where to, and writes a text file there; false when the person thought better of it. */
  saveText(name: string, text: string): Promise<boolean>
  /** Starts the sync process again. */
  restartEngine(): Promise<void>
  /** Asks whoever syncs this computer now to stop, and starts here. */
  takeOver(): Promise<void>
}
