#!/bin/sh
# The first process of a guest (tests/support/guest.rs) with systemd: makes the machine of the host's files, on which what is
# written is thrown away, installs MPP on it, and hands over to systemd, which runs the scenario as a unit.
# In its own folder it finds `settings`; the scenario leaves `log` and `status` there.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
out=$(dirname "$0")
. "$out/settings"

mount -t proc proc /proc
mount -t tmpfs -o mode=755 run /run
echo "$kernel/modprobe" >/proc/sys/kernel/modprobe
"$kernel/modprobe" -a overlay ip_vs ip_vs_wrr
mkdir /run/upper /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work root /run/root
cd /run/root || exit 1

# Nothing of the host's own is started, mounted, or tidied away.
rm -rf etc/systemd/system/* etc/rc?.d var/log/journal
: >etc/fstab
# Of the users' files those that perhaps only root may read on the host.
rm -f etc/shadow etc/gshadow etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/.pwd.lock
# The host may be a container; the guest is none.
rm -f .dockerenv
ln -sf /dev/null etc/tmpfiles.d/tmp.conf
touch etc/shadow etc/gshadow

# As the package does it. The large programs are not copied: it would take memory.
for program in mppd mpp; do
    touch "usr/bin/$program"
    mount --bind "$programs/$program" "usr/bin/$program"
done
install -m 755 "$programs/mpp-check" usr/bin/
install -d usr/lib/systemd/system usr/lib/sysusers.d usr/lib/tmpfiles.d
install -m 644 "$repository/systemd/mppd.service" usr/lib/systemd/system/
install -m 644 "$repository/systemd/mpp.sysusers" usr/lib/sysusers.d/mpp.conf
install -m 644 "$repository/systemd/mpp.tmpfiles" usr/lib/tmpfiles.d/mpp.conf

# Where the scenario lives, out of systemd's sight.
mkdir guest
mount -t tmpfs -o mode=755 guest guest
mkdir guest/out guest/tmp
mount -t hostfs none guest/out -o "$out"
cat >guest/scenario <<'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TMPDIR=/guest/tmp
. /guest/out/settings
echo "systemd has booted after $(cut -d ' ' -f 1 /proc/uptime) s"
cd /
"$@" </dev/null
status=$?
[ "$status" -eq 0 ] || journalctl --boot --facility=daemon,user,authpriv --no-pager --lines=200
echo "$status" >/guest/out/status.new
mv /guest/out/status.new /guest/out/status
systemctl poweroff -ff
END
cat >etc/systemd/system/scenario.service <<'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh /guest/scenario
StandardOutput=append:/guest/out/log
StandardError=append:/guest/out/log
TimeoutStartSec=infinity
END
cat >etc/systemd/system/guest.target <<'END'
[Unit]
Requires=basic.target scenario.service
END

exec switch_root /run/root /lib/systemd/systemd --unit=guest.target
