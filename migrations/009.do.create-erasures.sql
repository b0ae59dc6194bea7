-- {erasures} is TICKETS_TABLE_erasures: what is to be erased, and what was. customer_id is NULL once nothing is left of the customer.
-- up_to_ms: ms of Redis's clock, up_to_seq: the last entry of the journal; what came later stays. owner has it in hand until lease_until.
CREATE TABLE {erasures} (
  erasure_id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id     BIGINT UNSIGNED NULL,
  up_to_ms        BIGINT UNSIGNED NOT NULL,
  up_to_seq       BIGINT UNSIGNED NOT NULL,
  waiting_for     VARCHAR(16)     NULL,
  tickets         BIGINT UNSIGNED NOT NULL DEFAULT 0,
  answers         BIGINT UNSIGNED NOT NULL DEFAULT 0,
  journal_entries BIGINT UNSIGNED NOT NULL DEFAULT 0,
  requested_at    DATETIME        NOT NULL,
  finished_at     DATETIME        NULL,
  owner           CHAR(36)        CHARACTER SET ascii COLLATE ascii_bin NULL,
  lease_until     DATETIME        NULL,
  PRIMARY KEY (erasure_id),
  UNIQUE KEY open_customer (customer_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
