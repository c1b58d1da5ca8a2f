#!/bin/sh
# A kernel that runs as an ordinary program, with IPVS, for tests/lvs and tests/systemd: Debian's User Mode Linux, and what
# loads its modules.
# Fetched with apt and unpacked into a folder, never installed. No root needed.
#
#   fetch-kernel.sh FOLDER     FOLDER/linux.uml FOLDER/modprobe FOLDER/lib/modules FOLDER/xstate.so
#
# The machine's own lists of packages serve, where they are new enough; else lists of our own, which are thrown away.
set -eu

folder=$(realpath -m "${1:?a folder}")
registers=$(realpath "$(dirname "$0")/guest-xstate.c")
is_complete() {
    [ -e "$folder/complete" ] && [ "$folder/xstate.so" -nt "$registers" ]
}
! is_complete || exit 0
mkdir -p "$(dirname "$folder")"
# One at a time; what a killed one left behind goes.
exec 9>"$folder.lock"
flock 9
! is_complete || exit 0
rm -rf "$folder" "$folder".fetch.*
scratch=$(mktemp -d "$folder.fetch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

packages='user-mode-linux kmod libkmod2'
echo "fetching $packages"
own_lists() {
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
    set -- -qq -o "Dir::State::lists=$scratch/lists" -o "Dir::Cache=$scratch/cache" -o Debug::NoLocking=true \
        -o APT::Sandbox::User= -o Acquire::Retries=3
    timeout 300 apt-get "$@" update
    # shellcheck disable=SC2086 # a word each
    timeout 600 apt-get "$@" download $packages
}
mkdir "$scratch/deb" "$scratch/root" "$scratch/kernel"
cd "$scratch/deb"
# shellcheck disable=SC2086 # a word each
timeout 600 apt-get -qq -o APT::Sandbox::User= download $packages 2>/dev/null || own_lists

# Of the modules only what networks are made of, and a root that may be written.
dpkg-deb --fsys-tarfile user-mode-linux_*.deb | tar -x --no-same-owner -C "$scratch/root" --wildcards \
    ./usr/bin/linux.uml './usr/lib/uml/modules/*/modules.*' './usr/lib/uml/modules/*/kernel/net/*' \
    './usr/lib/uml/modules/*/kernel/lib/*' './usr/lib/uml/modules/*/kernel/crypto/*' \
    './usr/lib/uml/modules/*/kernel/drivers/net/*.ko*' './usr/lib/uml/modules/*/kernel/fs/overlayfs/*'
for package in kmod_*.deb libkmod2_*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner -C "$scratch/root"
done

cd "$scratch/root"
mkdir "$scratch/kernel/lib"
mv usr/bin/linux.uml usr/lib/uml/modules "$scratch/kernel"
mv "$scratch/kernel/modules" "$scratch/kernel/lib/modules"
find . -name 'libkmod.so.2*' -exec cp -P {} "$scratch/kernel/lib" \;
find . -path '*bin/kmod' -type f -exec cp {} "$scratch/kernel/lib/modprobe" \;
cat >"$scratch/kernel/modprobe" <<END
#!/bin/sh
LD_LIBRARY_PATH="$folder/lib" exec "$folder/lib/modprobe" -d "$folder" "\$@"
END
chmod 755 "$scratch/kernel/modprobe"
cc -O2 -shared -fPIC -o "$scratch/kernel/xstate.so" "$registers"
: >"$scratch/kernel/complete"
mv "$scratch/kernel" "$folder"
