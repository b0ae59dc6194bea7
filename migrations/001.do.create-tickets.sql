-- {table} is TICKETS_TABLE. Times are UTC; the service writes them, never the server's clock.
-- version and synced_at have defaults for rows that come from elsewhere (INSERT ... SELECT of older tickets).
CREATE TABLE {table} (
  ticket_id     BIGINT UNSIGNED NOT NULL,
  customer_id   BIGINT UNSIGNED NOT NULL,
  subject       VARCHAR(255)    NULL,
  status        VARCHAR(64)     NOT NULL,
  category      VARCHAR(64)     NULL,
  priority      VARCHAR(64)     NULL,
  assigned_to   BIGINT UNSIGNED NULL,
  custom_fields JSON            NULL,
  created_at    DATETIME        NOT NULL,
  updated_at    DATETIME        NOT NULL,
  closed_at     DATETIME        NULL,
  version       BIGINT UNSIGNED NOT NULL DEFAULT 1,
  synced_at     DATETIME        NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (ticket_id),
  KEY customer_created (customer_id, created_at),
  KEY status_updated (status, updated_at),
  KEY assignee_status (assigned_to, status)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
