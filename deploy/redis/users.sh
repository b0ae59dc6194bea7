#!/bin/sh
# Prints a file of users for Redis's aclfile, with passwords:
#
#   TICKETS_PASSWORD_FILE=... REPLICA_PASSWORD_FILE=... SENTINEL_PASSWORD_FILE=... ADMIN_PASSWORD_FILE=... \
#     sh users.sh users.acl > /etc/redis/users.acl
#
# Each is the path of a file with the password; NAME_PASSWORD may hold the password itself instead. A user without a
# password cannot log in.
# Such a file takes no comments, so this is what it is about:
#
#   default   off: a client that names no user does not get in. It has all rights nevertheless: Redis reads its
#             append-only file in its name, and leaves out the transactions that it may not make, without an end to the
#             start. Every write of the service is one (https://github.com/redis/redis/issues/14541)
#   tickets   the service: what its scripts and its connections do, on its own keys and no others
#   replica   a replica at its master
#   sentinel  Sentinel at Redis and at other Sentinels (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/)
#   admin     people
#
# The patterns ~{*}... are the keys in a Cluster. KEY_PREFIX, when the service has one, is put before each pattern of
# `tickets`; it is a pattern itself, so that * ? [ ] in it want a \ before them. With a database other than 0 in
# REDIS_URL, add +select; from Redis 7.2 on, +client|setinfo keeps the name of the library visible in CLIENT LIST and
# out of ACL LOG (older ones do not know it and do not start with it).
#
# To change a password without a gap: ACL SETUSER tickets '>new', let the services have it, ACL SETUSER tickets '<old'.
set -eu

file=${1:?usage: users.sh FILE}

. "$(dirname "$0")/passwords.sh"

sha256() {
  if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}

# For the replacement of sed.
escaped() {
  printf %s "$1" | sed 's/[\\&|]/\\&/g'
}

while IFS= read -r line; do
  name=$(printf %s "$line" | cut -d ' ' -f 2)
  case $line in "user $name on "*)
    password=$(value_of "$(printf %s "$name" | tr '[:lower:]' '[:upper:]')_PASSWORD")
    if [ -n "$password" ]; then
      line="user $name on #$(printf %s "$password" | sha256) ${line#user "$name" on }"
    fi
  esac
  if [ "$name" = tickets ]; then
    line=$(printf %s "$line" | sed "s| ~| ~$(escaped "${KEY_PREFIX:-}")|g")
  fi
  printf '%s\n' "$line"
done < "$file"
