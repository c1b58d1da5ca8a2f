#!/bin/sh
# deb.sh PROGRAMS TO: the Debian package of the programs that cargo has built in PROGRAMS, such as target/release, into TO.
set -eu
cargo=${CARGO:-cargo}
programs=$(realpath "$1")
mkdir -p "$2" target/package
to=$(realpath "$2")

"$cargo" deb --version >/dev/null 2>&1 || "$cargo" install --locked --quiet cargo-deb
packaging/prepare.sh "$programs" target/package/made
# cargo-deb looks for programs in its target directory's `release`, whatever they were built as.
ln -sfn "$programs" target/package/release
CARGO_TARGET_DIR=target/package "$cargo" deb --locked --no-build --quiet --output "$to"
