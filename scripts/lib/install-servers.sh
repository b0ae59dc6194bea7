#!/bin/sh
# Installs the Debian packages named as arguments without starting their system services. Runs as root.
# A script of its own, so that its traps hold whatever becomes of the program that called it.
set -eu

policy=/usr/sbin/policy-rc.d

# The program that shows the output may be gone before dpkg is done.
trap '' PIPE

# 101 is the answer "action forbidden": package scripts ask this file before they start a service.
# A trap waits for the command in the foreground, so that no signal leaves dpkg half way.
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi

# Another apt, such as unattended upgrades, may hold the lock for a while.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 "$@"
}

apt update
apt install --no-install-recommends "$@"

# Nor may the next boot start a service that nobody asked for.
for package in "$@"; do
  if [ "$package" = redis-server ]; then update-rc.d redis-server disable; fi
done
