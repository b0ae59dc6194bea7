# What start.sh, users.sh and form-cluster.sh have in common: passwords from the environment or from files.

# The value of NAME, or the content of the file that NAME_FILE names, read as the service reads it: one line, in which
# line ends and a byte order mark of any editor do not count. To be assigned, so that a fault ends the script.
value_of() {
  eval "value=\${$1:-} file_of_value=\${$1_FILE:-}"
  if [ -n "$file_of_value" ]; then
    # The dot keeps the line ends for what counts them.
    value=$(cat "$file_of_value" && printf .) || return 1
    value=${value%.}
    value=${value#"$(printf '\357\273\277')"}
    while :; do
      case $value in
        *"$newline" | *"$carriage_return") value=${value%?} ;;
        *) break ;;
      esac
    done
  fi
  case $value in *"$newline"* | *"$carriage_return"*)
    echo "$1 must be one line" >&2
    return 1
  esac
  printf %s "$value"
}

newline='
'
carriage_return=$(printf '\r')

# As a word of Redis's configuration.
quoted() {
  printf '"%s"' "$(printf %s "$1" | sed 's/["\\]/\\&/g')"
}
