-- How a ticket came in: email, web, chat, phone.
ALTER TABLE {table} ADD COLUMN channel VARCHAR(64) NULL AFTER priority
