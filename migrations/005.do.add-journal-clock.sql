-- kept_at: ms of MySQL's clock at the INSERT; NULL: of a version that did not say. clock: whose ms accepted_at is in, 'redis' or 'mysql'.
ALTER TABLE {journal}
  ADD COLUMN kept_at BIGINT UNSIGNED NULL AFTER accepted_at,
  ADD COLUMN clock VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'redis' AFTER kept_at
