-- What is left of a ticket that was deleted: id, version and this time. Its customer_id is 0 and its status ''; it is removed TICKET_RETENTION_SECONDS later.
ALTER TABLE {table} ADD COLUMN deleted_at DATETIME NULL AFTER closed_at
