-- Reports, and what they said. One transaction a report.
CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  idem_key BLOB NOT NULL UNIQUE,
  sender TEXT NOT NULL,
  tool TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  format TEXT NOT NULL,
  produced_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  complete INTEGER NOT NULL,
  result TEXT NOT NULL
) STRICT;

CREATE TABLE observation (
  id INTEGER PRIMARY KEY,
  report_id INTEGER NOT NULL REFERENCES report(id),
  locator TEXT NOT NULL,
  kind TEXT NOT NULL,
  author TEXT NOT NULL,
  seen_at INTEGER,
  body TEXT NOT NULL,
  UNIQUE (report_id, locator)
) STRICT;

-- What a tool speaks for. `repository` and `version` only for images.
CREATE TABLE scope (
  id INTEGER PRIMARY KEY,
  tool TEXT NOT NULL,
  scope_key TEXT NOT NULL,
  repository TEXT,
  version TEXT,
  platform TEXT,
  digest BLOB,
  content BLOB,
  tool_version TEXT NOT NULL DEFAULT '',
  last_received INTEGER NOT NULL,
  ttl_ms INTEGER NOT NULL,
  -- Classes as bits: those that its reports have ever spoken for, and those for which a newer tag speaks now.
  spoken INTEGER NOT NULL DEFAULT 0,
  overtaken INTEGER NOT NULL DEFAULT 0,
  retired INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tool, scope_key)
) STRICT;
CREATE INDEX scope_by_repository ON scope(repository) WHERE repository IS NOT NULL;

CREATE TABLE scope_report (
  scope_id INTEGER NOT NULL REFERENCES scope(id),
  report_id INTEGER NOT NULL REFERENCES report(id),
  produced_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  spoken INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  PRIMARY KEY (scope_id, report_id)
) STRICT, WITHOUT ROWID;

