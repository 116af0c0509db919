-- Released formats are never edited; today's whole is in ../schema.sql.

ALTER TABLE accounts ADD COLUMN usage_secs INTEGER;
ALTER TABLE accounts ADD COLUMN reason TEXT;
ALTER TABLE workspaces ADD COLUMN paused_until_secs INTEGER;
ALTER TABLE workspaces ADD COLUMN guard_files INTEGER CHECK (guard_files > 0);
ALTER TABLE workspaces ADD COLUMN guard_percent INTEGER CHECK (guard_percent BETWEEN 1 AND 100);
UPDATE accounts SET usage_secs = linked_secs WHERE allocated_bytes > 0;
