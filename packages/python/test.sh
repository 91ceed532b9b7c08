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
# Read to its end before it is searched: a reader that stops early is an error of pip's.
files=$("$work/venv/bin/pip" show --files postlogin)
grep -q 'bin/postlogin$' <<< "$files"
version=$("$work/venv/bin/postlogin" -V)
expected="postlogin $(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
if [ "$version" != "$expected" ]; then
  echo "error: the installed program says '$version', not '$expected'" >&2
  exit 1
fi
# The library needs nothing to be imported, and finds the program beside it.
"$work/venv/bin/python" -c 'import postlogin; assert postlogin.find_program().startswith(__import__("sys").prefix), postlogin.find_program()'
"$work/venv/bin/pip" check
"$work/venv/bin/pip" uninstall --quiet --yes postlogin
test ! -e "$work/venv/bin/postlogin"

# Its tags, as installers of other machines read them: only the names count here, so it is the same program.
portable=$(python3 packages/python/wheel.py "$program" "$(uname -m)-unknown-linux-musl" "$work/portable")
for platform in manylinux2014 manylinux_2_17 musllinux_1_1; do
  "$work/venv/bin/pip" install --quiet --no-index --no-deps --disable-pip-version-check --only-binary=:all: \
    --platform "${platform}_$(uname -m)" --target "$work/$platform" "$portable"
  test -x "$work/$platform/bin/postlogin"
done
if "$work/venv/bin/pip" install --quiet --no-index --no-deps --disable-pip-version-check --only-binary=:all: \
  --platform win_amd64 --target "$work/windows" "$portable" 2>/dev/null; then
  echo "error: a wheel for Linux installs on Windows" >&2
  exit 1
fi
"$work/venv/bin/python" - "$portable" <<'CHECK'
import base64, csv, hashlib, io, sys, zipfile

archive = zipfile.ZipFile(sys.argv[1])
[record] = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
rows = {name: (digest, size) for name, digest, size in csv.reader(io.StringIO(archive.read(record).decode()))}
assert set(rows) == set(archive.namelist()), "RECORD names every file"
for name in archive.namelist():
    if name != record:
        content = archive.read(name)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        assert rows[name] == (f"sha256={digest}", str(len(content))), name
CHECK
echo "the wheel installs and runs: $(basename "$wheel")"
