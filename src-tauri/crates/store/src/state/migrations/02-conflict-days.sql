-- Released formats are never edited; today's whole is in ../schema.sql.

ALTER TABLE workspaces ADD COLUMN conflict_days INTEGER NOT NULL DEFAULT 7 CHECK (conflict_days >= 0);
