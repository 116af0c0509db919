-- Released formats are never edited; today's whole is in ../schema.sql.

ALTER TABLE activity ADD COLUMN change TEXT;
ALTER TABLE activity ADD COLUMN undo TEXT CHECK (undo IN ('wanted', 'done', 'refused'));
ALTER TABLE activity ADD COLUMN refusal TEXT;
CREATE INDEX activity_batch ON activity (batch);
CREATE INDEX activity_wanted ON activity (id) WHERE undo = 'wanted';
