#!/bin/sh
# Makes the server of this machine the primary: the first one of a new pair, or the replica of one that is lost.
#
#   promote.sh
#
# Before: the old primary is stopped, or cut off, or read-only (SET GLOBAL read_only = ON). Two that take writes is the one
# thing that loses data.
# After: let the name or the proxy of MYSQL_URL lead here. The service follows by itself. Then follow.sh on the old one.
set -eu
cd "$(dirname "$0")"
. ./client.sh

# What was received is applied before anybody writes. Semi-synchronous replication promises that it was received.
if [ -n "$(replica_status Master_Host)" ]; then
  echo 'STOP SLAVE IO_THREAD;' | statements
  received=$(replica_status Gtid_IO_Pos)
  echo 'START SLAVE SQL_THREAD;' | statements
  if [ "$(value "MASTER_GTID_WAIT('$received', 3600)")" != 0 ]; then
    echo "what this server has received is not applied: $(replica_status Last_SQL_Error)" >&2
    exit 1
  fi
fi

statements <<SQL
STOP ALL SLAVES;
RESET SLAVE ALL;
SET GLOBAL rpl_semi_sync_master_enabled = ON;
SET GLOBAL read_only = OFF;
CREATE USER IF NOT EXISTS 'replica'@'%';
ALTER USER 'replica'@'%' IDENTIFIED BY '$REPLICA_PASSWORD' REQUIRE SSL;
GRANT REPLICATION SLAVE ON *.* TO 'replica'@'%';
SQL
