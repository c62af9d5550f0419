#!/usr/bin/env bash
# Builds the native library into BUILD_DIR and copies it to OUTPUT_DIR (JNA's resource layout).
# Without cmake or g++ it says so in one line and succeeds: the Java rungs serve.
# usage: build.sh BUILD_DIR OUTPUT_DIR
set -euo pipefail
source_dir=$(cd "$(dirname "$0")" && pwd)
if ! command -v cmake >/dev/null || ! command -v g++ >/dev/null; then
  echo "headroom native: no cmake or g++ here, the native kernels are left out (apt-get install cmake g++ brings them)"
  exit 0
fi
mkdir -p "$(dirname "$1")"
cmake -S "$source_dir" -B "$1" -DCMAKE_CXX_COMPILER=g++ >"${1%/}.log" 2>&1 || { cat "${1%/}.log"; exit 1; }
cmake --build "$1" -j 2 --target headroom >>"${1%/}.log" 2>&1 || { cat "${1%/}.log"; exit 1; }
mkdir -p "$2"
cmp -s "$1/libheadroom.so" "$2/libheadroom.so" || cp "$1/libheadroom.so" "$2/"
