-- The index of one workspace as it is today. For reading: the program runs the files of `migrations/`,
-- and a test compares their outcome with this page.
--
-- Nodes are numbers over all three trees. 1 is the workspace root; it is in no table. There are no foreign
-- keys between the trees: a parent may be the root, and while rows are replaced it may be missing.

PRAGMA application_id = 0x4C537831; -- "LSx1"

-- Single values. Text, or JSON where a value has parts.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY NOT NULL, -- open, cursor, listing_generation, listing_complete, binding, first_sync_done, run, left_out, …
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers that are never given out twice.
CREATE TABLE counter (
  name TEXT PRIMARY KEY NOT NULL, -- node, op
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What Dropbox has.
CREATE TABLE remote (
  id                   INTEGER PRIMARY KEY CHECK (id > 1),
  parent               INTEGER NOT NULL CHECK (parent > 0 AND parent <> id),
  name                 BLOB NOT NULL,                                          -- as displayed
  key                  BLOB NOT NULL,                                          -- component of path_lower
  kind                 INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),          -- folder, file, undownloadable, symlink
  rid                  TEXT UNIQUE,                                            -- 'id:…'; NULL: implied by its children
  rev                  TEXT,
  size                 INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),
  content_hash         BLOB CHECK (length(content_hash) = 32),
  client_modified_secs INTEGER NOT NULL DEFAULT 0,
  server_modified_secs INTEGER NOT NULL DEFAULT 0,
  read_only            INTEGER NOT NULL DEFAULT 0 CHECK (read_only IN (0, 1)),
  modified_by          TEXT,
  generation           INTEGER NOT NULL DEFAULT 0,                             -- listing that saw it last
  UNIQUE (parent, key)
) STRICT;

-- What the disk has.
CREATE TABLE local (
  id           INTEGER PRIMARY KEY CHECK (id > 1),
  parent       INTEGER NOT NULL CHECK (parent > 0 AND parent <> id),
  name         BLOB NOT NULL,                                    -- bytes as on disk
  key          BLOB NOT NULL,                                    -- what Dropbox would fold the name to
  kind         INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),    -- file, folder, symlink, special
  dev          INTEGER NOT NULL,                                 -- 64 bits, sign without meaning; so is ino
  ino          INTEGER NOT NULL,
  btime_ns     INTEGER NOT NULL,
  size         INTEGER NOT NULL CHECK (size >= 0),
  mtime_ns     INTEGER NOT NULL,
  ctime_ns     INTEGER NOT NULL,
  mode         INTEGER NOT NULL,
  nlink        INTEGER NOT NULL,
  content_hash BLOB CHECK (length(content_hash) = 32),           -- NULL: not read yet
  blake3       BLOB CHECK (length(blake3) = 32),
  racy         INTEGER NOT NULL DEFAULT 0 CHECK (racy IN (0, 1)),
  usable       INTEGER NOT NULL DEFAULT 1 CHECK (usable IN (0, 1)),
  CHECK ((content_hash IS NULL) = (blake3 IS NULL)),
  UNIQUE (parent, name)
) STRICT;
CREATE INDEX local_key ON local (parent, key);
CREATE INDEX local_object ON local (ino, dev, btime_ns);
CREATE INDEX local_content ON local (content_hash) WHERE content_hash IS NOT NULL;
CREATE INDEX local_unread ON local (id) WHERE kind = 0 AND usable = 1 AND (content_hash IS NULL OR racy = 1);
CREATE INDEX local_folders ON local (id) WHERE kind = 1;

-- What both last agreed on: the base of every merge.
CREATE TABLE synced (
  id           INTEGER PRIMARY KEY CHECK (id > 1),
  parent       INTEGER NOT NULL CHECK (parent > 0 AND parent <> id),
  key          BLOB NOT NULL,                                 -- of remote_name
  remote_name  BLOB NOT NULL,
  local_name   BLOB NOT NULL,
  content_hash BLOB CHECK (length(content_hash) = 32),        -- NULL: a folder
  rev          TEXT,
  size         INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0)
) STRICT;
CREATE INDEX synced_key ON synced (parent, key);

-- One row: how much is in step. Kept by the triggers below.
CREATE TABLE total (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  files   INTEGER NOT NULL,
  folders INTEGER NOT NULL,
  bytes   INTEGER NOT NULL
) STRICT;
CREATE TRIGGER synced_added AFTER INSERT ON synced BEGIN
  UPDATE total SET files = files + (NEW.content_hash IS NOT NULL),
                   folders = folders + (NEW.content_hash IS NULL),
                   bytes = bytes + NEW.size;
END;
CREATE TRIGGER synced_removed AFTER DELETE ON synced BEGIN
  UPDATE total SET files = files - (OLD.content_hash IS NOT NULL),
                   folders = folders - (OLD.content_hash IS NULL),
                   bytes = bytes - OLD.size;
