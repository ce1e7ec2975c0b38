#!/bin/sh
# Installs what the lock file in the directory $1 names into the directory $2, unless it is there.
set -eu

if cmp -s "$1/package-lock.json" "$2/installed.json"; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "The tests need npm: see tests/debian-packages.txt" >&2
    exit 0 # tests that need its packages fail, and name them
fi
mkdir -p "$2"
cp "$1/package.json" "$1/package-lock.json" "$1/.npmrc" "$2/"
npm ci --loglevel error --prefix "$2"
cp "$1/package-lock.json" "$2/installed.json"
