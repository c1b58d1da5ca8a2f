#!/bin/sh
# What demo and tests need on a Debian machine, installed if it is missing. Root is asked for only then.
#
#   install.sh [COMMAND...]     and these commands too, of packages of the same name
set -eu

missing=
need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}
need cc gcc
need cc libc6-dev
need c++ g++
need mariadbd mariadb-server-core
need mariadb-install-db mariadb-server-core
need mariadb mariadb-client-core
need rsyslogd rsyslog
need keepalived keepalived
need setpriv util-linux
need systemd-analyze systemd
need ip iproute2
need nft nftables
need ipvsadm ipvsadm
need curl curl
need strace strace
need openssl openssl
need tmux tmux
need gdnsd gdnsd
need haproxy haproxy
need pdns_server pdns-server
need chromium chromium
need promtool prometheus
need python3 python3
# PowerDNS takes zones in files with a library of its own.
ls /usr/lib/*/pdns/libbindbackend.so >/dev/null 2>&1 || missing="$missing pdns-backend-bind"
for command; do
    need "$command" "$command"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "please install as root:$missing" >&2; exit 1; }
    as_root=sudo
fi
echo "installing from Debian's packages:$missing"
# A server that a package brings is not to be started: the tests start their own.
$as_root sh -eu -c '
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod 755 "$policy"
        trap "rm -f $policy" EXIT INT TERM
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
' sh $missing
