#!/bin/sh
# Sets up what the bench compares with, and says what is missing: a library of the system, and Python packages in a
# folder beside the build. Nothing here may fail the bench; a peer that is absent is left out of it.
set -eu
cd "$(dirname "$0")/../.."
tools="${CARGO_TARGET_DIR:-target}/peers"

if [ "${1:-}" = "--python" ]; then
    [ ! -x "$tools/bin/python" ] || [ ! -e "$tools/complete" ] || echo "$tools/bin/python"
    exit 0
fi

# Hosts of the bench without it still measure all others.
if ! ldconfig -p 2>/dev/null | grep -q 'libhs\.so\.5'; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing libvectorscan5, which the matcher is compared with"
        apt-get install --quiet --quiet --yes libvectorscan5 >/dev/null ||
            echo "libvectorscan5 cannot be installed; run apt-get update, or go without" >&2
    else
        echo "Vectorscan is absent; install libvectorscan5 (Debian) or vectorscan (others) to compare with it" >&2
    fi
fi

if [ ! -e "$tools/complete" ]; then
    echo "installing the Python packages of the bench into $tools"
    if python3 -m venv "$tools" && "$tools/bin/pip" install --quiet drain3 tipping; then
        touch "$tools/complete"
    else
        echo "the miners from Python are left out; check python3 and the network" >&2
    fi
fi
