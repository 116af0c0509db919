-- The state of the application as it is today. For reading: the program runs the files of `migrations/`,
-- and a test compares their outcome with this page.

PRAGMA application_id = 0x4C536131; -- "LSa1"

-- Single values. Text.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY NOT NULL, -- open
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Linked accounts. Secrets are not here: they are in the keyring or the secrets folder.
CREATE TABLE accounts (
  id              TEXT PRIMARY KEY NOT NULL,                           -- dbid:…
  email           TEXT NOT NULL,
  name            TEXT NOT NULL,
  app_key         TEXT NOT NULL,
  has_secret      INTEGER NOT NULL CHECK (has_secret IN (0, 1)),       -- the app has a secret
  scope           TEXT NOT NULL DEFAULT '',
  redirect_url    TEXT,
  endpoints       TEXT NOT NULL,                                       -- JSON
  secret_store    TEXT NOT NULL,                                       -- kind of place where the secrets are
  state           TEXT NOT NULL,
  root_namespace  TEXT NOT NULL DEFAULT '',
  used_bytes      INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  allocated_bytes INTEGER NOT NULL DEFAULT 0 CHECK (allocated_bytes >= 0),
  linked_secs     INTEGER NOT NULL,
  usage_secs      INTEGER,                                             -- when the bytes were asked for
  reason          TEXT                                                 -- why to sign in again
) STRICT, WITHOUT ROWID;

-- Pairs of a local and a Dropbox folder. No foreign key: unlinking an account keeps its workspaces, so that
-- linking it again goes on where it stopped.
CREATE TABLE workspaces (
  id           TEXT PRIMARY KEY NOT NULL,
  name         TEXT NOT NULL,
  account      TEXT NOT NULL,
  remote       TEXT NOT NULL,
  local        BLOB NOT NULL UNIQUE,                      -- absolute path, bytes as the system has them
  on_conflict  TEXT NOT NULL,
  excludes     TEXT NOT NULL,                             -- JSON list of texts
  paused       INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  created_secs INTEGER NOT NULL,
  conflict_days INTEGER NOT NULL DEFAULT 7 CHECK (conflict_days >= 0), -- 0: conflicts wait for ever
  paused_until_secs INTEGER,                              -- resumes by itself then
  guard_files INTEGER CHECK (guard_files > 0),            -- absent: as the settings say
  guard_percent INTEGER CHECK (guard_percent BETWEEN 1 AND 100)
) STRICT, WITHOUT ROWID;
CREATE INDEX workspaces_account ON workspaces (account);
