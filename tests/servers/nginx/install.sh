#!/bin/sh
# Unpacks Debian's nginx into a folder, without installing it: no service starts, no root is needed.
# usage: install.sh FOLDER
# Needs Debian 12 with apt's lists (apt-get update) and the libraries libpcre2-8-0, libssl3, zlib1g.
set -eu
folder=${1:?folder}
mkdir -p "$folder"
cd "$folder"
if [ ! -x root/usr/sbin/nginx ]; then
  rm -rf part packages
  mkdir part packages
  (cd packages && apt-get download nginx)
  dpkg-deb --extract packages/nginx_*.deb part
  rm -rf root packages
  mv part root
fi
root/usr/sbin/nginx -V 2>&1 | grep -q "nginx/1\.22\." || {
  echo "this is not the nginx of Debian 12" >&2
  exit 1
}
