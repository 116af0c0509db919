-- Released formats are never edited; today's whole is in ../schema.sql.

PRAGMA application_id = 0x4C536131;
CREATE TABLE meta (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  id TEXT PRIMARY KEY NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  app_key TEXT NOT NULL,
  has_secret INTEGER NOT NULL CHECK (has_secret IN (0, 1)),
  scope TEXT NOT NULL DEFAULT '',
  redirect_url TEXT,
  endpoints TEXT NOT NULL,
  secret_store TEXT NOT NULL,
  state TEXT NOT NULL,
  root_namespace TEXT NOT NULL DEFAULT '',
  used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  allocated_bytes INTEGER NOT NULL DEFAULT 0 CHECK (allocated_bytes >= 0),
  linked_secs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  account TEXT NOT NULL,
  remote TEXT NOT NULL,
  local BLOB NOT NULL UNIQUE,
  on_conflict TEXT NOT NULL,
  excludes TEXT NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  created_secs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX workspaces_account ON workspaces (account);
