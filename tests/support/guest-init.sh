#!/bin/sh
# The first process of a guest (tests/support/guest.rs): its surroundings, the command it was booted for, and power off.
# In its own folder it finds `settings`, and leaves `log` and `status`.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TMPDIR=/run/tmp
out=$(dirname "$0")
. "$out/settings"

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
# The rest is the host's, and read-only.
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/out /run/tmp
mount -t hostfs none /run/out -o "$out"
echo "$kernel/modprobe" >/proc/sys/kernel/modprobe
"$kernel/modprobe" -a ipv6 ip_vs ip_vs_rr ip_vs_wrr veth bridge
ip link set lo up

echo "the guest is up after $(cut -d ' ' -f 1 /proc/uptime) s" >/run/out/log
cd /
"$@" >>/run/out/log 2>&1 </dev/null
status=$?
echo "$status" >/run/out/status.new
mv /run/out/status.new /run/out/status
echo o >/proc/sysrq-trigger
sleep 60
