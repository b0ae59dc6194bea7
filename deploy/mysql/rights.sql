-- What the service's user may do: on its own database, and nothing anywhere else. No FILE, no SUPER, no right of the whole server.
-- Compose runs it at the first start, instead of the ALL that the images give. By hand: after CREATE DATABASE and CREATE USER.
REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'tickets'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON tickets.* TO 'tickets'@'%';
-- For migrations. With MYSQL_MIGRATE=false another user may have these, who runs npm run migrate.
GRANT CREATE, ALTER, INDEX ON tickets.* TO 'tickets'@'%';
