#!/bin/sh
# Installs the Debian packages listed in the file $1 that are missing; says how when it may not.
set -eu

there=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | tr -s ', ' '\n')
missing=""
for package in $(cat "$1"); do
    echo "$there" | grep -qx "$package" || missing="$missing $package"
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

# The tests start their servers themselves: no package may start one on this machine's ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod +x $policy
fi
$as_root apt-get -qq update
DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq --yes --no-install-recommends install $missing
