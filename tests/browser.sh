#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: an installed one, else Debian's, else
# the one that Playwright brings. Usage: browser.sh PYTHON
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  [ "$(id -u)" -eq 0 ] || as_root="sudo -n"
  if $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends \
    chromium fonts-noto-core; then exit 0; fi
fi
exec "$1" -m playwright install chromium
