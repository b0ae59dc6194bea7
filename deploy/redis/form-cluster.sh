#!/bin/sh
# Makes a cluster of nodes that run and are empty; done already, it does nothing.
#
#   ADMIN_PASSWORD_FILE=... form-cluster.sh REPLICAS ADDRESS:PORT ...
#
#   REPLICAS          of each master; 1 wants six nodes for three masters
#   ADDRESS           an IP address: nodes do not meet by name
#   REDIS_CLI         the program; default: redis-cli, which Valkey's image has too
#   REDIS_CLI_OPTIONS such as --tls --cacert /etc/redis/tls/ca.crt
set -eu

replicas=${1:?usage: form-cluster.sh REPLICAS ADDRESS:PORT ...}
shift
first=$1
. "$(dirname "$0")/passwords.sh"
# Not as an argument, which every process of the machine can read.
REDISCLI_AUTH=$(value_of ADMIN_PASSWORD)
: "${REDISCLI_AUTH:?set ADMIN_PASSWORD_FILE or ADMIN_PASSWORD}"
export REDISCLI_AUTH

# shellcheck disable=SC2086 -- the options are words of their own
cli() {
  "${REDIS_CLI:-redis-cli}" --user admin ${REDIS_CLI_OPTIONS:-} "$@"
}

if cli -h "${first%:*}" -p "${first##*:}" CLUSTER INFO | grep -q '^cluster_slots_assigned:16384'; then
  echo 'The cluster is there already.'
  exit
fi
cli --cluster create "$@" --cluster-replicas "$replicas" --cluster-yes
