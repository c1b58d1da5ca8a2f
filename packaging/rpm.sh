#!/bin/sh
# rpm.sh DEB TO: an RPM of what is in the Debian package DEB, into TO. Wants dpkg-deb and rpmbuild.
set -eu
to=$(realpath -m "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

version=$(dpkg-deb --field "$1" Version)
dpkg-deb --extract "$1" "$work/tree"
rpmbuild -bb --quiet --define "_topdir $work" --define "_rpmdir $to" --define "_rpmfilename %%{NAME}-%%{VERSION}.%%{ARCH}.rpm" \
    --define "tree $work/tree" --define "version_of_mpp ${version%-*}" packaging/rpm/mpp.spec
echo "$to"/mpp-*.rpm
