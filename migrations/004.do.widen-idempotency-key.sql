-- A key belongs to its caller: CALLER:KEY, of up to 64 and 255 characters. Entries of older versions hold the key alone.
ALTER TABLE {journal} MODIFY idempotency_key VARCHAR(320) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
