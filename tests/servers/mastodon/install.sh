#!/bin/sh
# Makes an environment of its own for mastodon-mock, a server in Python that keeps what it is told.
# usage: install.sh FOLDER
set -eu
folder=${1:?folder}
mkdir -p "$folder"
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "mastodon_mock==0.6.1"
# What a real Mastodon answered, recorded by those who wrote Mastodon.py: in its source package only.
if [ ! -d "$folder/recorded" ]; then
  part="$folder/recorded.part"
  rm -rf "$part"
  mkdir "$part"
  "$folder/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --dest "$part" "Mastodon.py==2.3.3"
  tar -xzf "$part"/*.tar.gz -C "$part" --strip-components=1
  mv "$part" "$folder/recorded"
fi
