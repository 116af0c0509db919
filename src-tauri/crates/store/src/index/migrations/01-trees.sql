-- Released formats are never edited; today's whole is in ../schema.sql.

PRAGMA application_id = 0x4C537831;
CREATE TABLE meta (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
  name TEXT PRIMARY KEY NOT NULL,
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE remote (
  id INTEGER PRIMARY KEY CHECK (id > 1),
  parent INTEGER NOT NULL CHECK (parent > 0 AND parent <> id),
  name BLOB NOT NULL,
  key BLOB NOT NULL,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
  rid TEXT UNIQUE,
  rev TEXT,
  size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),
  content_hash BLOB CHECK (length(content_hash) = 32),
  client_modified_secs INTEGER NOT NULL DEFAULT 0,
  server_modified_secs INTEGER NOT NULL DEFAULT 0,
  read_only INTEGER NOT NULL DEFAULT 0 CHECK (read_only IN (0, 1)),
  modified_by TEXT,
  generation INTEGER NOT NULL DEFAULT 0,
  UNIQUE (parent, key)
) STRICT;

CREATE TABLE local (
  id INTEGER PRIMARY KEY CHECK (id > 1),
  parent INTEGER NOT NULL CHECK (parent > 0 AND parent <> id),
  name BLOB NOT NULL,
  key BLOB NOT NULL,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
  dev INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  btime_ns INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  mtime_ns INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  nlink INTEGER NOT NULL,
  content_hash BLOB CHECK (length(content_hash) = 32),
  blake3 BLOB CHECK (length(blake3) = 32),
  racy INTEGER NOT NULL DEFAULT 0 CHECK (racy IN (0, 1)),
  usable INTEGER NOT NULL DEFAULT 1 CHECK (usable IN (0, 1)),
  CHECK ((content_hash IS NULL) = (blake3 IS NULL)),
  UNIQUE (parent, name)
) STRICT;
CREATE INDEX local_key ON local (parent, key);
CREATE INDEX local_object ON local (ino, dev, btime_ns);
CREATE INDEX local_content ON local (content_hash) WHERE content_hash IS NOT NULL;
CREATE INDEX local_unread ON local (id) WHERE kind = 0 AND usable = 1 AND (content_hash IS NULL OR racy = 1);
CREATE INDEX local_folders ON local (id) WHERE kind = 1;
CREATE TABLE synced (
  id INTEGER PRIMARY KEY CHECK (id > 1),
  parent INTEGER NOT NULL CHECK (parent > 0 AND parent <> id),
  key BLOB NOT NULL,
  remote_name BLOB NOT NULL,
  local_name BLOB NOT NULL,
  content_hash BLOB CHECK (length(content_hash) = 32),
  rev TEXT,
  size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0)
) STRICT;
CREATE INDEX synced_key ON synced (parent, key);
CREATE TABLE total (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  files INTEGER NOT NULL,
  folders INTEGER NOT NULL,
  bytes INTEGER NOT NULL
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
CREATE TABLE dirty (
  id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE tombstone (
  rid TEXT PRIMARY KEY NOT NULL,
  node INTEGER NOT NULL,
  removed_at_secs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_age ON tombstone (removed_at_secs);
CREATE TABLE intent (
  op INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE TABLE blocked (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  node INTEGER,
  code TEXT NOT NULL,
  path TEXT NOT NULL,
  detail TEXT NOT NULL,
  since_secs INTEGER NOT NULL,
  retry_at_secs INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  blocks INTEGER NOT NULL CHECK (blocks IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX blocked_once ON blocked (coalesce(node, 0), code, CASE WHEN node IS NULL THEN path ELSE '' END);
CREATE TABLE conflict (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  node INTEGER NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  detected_secs INTEGER NOT NULL,
  local TEXT NOT NULL,
  remote TEXT NOT NULL,
  base TEXT
) STRICT;

CREATE TABLE held (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  side INTEGER NOT NULL CHECK (side IN (0, 1)),
  detected_secs INTEGER NOT NULL,
  nodes TEXT NOT NULL,
  paths TEXT NOT NULL,
  approved INTEGER NOT NULL DEFAULT 0 CHECK (approved IN (0, 1))
) STRICT;

CREATE TABLE activity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_secs INTEGER NOT NULL,
  path TEXT NOT NULL,
  verb TEXT NOT NULL,
  direction TEXT,
  bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  batch INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
  node INTEGER PRIMARY KEY,
  session_id TEXT NOT NULL,
  offset INTEGER NOT NULL CHECK (offset >= 0),
  size INTEGER NOT NULL CHECK (size >= 0),
  stat TEXT NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  started_secs INTEGER NOT NULL
) STRICT;

INSERT INTO counter (name, last) VALUES ('node', 1), ('op', 0);
INSERT INTO total (id, files, folders, bytes) VALUES (1, 0, 0, 0);
