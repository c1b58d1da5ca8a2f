#!/bin/sh
# Database servers of other versions, from Debian's other suites, for `make test-mysql`: fetched with apt, unpacked into a
# folder, never installed. Each has its own libraries, the C library included, so that it runs on any Debian machine.
#
#   fetch-servers.sh [FLAVOUR...]     mysql-9 mariadb-10.5 mariadb-11.8; all of them by default
#
# The folder is mpp-servers-UID under the system's temporary directory: not under the checkout, for servers run as another
# user, who must be able to reach it. The mirror is that of the machine's own apt sources; those, and what the machine has
# installed, stay untouched: apt works on lists and a state of its own. No root needed.
set -eu

folder=${TMPDIR:-/tmp}/mpp-servers-$(id -u)
mkdir -m 755 "$folder" 2>/dev/null || true
[ -d "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ] || { echo "$0: $folder is not ours" >&2; exit 1; }
# One at a time; what a killed one left behind goes.
exec 9>"$folder/lock"
flock 9
rm -rf "$folder"/fetch.*
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Debian's archive as this machine's sources have it: as apt tells it once it has lists, else as it is written there.
mirror() {
    {
        apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
            awk '$1 == "Debian" && $3 !~ /-/ { print $2 }'
        cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -E '^(URIs:|deb )' |
            grep -oE '[a-z+]+:[^ ]*/debian/?( |$)'
    } | head -n 1 | tr -d ' '
}

# FLAVOUR -> SUITE PACKAGE PROGRAM
plan() {
    case $1 in
        mysql-9) echo "sid mysql-server-core mysqld" ;;
        mariadb-10.5) echo "bullseye mariadb-server-core-10.5 mariadbd" ;;
        mariadb-11.8) echo "trixie mariadb-server-core mariadbd" ;;
        *) echo "$0: no flavour called $1" >&2; return 1 ;;
    esac
}

# A configuration of apt's own for a scratch folder where nothing counts as installed, so that all dependencies are fetched.
# Of the machine's it takes how things are fetched (a proxy), and none of its hooks.
configure() { # SCRATCH
    mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" "$1/none"
    : >"$1/status"
    apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' >"$1/apt.conf"
    cat >>"$1/apt.conf" <<END
Dir::State "$1/state"; Dir::State::status "$1/status";
Dir::Cache "$1/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
Dir::Etc::main "$1/status"; Dir::Etc::parts "$1/none";
Dir::Etc::sourcelist "$1/sources.list"; Dir::Etc::sourceparts "$1/none";
Dir::Etc::preferences "$1/status"; Dir::Etc::preferencesparts "$1/none";
Debug::NoLocking "true"; APT::Sandbox::User "";
Acquire::Retries "3"; Acquire::http::Timeout "30";
END
}

download() { # SCRATCH SUITE PACKAGE
    configure "$1"
    echo "deb [signed-by=$keyring] $archive $2 main" >"$1/sources.list"
    APT_CONFIG=$1/apt.conf apt-get -qq update
    APT_CONFIG=$1/apt.conf apt-get -qq install --yes --download-only --no-install-recommends "$3" >/dev/null
}

unpack() { # SCRATCH ROOT
    # Before and after the merge of /lib and /usr/lib: one place.
    mkdir -p "$2/usr/bin" "$2/usr/sbin" "$2/usr/lib" "$2/usr/lib64"
    for name in bin sbin lib lib64; do ln -s "usr/$name" "$2/$name"; done
    for package in "$1"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner --keep-directory-symlink -C "$2" \
            --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
    done
}

# Runs a program of an unpacked tree with the loader and the libraries of that tree.
wrapper() { # ROOT PROGRAM
    arch=$(basename "$(dirname "$1"/usr/lib/*/libc.so.6)")
    loader=$(ls "$1/usr/lib/$arch"/ld-linux-*.so.* | head -n 1)
    cat <<END
#!/bin/sh
exec "$loader" --library-path "$1/usr/lib/$arch:$1/usr/lib/mysql/private" "$1/usr/sbin/$2" "\$@"
END
}

fetch() { # FLAVOUR
    set -- "$1" $(plan "$1")
    home=$folder/$1
    [ ! -x "$home/server" ] || return 0
    archive=$(mirror)
    [ -n "$archive" ] || { echo "$0: the machine's apt sources name no archive of Debian" >&2; return 1; }
    echo "fetching $1 from Debian's $2"
    scratch=$(mktemp -d "$folder/fetch.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT INT TERM
    rm -rf "$home"
    download "$scratch" "$2" "$3"
    unpack "$scratch" "$home"
    wrapper "$home" "$4" >"$scratch/server"
    chmod 755 "$scratch/server"
    mv "$scratch/server" "$home/server"
    rm -rf "$scratch"
    trap - EXIT INT TERM
}

[ $# -gt 0 ] || set -- mysql-9 mariadb-10.5 mariadb-11.8
for flavour in "$@"; do fetch "$flavour"; done
