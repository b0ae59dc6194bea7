#!/bin/sh
# Installs the Debian packages named as arguments without starting system services, those of packages that
# come with them included. Runs as root.
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

services() {
  ls /etc/init.d | tr '\n' ' '
}

before=" $(services)"
apt update
apt install --no-install-recommends "$@"

# Nor may the next boot start a service that nobody asked for: what was named, and what came with it.
for service in $(services); do
  case "$before" in *" $service "*) came=no ;; *) came=yes ;; esac
  case " $* " in *" $service "*) came=yes ;; esac
  if [ "$came" = yes ]; then update-rc.d "$service" disable; fi
done
