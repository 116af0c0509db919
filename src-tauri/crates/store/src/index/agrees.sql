-- Whether node ?1 is in a tree and its three rows do not all exist and agree: 1 or 0.
-- `dirty.rs` says the same in Rust; a test compares the two.
SELECT
  (   EXISTS (SELECT 1 FROM remote WHERE id = ?1)
   OR EXISTS (SELECT 1 FROM local WHERE id = ?1)
   OR EXISTS (SELECT 1 FROM synced WHERE id = ?1))
  AND NOT EXISTS (
    SELECT 1
    FROM synced AS s
    JOIN remote AS r ON r.id = s.id
    JOIN local AS l ON l.id = s.id
    WHERE s.id = ?1
      AND r.parent = s.parent AND l.parent = s.parent
      AND r.name = s.remote_name AND l.name = s.local_name
      AND l.usable = 1
      AND CASE
            WHEN s.content_hash IS NULL THEN r.kind = 0 AND l.kind = 1
            ELSE r.kind = 1 AND r.content_hash = s.content_hash
             AND l.kind = 0 AND l.content_hash = s.content_hash
             AND r.rev IS s.rev
          END)
