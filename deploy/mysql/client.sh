# What promote.sh and follow.sh have in common: statements for the server of this machine.
#
#   MARIADB                     the client with its options; default: mariadb, as the user root on the server's socket
#   MARIADB_ROOT_PASSWORD_FILE  of that user, where it has one; or MARIADB_ROOT_PASSWORD
#   REPLICA_PASSWORD_FILE       of the user replica, with which one server follows the other; or REPLICA_PASSWORD
# The passwords get to the client by its environment and its standard input, never as arguments, which all processes can read.
if [ -n "${MARIADB_ROOT_PASSWORD_FILE:-}" ]; then MARIADB_ROOT_PASSWORD=$(cat "$MARIADB_ROOT_PASSWORD_FILE"); fi
export MYSQL_PWD="${MYSQL_PWD:-${MARIADB_ROOT_PASSWORD:-}}"
if [ -n "${REPLICA_PASSWORD_FILE:-}" ]; then REPLICA_PASSWORD=$(cat "$REPLICA_PASSWORD_FILE"); fi
case ${REPLICA_PASSWORD:?set REPLICA_PASSWORD_FILE or REPLICA_PASSWORD} in *[!A-Za-z0-9_-]*)
  echo 'REPLICA_PASSWORD must be of letters, digits, - and _' >&2
  exit 1
esac

# Runs the statements of the standard input; stops at the first error.
statements() {
  # shellcheck disable=SC2086 # the options are words
  ${MARIADB:-mariadb --user=root} --batch --skip-column-names "$@"
}

# The value of an expression.
value() {
  echo "SELECT $1;" | statements
}

# A field of SHOW SLAVE STATUS; empty: this server follows nobody.
replica_status() {
  echo 'SHOW SLAVE STATUS\G' | statements --column-names | sed -n "s/^ *$1: //p"
}
