#!/bin/sh
# Installs the Debian packages listed in the file $1 that are missing; says how when it may not.
set -eu

missing=""
for package in $(cat "$1"); do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "The tests need these Debian packages; as root: apt-get install$missing" >&2
    exit 0 # tests that need them fail, and name them
fi
$as_root apt-get -qq update
DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq --yes --no-install-recommends install $missing
