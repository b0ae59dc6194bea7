-- For lists by status, newest ids first, and for those by time. An index on (assigned_to, status) is there already.
ALTER TABLE {table} ADD KEY status_ticket (status, ticket_id), ADD KEY created (created_at), ADD KEY updated (updated_at)
