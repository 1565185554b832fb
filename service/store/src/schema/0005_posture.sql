-- What was last known of how an asset is set up, and what shifted since: see the core's module `posture`.
CREATE TABLE posture (
  asset_id INTEGER PRIMARY KEY REFERENCES asset(id),
  body TEXT NOT NULL
) STRICT;
CREATE TABLE shift (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  aspect TEXT NOT NULL,
  which TEXT NOT NULL,
  -- The value and who said so; null where there was or is none.
  before TEXT,
  before_by TEXT,
  after TEXT,
  after_by TEXT,
  -- Findings whose band moved at the same look, as a JSON list of [finding, band before, band after]; and how many there
  -- are, because a long list is cut. A finding that was later joined with another is found no more.
  moved TEXT NOT NULL,
  moved_count INTEGER NOT NULL
) STRICT;
CREATE INDEX shift_by_time ON shift(at);
-- A complete scan speaks for one namespace after the other: what lies in it must not be looked for among everything.
CREATE INDEX asset_by_namespace ON asset(cluster, namespace);
