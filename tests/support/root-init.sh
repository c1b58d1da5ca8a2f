#!/bin/sh
# The first process of a throwaway root (tests/support/root.rs), in namespaces of its own: lays a memory over the machine's
# files, and becomes the systemd that boots there. In its own folder $1 it mounts what is gone with it.
#
# Nothing of the machine is changed: what the root writes is in memory, the kernel's settings are read-only, and what could
# change network, clock or modules is forbidden to all that starts from here.
set -eu
folder=$1
groups=$2 # where the control groups of the second version are to be had

memory=$folder/memory root=$folder/memory/root
mount -t tmpfs -o mode=755 memory "$memory"
mkdir "$memory/upper" "$memory/work" "$root"
mount -t overlay root -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" "$root"
for fresh in run tmp dev; do
    mount -t tmpfs -o mode=1777 fresh "$root/$fresh"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -t devpts -o newinstance,ptmxmode=0666 terminals "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t proc proc "$root/proc"
mount --bind -o ro "$root/proc/sys" "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
[ "$groups" = /sys/fs/cgroup ] || mount -t tmpfs groups "$root/sys/fs/cgroup"
mount -t cgroup2 groups "$root/sys/fs/cgroup"

# Nothing that this machine starts is started there; what is installed there, is.
rm -rf "$root/etc/systemd/system" "$root/etc/fstab" "$root/usr/sbin/policy-rc.d" "$root/etc/mpp"
mkdir "$root/etc/systemd/system"
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >"$root/etc/systemd/system/throwaway.target"
: >"$root/etc/machine-id"

exec env -i container=throwaway PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-net_admin,-sys_time,-sys_module,-sys_rawio \
    chroot "$root" /lib/systemd/systemd --unit=throwaway.target --show-status=0 --log-target=console
