-- True where the text of a vulnerability is the one of its CVE record: only such a text is read by a model. What was kept
-- before is told by who gave the text first.
ALTER TABLE vuln ADD COLUMN from_record INTEGER NOT NULL DEFAULT 0;
UPDATE vuln SET from_record = 1
  WHERE passage_id IN (SELECT id FROM passage WHERE kind = 'cve' AND author = 'authority');

-- What was read out of a text: one row a text and job, by the newest reader. A new text is another passage, so that what
-- was read of the old one does not speak for it.
CREATE TABLE reading (
  passage_id INTEGER NOT NULL REFERENCES passage(id) ON DELETE CASCADE,
  job TEXT NOT NULL,
  digest BLOB NOT NULL,
  by_whom TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (passage_id, job)
) STRICT, WITHOUT ROWID;
