#!/bin/sh
# Starts Redis or Sentinel from the files of this folder:
#
#   start.sh redis.conf|replica.conf|cluster-node.conf|sentinel.conf [--option value ...]
#
#   STATE_DIRECTORY      data, users with their passwords, and what Redis or Sentinel writes to its configuration.
#                        systemd sets it from StateDirectory=; default: /data, the volume of Redis's image
#   TICKETS_PASSWORD, REPLICA_PASSWORD, SENTINEL_PASSWORD, ADMIN_PASSWORD   see users.sh; or NAME_FILE
#   KEY_PREFIX           that of the service
#   REDIS_REPLICA_OF     "host port" of the master for the first start. Later ones go by what Sentinel has decided
#   SENTINEL_MONITOR     "host port quorum" for a Sentinel's first start
#   SENTINEL_ANNOUNCE_IP the name or address by which other Sentinels and the service reach this one
#   REDIS_SERVER         the program; default: redis-server, which Valkey's image has too
set -eu
umask 077

cd "$(dirname "$0")"
file=${1:?usage: start.sh FILE [--option value ...]}
shift
state=${STATE_DIRECTORY:-/data}
own=$state/$file

. ./passwords.sh
replica_password=$(value_of REPLICA_PASSWORD)
sentinel_password=$(value_of SENTINEL_PASSWORD)

users=users.acl
if [ "$file" = sentinel.conf ]; then users=sentinel-users.acl; fi
sh users.sh "$users" > "$state/users.acl"

# A Sentinel's file is its memory: which master it has elected, which others there are. Remove it to begin anew.
if [ "$file" = sentinel.conf ]; then
  if [ ! -e "$own" ]; then
    {
      sed "s|^sentinel monitor tickets .*|sentinel monitor tickets ${SENTINEL_MONITOR:-127.0.0.1 6379 2}|" "$file"
      echo "sentinel auth-pass tickets $(quoted "$sentinel_password")"
      echo "sentinel sentinel-pass $(quoted "$sentinel_password")"
      if [ -n "${SENTINEL_ANNOUNCE_IP:-}" ]; then echo "sentinel announce-ip \"$SENTINEL_ANNOUNCE_IP\""; fi
    } > "$own.new"
    mv "$own.new" "$own"
  fi
  exec "${REDIS_SERVER:-redis-server}" "$own" --sentinel --aclfile "$state/users.acl" --dir "$state" "$@"
fi

# Written at each start, so that changes of the file in this folder count. One line of it is Redis's own: whether it
# follows a master, and which. A master that Sentinel has replaced must not come back as one.
replicaof=
if [ -e "$own" ]; then
  replicaof=$(grep '^replicaof ' "$own" || true)
elif [ -n "${REDIS_REPLICA_OF:-}" ]; then
  replicaof="replicaof $REDIS_REPLICA_OF"
fi
{
  echo "include $file"
  echo "aclfile \"$state/users.acl\""
  echo "masterauth $(quoted "$replica_password")"
  echo "dir \"$state\""
  echo "$replicaof"
} > "$own.new"
mv "$own.new" "$own"
exec "${REDIS_SERVER:-redis-server}" "$own" "$@"
