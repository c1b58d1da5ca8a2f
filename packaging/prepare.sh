#!/bin/sh
# prepare.sh PROGRAMS TO: what packages need beside the programs, made from the programs themselves: man pages, completions,
# and the licences of the libraries in them. PROGRAMS is where cargo has built them; TO is made anew.
set -eu
programs=$1 to=$2

rm -rf "$to"
mkdir -p "$to/man"
"$programs/mpp" man "$to/man"
gzip -9n "$to"/man/*
for shell in bash zsh fish; do
    "$programs/mpp" completions "$shell" >"$to/mpp.$shell"
done
gzip -9nc CHANGELOG.md >"$to/changelog.gz"
packaging/licenses.sh | gzip -9n >"$to/third-party-licenses.gz"
