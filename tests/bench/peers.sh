#!/bin/sh
# Runs a command with what the bench compares with, all of it in a folder beside the build: a library of the system's
# package, and Python packages. Nothing of this may fail the bench: what cannot be had is named and left out of it.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
mkdir -p "${CARGO_TARGET_DIR:-$here/target}/peers"
tools="$(cd "${CARGO_TARGET_DIR:-$here/target}/peers" && pwd)"

if ! ldconfig -p 2>/dev/null | grep -q 'libhs\.so\.5' && [ ! -e "$tools/vectorscan/usr" ]; then
    echo "fetching libvectorscan5, which the matcher is compared with, into $tools"
    mkdir -p "$tools/vectorscan"
    if ! (cd "$tools/vectorscan" && apt-get download --quiet libvectorscan5 && dpkg-deb --extract ./*.deb .); then
        echo "Vectorscan is left out; run apt-get update, or install libvectorscan5 or vectorscan" >&2
    fi
fi
for folder in "$tools"/vectorscan/usr/lib/*/; do
    [ ! -d "$folder" ] || export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done

if [ ! -e "$tools/complete" ]; then
    echo "installing drain3 and tipping, which the miner is compared with, into $tools"
    if python3 -m venv "$tools" && "$tools/bin/pip" install --quiet drain3 tipping; then
        touch "$tools/complete"
    else
        echo "the miners from Python are left out; check python3 and the network" >&2
    fi
fi
if [ -e "$tools/complete" ]; then
    export BENCH_PYTHON="$tools/bin/python"
fi

exec "$@"
