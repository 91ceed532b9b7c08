#!/usr/bin/env bash
# Builds the wheel for x86_64 or aarch64 Linux: one static program, tagged for every glibc from 2.17 on and for musl.
#
#   packages/python/build.sh x86_64-unknown-linux-musl OUT
#
# Needs maturin, cargo-zigbuild and ziglang (pip install), and `rustup target add` of the target.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=${1:?usage: build.sh TARGET OUT}
out=${2:?usage: build.sh TARGET OUT}
case $target in
  *-unknown-linux-musl) tags=(--compatibility manylinux2014 musllinux_1_2) ;;
  *) tags=() ;;
esac
maturin build --zig --target "$target" "${tags[@]}" --out "$out"
