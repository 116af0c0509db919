-- Released formats are never edited; today's whole is in ../schema.sql.

CREATE TABLE resolution (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL,
  copy INTEGER,
  state TEXT NOT NULL CHECK (state IN ('decided', 'done', 'undoing', 'copying')),
  decided_secs INTEGER NOT NULL,
  path TEXT NOT NULL,
  detail TEXT NOT NULL,
  content BLOB
) STRICT;
CREATE INDEX resolution_open ON resolution (node) WHERE state <> 'done';
