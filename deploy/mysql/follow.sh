#!/bin/sh
# Makes the server of this machine the replica of another: a new one, or an old primary that has come back.
#
#   follow.sh HOST [PORT]
#
# An old primary that holds commits which the new one never received does not follow: it stops with an error instead of
# losing them silently (SHOW SLAVE STATUS). Set it up anew from a backup of the new primary, after a look at what it holds.
set -eu
host=${1:?usage: follow.sh HOST [PORT]}
port=${2:-3306}
cd "$(dirname "$0")"
. ./client.sh

statements <<SQL
SET GLOBAL read_only = ON;
STOP ALL SLAVES;
SET GLOBAL rpl_semi_sync_master_enabled = OFF;
SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_current_pos;
CHANGE MASTER TO MASTER_HOST = '$host', MASTER_PORT = $port, MASTER_USER = 'replica', MASTER_PASSWORD = '$REPLICA_PASSWORD',
  MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 5,
  MASTER_SSL = 1, MASTER_SSL_CA = '$(value @@ssl_ca)', MASTER_SSL_VERIFY_SERVER_CERT = 1;
START SLAVE;
SQL
