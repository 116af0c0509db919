#!/bin/sh
# Lets the official Python SDK judge the answers of fake-dropbox.
#
#   run.sh BINARY     BINARY is the fake-dropbox executable
#
# The SDK lives in a virtual environment below ${LOCKSTEP_CACHE:-~/.cache/lockstep}, outside the checkout.
# Prints "N passed, 0 failed"; exits 0 only then.
set -eu

[ $# -eq 1 ] || { echo "usage: run.sh BINARY" >&2; exit 2; }
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
venv="${LOCKSTEP_CACHE:-$HOME/.cache/lockstep}/sdk-venv"
python="$venv/bin/python"

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv" || {
        echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    }
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi

PYTHONDONTWRITEBYTECODE=1 exec "$python" "$here/check.py" "$1"
