/**
 * What the windows see of the engine. The shapes are declared in Rust and generated; here they get the names
 * that the windows use, and nothing else.
 *
 * Times are RFC 3339 strings, sizes are bytes. Field names are those of the wire.
 */
import type {
  Code,
  FieldMessage,
  FolderProblemCode,
  FolderWarningCode,
  OnConflict,
  What,
  WorkspaceEdit as WireWorkspaceEdit,
} from './bindings'

export type {
  Account,
  Activity,
  AppState,
  Choice,
  Conflict,
  ConflictContent,
  Diagnostics,
  Direction,
  Endpoints,
  Engine,
  Entry,
  FolderCheck,
  Held,
  Indexing,
  Issue,
  LinkDefaults,
  LinkError,
  LinkRequest,
  LinkState,
  LinkWay,
  NewWorkspace,
  Preview,
  PreviewPart,
  Progress,
  Proxy,
  ProxyTest,
  RemoteEntry,
  Settings,
  Side,
  Snapshot,
  Transfer,
  UrlKind,
  Version,
  WindowKind,
  Workspace,
  WorkspaceState,
} from './bindings'

export type CallErrorCode = Code
export type ChangedWhat = What
export type ConflictPolicy = OnConflict
export type FolderProblem = FolderProblemCode
export type FolderWarning = FolderWarningCode
export type LinkFieldMessage = FieldMessage

/** Names a resolution that can be taken back. */
export type Undo = string

/** What to change of a workspace; what is left out stays. */
export type WorkspaceEdit = { [Field in keyof WireWorkspaceEdit]?: NonNullable<WireWorkspaceEdit[Field]> }

/** How taking a resolution back ended. */
export interface Undone {
  outcome: 'reopened' | 'copied' | 'kept' | 'waiting'
  /** Paths below the workspace of the copies that were made. */
  copies: string[]
  message: string
}
