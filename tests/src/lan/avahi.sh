# Avahi in a namespace of processes of its own, which takes everything with it when it ends. It needs neither the
# machine's message bus nor the accounts that a package made for it, which a user namespace does not have.
# avahi.sh BUS NAME: the address that its message bus is to have, and what the machine is called.
set -euo pipefail

settings=$(mktemp -d --tmpdir=/run)
printf '%s\n' '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"' \
    '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">' \
    "<busconfig><type>session</type><listen>$1</listen><auth>EXTERNAL</auth>" \
    '<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>' \
    >"$settings/bus.conf"
printf '%s\n' '[server]' "host-name=$2" '[publish]' 'publish-hinfo=no' 'publish-workstation=no' '[rlimits]' \
    >"$settings/avahi.conf"

# It insists on directories that belong to an account of this name.
printf '%s:x:0:0::/:/bin/sh\n' root avahi >"$settings/passwd"
printf '%s:x:0:\n' root avahi >"$settings/group"
mount --bind "$settings/passwd" /etc/passwd
mount --bind "$settings/group" /etc/group

# When this returns, the bus is there.
dbus-daemon --config-file="$settings/bus.conf" --fork
DBUS_SYSTEM_BUS_ADDRESS=$1 avahi-daemon --no-rlimits --no-drop-root --no-chroot --file="$settings/avahi.conf"
