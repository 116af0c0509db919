/**
 * What the windows see of the engine. The shapes are declared in Rust and generated; here they get the names
 * that the windows use, and nothing else.
 *
 * Times are RFC 3339 strings, sizes are bytes. Field names are those of the wire.
 */
import type { Code, FieldMessage, OnConflict, ProblemCode, WarningCode, What } from './bindings'
import type { WorkspaceEdit as WireWorkspaceEdit } from './bindings'

export type {
  Account,
  Activity,
  AppState,
  Choice,
  Conflict,
  Connection as ProxyTest,
  ConflictContent,
  Diagnostics,
  Difference,
  Direction,
  Endpoints,
  Engine,
  EntryView as Entry,
  FileVersion,
  FolderCheck,
  Held,
  Indexing,
  Issue,
  KeptRemoved,
  KeptView as Kept,
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
  RemoteEntryView as RemoteEntry,
  Restored,
  Settings,
  ShareView as Share,
  SideContent as Side,
  Snapshot,
  Transfer,
  Undone,
  UrlKind,
  VerifyReport,
  Versions,
  VersionView as Version,
  WindowKind,
  Workspace,
  WorkspaceState,
} from './bindings'

export type CallErrorCode = Code
export type ChangedWhat = What
export type ConflictPolicy = OnConflict
export type FolderProblem = ProblemCode
export type FolderWarning = WarningCode
export type LinkFieldMessage = FieldMessage

/** Names a resolution that can be taken back, or a batch of the activity. */
export type Undo = string

/** What to change of a workspace; what is left out stays. */
export type WorkspaceEdit = { [Field in keyof WireWorkspaceEdit]?: NonNullable<WireWorkspaceEdit[Field]> }
