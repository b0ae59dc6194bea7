#!/bin/sh
# Makes the files of secrets that the compose files name: a password of chance in each that is not there yet, and an
# empty file for API keys and for webhooks. What is there stays as it is.
#
#   secrets.sh [DIRECTORY]      default: secrets, beside docker-compose.yml
#
# The directory is closed to all others on this machine. The files in it are not: each container reads its own as a user
# without rights, and a container sees only the files that it is given. Compose cannot do this from variables: it would copy
# them into containers, which are read-only, and `docker inspect` shows them to whoever may ask.
set -eu
directory=${1:-$(dirname "$0")/../secrets}
umask 077
mkdir -p "$directory"
chmod 700 "$directory"
umask 022

for name in redis-tickets redis-replica redis-sentinel redis-admin mysql-tickets mysql-replica mysql-root grafana-admin; do
  if [ ! -e "$directory/$name" ]; then od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$directory/$name"; fi
done
for name in api-keys prometheus-key webhooks; do
  if [ ! -e "$directory/$name" ]; then : > "$directory/$name"; fi
done
