# A LAN of network namespaces: hosts h1, h2, … on one switch, with no way out and no name server. It is run in a user
# namespace of its own, in which it may do that, and which takes everything with it when it ends.
# lan.sh HOSTS: says that the LAN is there, and keeps it until stdin ends.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

# Where ip keeps the names of namespaces.
mount -t tmpfs tmpfs /run
mkdir /run/netns

# A bridge by itself waits before it forwards, and keeps multicast from those who have not asked for it yet.
ip netns add switch
ip netns exec switch sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ip -n switch link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
ip -n switch link set br0 up

for i in $(seq 1 "$1"); do
    ip netns add "h$i"
    # A link-local address could otherwise not be used before nobody else has claimed it for a second.
    ip netns exec "h$i" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
        net.ipv6.conf.default.router_solicitations=0
    ip -n "h$i" link set lo up
    ip link add eth0 netns "h$i" type veth peer name "p$i" netns switch
    ip -n switch link set "p$i" master br0 up
    ip -n "h$i" addr add "10.77.0.$i/24" dev eth0
    ip -n "h$i" link set eth0 up
done

echo ready
read -r _ || true
