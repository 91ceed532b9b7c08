#!/usr/bin/env bash
# Packs a program as a wheel, installs it into a new environment without a network, and runs it.
#
#   packages/python/test.sh [PROGRAM] [TARGET]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

program=${1:-target/release/postlogin}
target=${2:-$(uname -m)-unknown-linux-gnu}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wheel=$(python3 packages/python/wheel.py "$program" "$target" "$work/first")
again=$(python3 packages/python/wheel.py "$program" "$target" "$work/second")
cmp "$wheel" "$again"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-index --disable-pip-version-check "$wheel"
"$work/venv/bin/pip" show --files postlogin | grep -q 'bin/postlogin$'
version=$("$work/venv/bin/postlogin" -V)
expected="postlogin $(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
if [ "$version" != "$expected" ]; then
  echo "error: the installed program says '$version', not '$expected'" >&2
  exit 1
fi
"$work/venv/bin/pip" check
"$work/venv/bin/pip" uninstall --quiet --yes postlogin
test ! -e "$work/venv/bin/postlogin"
echo "the wheel installs and runs: $(basename "$wheel")"