END;
CREATE TRIGGER synced_changed AFTER UPDATE ON synced BEGIN
  UPDATE total SET files = files + (NEW.content_hash IS NOT NULL) - (OLD.content_hash IS NOT NULL),
                   folders = folders + (NEW.content_hash IS NULL) - (OLD.content_hash IS NULL),
                   bytes = bytes - OLD.size + NEW.size;
END;

-- Nodes whose three rows do not all exist and agree. Changed in the transaction that changes a row.
CREATE TABLE dirty (
  id INTEGER PRIMARY KEY
) STRICT;

-- Nodes that left Dropbox's tree a moment ago; the feed tells a move as a deletion and a creation.
CREATE TABLE tombstone (
  rid             TEXT PRIMARY KEY NOT NULL,
  node            INTEGER NOT NULL,
  removed_at_secs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_age ON tombstone (removed_at_secs);

-- Effects of several steps that were begun (sync-engine.md 4.8).
CREATE TABLE intent (
  op      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  payload TEXT NOT NULL -- JSON
) STRICT;

-- Nodes, or paths that are no node yet, that cannot be synced now.
CREATE TABLE blocked (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  node          INTEGER,                                         -- NULL: no node
  code          TEXT NOT NULL,
  path          TEXT NOT NULL,
  detail        TEXT NOT NULL,
  since_secs    INTEGER NOT NULL,
  retry_at_secs INTEGER,                                         -- NULL: only when something changes
  attempts      INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  blocks        INTEGER NOT NULL CHECK (blocks IN (0, 1))
) STRICT;
-- Issues without a node are told apart by path, else two unreadable places would show as one.
CREATE UNIQUE INDEX blocked_once ON blocked (coalesce(node, 0), code, CASE WHEN node IS NULL THEN path ELSE '' END);

-- Files that both sides changed, waiting for a decision.
CREATE TABLE conflict (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  node          INTEGER NOT NULL UNIQUE,
  kind          TEXT NOT NULL,
  path          TEXT NOT NULL,
  detected_secs INTEGER NOT NULL,
  local         TEXT NOT NULL, -- JSON, as are the next two
  remote        TEXT NOT NULL,
  base          TEXT
) STRICT;

-- Decisions about conflicts: what is still to be carried out or undone, and what can be undone.
CREATE TABLE resolution (
  id           INTEGER PRIMARY KEY, -- from the counter of operations; also the batch in the activity
  node         INTEGER NOT NULL,
  copy         INTEGER,             -- node of the conflicted copy, when both were kept
  state        TEXT NOT NULL CHECK (state IN ('decided', 'done', 'undoing', 'copying')),
  decided_secs INTEGER NOT NULL,
  path         TEXT NOT NULL,
  detail       TEXT NOT NULL,       -- JSON: the decision, both versions, the synced row before
  content      BLOB                 -- merged content that is not on disk yet
) STRICT;
CREATE INDEX resolution_open ON resolution (node) WHERE state <> 'done';

-- Deletions too large to carry out without asking.
CREATE TABLE held (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  side          INTEGER NOT NULL CHECK (side IN (0, 1)), -- where they were deleted: local, remote
  detected_secs INTEGER NOT NULL,
  nodes         TEXT NOT NULL,                           -- JSON list of nodes
  paths         TEXT NOT NULL,                           -- JSON list of texts
  approved      INTEGER NOT NULL DEFAULT 0 CHECK (approved IN (0, 1))
) STRICT;

-- What was done, newest last; only the last ten thousand.
CREATE TABLE activity (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  time_secs INTEGER NOT NULL,
  path      TEXT NOT NULL,
  verb      TEXT NOT NULL,
  direction TEXT,
  bytes     INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  batch     INTEGER NOT NULL,
  change    TEXT,                                                -- JSON: what undoing it needs; NULL: cannot be undone
  undo      TEXT CHECK (undo IN ('wanted', 'done', 'refused')),  -- NULL: nobody asked for it
  refusal   TEXT                                                 -- why it was refused
) STRICT;
CREATE INDEX activity_batch ON activity (batch);
CREATE INDEX activity_wanted ON activity (id) WHERE undo = 'wanted';

-- Uploads under way, so that a large one goes on after a restart.
CREATE TABLE session (
  node         INTEGER PRIMARY KEY,
  session_id   TEXT NOT NULL,
  offset       INTEGER NOT NULL CHECK (offset >= 0), -- bytes the service has
  size         INTEGER NOT NULL CHECK (size >= 0),
  stat         TEXT NOT NULL,                        -- JSON: how the file looked when it was begun
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  started_secs INTEGER NOT NULL
) STRICT;