-- Names of things.
CREATE TABLE asset (
  id INTEGER PRIMARY KEY,
  cluster TEXT NOT NULL,
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  owner_id INTEGER REFERENCES asset(id),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  -- When we heard that it is gone, and what the scan that said so had written on it: older reports do not bring it back.
  gone_at INTEGER,
  gone_as_of INTEGER,
  UNIQUE (cluster, kind, namespace, name)
) STRICT;
CREATE INDEX asset_by_owner ON asset(owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE asset_alias (
  cluster TEXT NOT NULL,
  alias TEXT NOT NULL,
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  PRIMARY KEY (cluster, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE vuln (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, passage_id INTEGER) STRICT;
CREATE INDEX vuln_by_passage ON vuln(passage_id) WHERE passage_id IS NOT NULL;
CREATE TABLE vuln_alias (alias TEXT PRIMARY KEY, vuln_id INTEGER NOT NULL REFERENCES vuln(id)) STRICT, WITHOUT ROWID;
CREATE INDEX vuln_alias_by_vuln ON vuln_alias(vuln_id);

CREATE TABLE package (
  id INTEGER PRIMARY KEY,
  ecosystem TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  artifact TEXT NOT NULL,
  UNIQUE (ecosystem, namespace, name, artifact)
) STRICT;

-- Which source package a binary package of an image or tree was built from, whoever said it.
CREATE TABLE built_from (
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  ecosystem TEXT NOT NULL,
  binary_name TEXT NOT NULL,
  source_name TEXT NOT NULL,
  PRIMARY KEY (asset_id, ecosystem, binary_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE control (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Findings: no score, no rank, no text.
CREATE TABLE finding (
  id INTEGER PRIMARY KEY,
  fp BLOB NOT NULL UNIQUE,
  class INTEGER NOT NULL,
  via INTEGER REFERENCES finding(id),
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  container TEXT NOT NULL,
  vuln_id INTEGER REFERENCES vuln(id),
  package_id INTEGER REFERENCES package(id),
  control_id INTEGER REFERENCES control(id),
  detail TEXT NOT NULL DEFAULT '',
  -- What is shown, and what its own sources say: they differ while a placed finding speaks for an image's.
  presence INTEGER NOT NULL,
  because INTEGER,
  own_presence INTEGER NOT NULL,
  own_because INTEGER,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  resolved_at INTEGER,
  episode INTEGER NOT NULL,
  episode_start INTEGER NOT NULL,
  clock_start INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  fix INTEGER NOT NULL,
  stage INTEGER,
  cause BLOB NOT NULL,
  -- Tail of assessment_change: band in the high bits, row of the policy's table in the low 16.
  recorded INTEGER
) STRICT;
CREATE INDEX finding_by_via ON finding(via) WHERE via IS NOT NULL;
CREATE INDEX finding_by_vuln ON finding(vuln_id) WHERE vuln_id IS NOT NULL;
CREATE INDEX finding_by_asset ON finding(asset_id);

CREATE TABLE finding_alias (fp BLOB PRIMARY KEY, finding_id INTEGER NOT NULL REFERENCES finding(id)) STRICT, WITHOUT ROWID;

CREATE TABLE sighting (
  id INTEGER PRIMARY KEY,
  finding_id INTEGER NOT NULL REFERENCES finding(id),
  scope_id INTEGER NOT NULL REFERENCES scope(id),
  component TEXT NOT NULL,
  spoken INTEGER,
  severity INTEGER NOT NULL,
  rule TEXT NOT NULL,
  version TEXT NOT NULL,
  fixed_in TEXT NOT NULL,
  title TEXT NOT NULL,
  passage_id INTEGER,
  observation_id INTEGER NOT NULL,
  report_id INTEGER NOT NULL,
  details INTEGER NOT NULL,
  doubted_at INTEGER,
  gone_at INTEGER,
  gone_because INTEGER,
  UNIQUE (finding_id, scope_id, component)
) STRICT;
CREATE INDEX sighting_by_scope ON sighting(scope_id);
CREATE INDEX sighting_by_passage ON sighting(passage_id) WHERE passage_id IS NOT NULL;

-- Facts, edges and watch windows: what the world is built from.
CREATE TABLE fact (
  id INTEGER PRIMARY KEY,
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  container TEXT NOT NULL,
  package_id INTEGER REFERENCES package(id),
  source TEXT NOT NULL,
  detail BLOB NOT NULL,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  valid_until INTEGER,
  observation_id INTEGER NOT NULL,
  report_id INTEGER NOT NULL,
  UNIQUE (asset_id, container, source, detail)
) STRICT;

CREATE TABLE edge (
  id INTEGER PRIMARY KEY,
  from_id INTEGER NOT NULL REFERENCES asset(id),
  to_id INTEGER NOT NULL REFERENCES asset(id),
  home_id INTEGER NOT NULL REFERENCES asset(id),
  source TEXT NOT NULL,
  detail BLOB NOT NULL,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  gone_at INTEGER,
  observation_id INTEGER NOT NULL,
  report_id INTEGER NOT NULL,
  UNIQUE (from_id, to_id, source, detail)
) STRICT;
CREATE INDEX edge_by_to ON edge(to_id);
CREATE INDEX edge_by_home ON edge(home_id, source);

CREATE TABLE coverage (
  id INTEGER PRIMARY KEY,
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  container TEXT NOT NULL,
  eye TEXT NOT NULL,
  instance TEXT NOT NULL,
  node TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  start_seen INTEGER NOT NULL,
  holes TEXT NOT NULL,
  report_id INTEGER NOT NULL,
  UNIQUE (asset_id, container, eye, instance, since)
) STRICT;

-- Where an image's reports speak for a running container; `carried` when they are about what it ran before, because
-- nobody has looked at what it runs now.
CREATE TABLE placement (
  asset_id INTEGER NOT NULL REFERENCES asset(id),
  container TEXT NOT NULL,
  scope_id INTEGER NOT NULL REFERENCES scope(id),
  carried INTEGER NOT NULL,
  PRIMARY KEY (asset_id, container, scope_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_by_scope ON placement(scope_id);

-- Published intelligence: the newest word a source on each question.
CREATE TABLE intel (
  vuln_id INTEGER NOT NULL REFERENCES vuln(id),
  feed TEXT NOT NULL,
  question TEXT NOT NULL,
  via TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (vuln_id, feed, question, via)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
  feed TEXT PRIMARY KEY,
  published INTEGER NOT NULL,
  imported INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  etag TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Texts, once each. Vectors follow later.
CREATE TABLE passage (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  sha256 BLOB NOT NULL UNIQUE,
  text TEXT NOT NULL,
  author TEXT NOT NULL,
  model BLOB,
  scale REAL,
  vector BLOB
) STRICT;
CREATE INDEX passage_by_model ON passage(model);
CREATE VIRTUAL TABLE passage_words USING fts5(text, content='passage', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE passage_vocab USING fts5vocab(passage_words, row);
CREATE TRIGGER passage_removed AFTER DELETE ON passage BEGIN
  INSERT INTO passage_words(passage_words, rowid, text) VALUES ('delete', old.id, old.text);
END;

-- What people concluded, and what became of it.
CREATE TABLE decision (
  id INTEGER PRIMARY KEY,
  finding_id INTEGER NOT NULL REFERENCES finding(id),
  status TEXT NOT NULL,
  justification TEXT,
  note TEXT NOT NULL,
  by_whom TEXT NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER,
  relies_on TEXT NOT NULL,
  source TEXT NOT NULL,
  passage_id INTEGER,
  revoked_at INTEGER,
  revoked_because TEXT
) STRICT;
CREATE INDEX decision_by_finding ON decision(finding_id);
CREATE INDEX decision_by_passage ON decision(passage_id) WHERE passage_id IS NOT NULL;

-- Tickets that a tracker sent under a key, and the findings that they name.
CREATE TABLE ticket (
  key TEXT PRIMARY KEY,
  passage_id INTEGER,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE ticket_finding (
  key TEXT NOT NULL REFERENCES ticket(key),
  finding_id INTEGER NOT NULL REFERENCES finding(id),
  PRIMARY KEY (key, finding_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_by_finding ON ticket_finding(finding_id);

CREATE TABLE assessment_change (
  finding_id INTEGER NOT NULL REFERENCES finding(id),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  band_from INTEGER,
  band_to INTEGER NOT NULL,
  row_id INTEGER NOT NULL,
  points INTEGER NOT NULL,
  inputs BLOB NOT NULL,
  policy TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (finding_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE explanation (
  brief_digest BLOB NOT NULL,
  catalogue TEXT NOT NULL,
  model TEXT NOT NULL,
  plan TEXT NOT NULL,
  chosen_by TEXT NOT NULL,
  because TEXT NOT NULL,
  prompt_sha BLOB NOT NULL,
  raw TEXT NOT NULL,
  ms INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (brief_digest, catalogue, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE forensic_triage (
  finding_id INTEGER PRIMARY KEY REFERENCES finding(id),
  kev_at INTEGER,
  scoped_at INTEGER,
  evidence_at INTEGER,
  evidence_ids TEXT NOT NULL DEFAULT '[]',
  verdict TEXT,
  by_whom TEXT
) STRICT;

CREATE TABLE digest (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- What changed, for those who follow; what was delivered; who did what.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  finding_id INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_by_finding ON outbox(finding_id, seq);
CREATE TABLE delivery (key TEXT PRIMARY KEY, sink TEXT NOT NULL, receipt TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;

-- Agents and callers.
CREATE TABLE token (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE TABLE sensor_batch (
  node TEXT NOT NULL,
  boot TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  report_id INTEGER NOT NULL REFERENCES report(id),
  PRIMARY KEY (node, boot, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE funnel (
  hour INTEGER NOT NULL,
  node TEXT NOT NULL,
  hook_hits INTEGER NOT NULL,
  records INTEGER NOT NULL,
  facts INTEGER NOT NULL,
  unattributed INTEGER NOT NULL,
  lost TEXT NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (hour, node)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
