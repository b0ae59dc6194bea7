-- {journal} is TICKETS_TABLE_journal: writes that were accepted while Redis was away, in their order.
-- accepted_at is in ms of Redis's clock; fields is JSON as it came, kept as text so that it stays that.
-- partition_index: of the Cluster's partition; 0 without one. settle_key: by which an operator's apply is made once.
-- state: pending, or conflict with a reason. An entry that was made is deleted.
CREATE TABLE {journal} (
  seq             BIGINT UNSIGNED   NOT NULL AUTO_INCREMENT,
  ticket_id       BIGINT UNSIGNED   NOT NULL,
  partition_index SMALLINT UNSIGNED NOT NULL,
  op              VARCHAR(8)        NOT NULL,
  fields          MEDIUMTEXT        NOT NULL,
  if_match        TEXT              NULL,
  accepted_at     BIGINT UNSIGNED   NOT NULL,
  idempotency_key VARCHAR(255)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint     VARCHAR(64)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  operation_index SMALLINT UNSIGNED NOT NULL,
  state           VARCHAR(16)       NOT NULL DEFAULT 'pending',
  reason          VARCHAR(1024)     NULL,
  settle_key      CHAR(36)          CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY applied_once (idempotency_key, operation_index),
  KEY state_seq (state, seq),
  KEY state_partition (state, partition_index, seq),
  KEY ticket_state (ticket_id, state, seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
