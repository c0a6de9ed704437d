#!/bin/sh
# Makes an environment of its own for mastodon-mock, a server in Python that keeps what it is told.
# usage: install.sh FOLDER
set -eu
folder=${1:?folder}
mkdir -p "$folder"
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "mastodon_mock==0.6.1"
