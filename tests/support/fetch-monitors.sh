#!/bin/sh
# Nagios 4 and Icinga 2, to have the definitions of docs/nagios.md checked by those who read them. Fetched with apt and
# unpacked into a folder, never installed: neither a mail server nor a service to start comes with them. No root needed.
#
#   fetch-monitors.sh FOLDER     FOLDER/nagios4 FOLDER/icinga2
#
# The machine's own lists of packages serve, where they are new enough; else lists of our own, which are thrown away.
set -eu

folder=$(realpath -m "${1:?a folder}")
[ ! -e "$folder/complete" ] || exit 0
mkdir -p "$(dirname "$folder")"
# One at a time; what a killed one left behind goes.
exec 9>"$folder.lock"
flock 9
[ ! -e "$folder/complete" ] || exit 0
rm -rf "$folder" "$folder".fetch.*
scratch=$(mktemp -d "$folder.fetch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# The libraries that Icinga needs and that not every machine has.
packages() {
    echo nagios4-core icinga2-bin icinga2-common
    apt-cache "$@" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances icinga2-bin | grep -E '^lib(boost|edit|bsd|md|icu)[^:]*$'
}
echo "fetching nagios4-core icinga2-bin"
own_lists() {
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
    set -- -o "Dir::State::lists=$scratch/lists" -o "Dir::Cache=$scratch/cache" -o Debug::NoLocking=true \
        -o APT::Sandbox::User= -o Acquire::Retries=3
    timeout 300 apt-get -qq "$@" update
    # shellcheck disable=SC2046 # a word each
    timeout 600 apt-get -qq "$@" download $(packages "$@")
}
mkdir "$scratch/deb" "$scratch/root"
cd "$scratch/deb"
# shellcheck disable=SC2046 # a word each
timeout 600 apt-get -qq -o APT::Sandbox::User= download $(packages) 2>/dev/null || own_lists

for package in *.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner -C "$scratch/root" --exclude='./usr/share/doc' \
        --exclude='./usr/share/man' --exclude='./usr/share/locale'
done
wrapper() { # PROGRAM [ARGUMENT...]
    program=$(cd "$scratch/root" && find usr -path "*bin/${1##*/}" -type f -path "*$1" | head -n 1)
    library=$(cd "$scratch/root" && dirname "$(find usr -name 'libboost_thread.so.*' | head -n 1)")
    shift
    echo '#!/bin/sh'
    echo "LD_LIBRARY_PATH='$folder/root/$library' exec '$folder/root/$program' $* \"\$@\""
}
wrapper sbin/nagios4 >"$scratch/nagios4"
wrapper icinga2/sbin/icinga2 >"$scratch/icinga2"
chmod 755 "$scratch/nagios4" "$scratch/icinga2"
rm -r "$scratch/deb"
mkdir "$folder"
mv "$scratch/root" "$scratch/nagios4" "$scratch/icinga2" "$folder"
: >"$folder/complete"
