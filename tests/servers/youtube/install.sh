#!/bin/sh
# Installs what checks questions and answers against YouTube's own description of its API, once:
#   sh install.sh FOLDER DISCOVERY.json
# Needs node 18 or newer with npm. The list of packages is copied last: it says that all is there.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$1"
cd "$1"
if ! cmp -s "$here/package.json" installed.json; then
  cp "$here/package.json" package.json
  npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
  cp "$here/package.json" installed.json
fi
cp "$here/convert.mjs" convert.mjs
node convert.mjs "$2" openapi.part
mv openapi.part openapi.json
