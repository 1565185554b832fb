-- What was shown to somebody, so that it can be written again: the newest ones. The digest of each body stands in the audit
-- chain for good, under the same number.
CREATE TABLE shown (
  seq INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE,
  body TEXT NOT NULL
) STRICT;
