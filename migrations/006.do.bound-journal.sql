-- Keys are compared binary and NO PAD: with ascii_bin, which pads, "k " was "k". MySQL and MariaDB have that under different names, and
-- each reads its own comment. Still text, because an older version of the service, which may run meanwhile, reads text.
-- bytes: what an entry costs those who read it; by its indexes entries are counted without being read. caller: the API key's name; '': none.
ALTER TABLE {journal}
  MODIFY idempotency_key VARCHAR(320) CHARACTER SET /*!80017 utf8mb4 COLLATE utf8mb4_0900_bin */ /*M!100203 ascii COLLATE ascii_nopad_bin */ NOT NULL,
  ADD COLUMN bytes INT UNSIGNED AS (LENGTH(fields) + COALESCE(LENGTH(if_match), 0)) STORED,
  ADD COLUMN caller VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  DROP KEY ticket_state,
  ADD KEY ticket_state (ticket_id, state, seq, bytes),
  ADD KEY caller_bytes (caller, bytes)
