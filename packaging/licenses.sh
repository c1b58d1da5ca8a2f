#!/bin/sh
# The licences of all libraries that go into the programs, with the texts that came with them: for each a heading and its
# files. Fails if a library brings none and names none.
set -eu
sources=$(ls -d "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/)

list() { # NAME VERSION LICENCE, one a line, tab between them
    "${CARGO:-cargo}" tree --locked --edges normal,no-proc-macro --prefix none --format '{p} {l}' |
        sed -n -e 's/ (\*)$//' -e 's/^\([^ ]*\) v\([^ ]*\) \(([^)]*) \)*\(.*\)$/\1\t\2\t\4/p' | grep -v '^mpp	' | sort -u
}

folder() { # NAME-VERSION
    for source in $sources; do
        [ ! -d "$source$1" ] || { echo "$source$1"; return; }
    done
    echo "licenses.sh: the source of $1 is not in $sources: cargo fetch" >&2
    return 1
}

list | while IFS='	' read -r name version licence; do
    from=$(folder "$name-$version")
    texts=$(find "$from" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | sort)
    [ -n "$licence$texts" ] || { echo "licenses.sh: $name $version has no licence" >&2; exit 1; }
    printf '==== %s %s: %s\n\n' "$name" "$version" "$licence"
    echo "$texts" | while read -r text; do
        [ -z "$text" ] || { printf -- '---- %s\n' "${text##*/}"; cat "$text"; echo; }
    done
done
