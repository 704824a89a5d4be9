#!/bin/sh
# Prepares what the tests against real services need and runs them: Python packages go to a folder beside the build,
# programs of the system (Chromium, promtool) are only looked for.
set -eu
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}"
tools="$target/services"

if [ ! -x "$tools/bin/pytest" ]; then
    echo "installing the Python packages of the service tests into $tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet pytest schemathesis selenium
fi

cargo build --quiet --locked --workspace --bin bellwether
cargo build --quiet --locked -p bellwether-tests --example stand
export STAND="$target/debug/examples/stand" BELLWETHER="$target/debug/bellwether"
ARTEFACTS="$target/services/pictures" PYTHONDONTWRITEBYTECODE=1 \
    "$tools/bin/pytest" --quiet -rs -p no:cacheprovider tests/services "$@"
