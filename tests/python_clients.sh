#!/bin/sh
# Gives each ACME client of the requirement files in the directory $1 an environment of its own in $2;
# $3 is uv. Old clients need libraries as old as they are.
set -eu

for pins in "$1"/*.txt; do
    environment="$2/$(basename "$pins" .txt)"
    if cmp -s "$pins" "$environment/installed.txt"; then
        continue
    fi
    "$3" venv --quiet --clear --python "$(dirname "$3")/python" "$environment"
    "$3" pip install --quiet --no-deps --only-binary :all: --python "$environment/bin/python" \
        --requirement "$pins"
    cp "$pins" "$environment/installed.txt"
done
