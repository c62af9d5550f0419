#!/usr/bin/env bash
# Builds and runs the native tests under AddressSanitizer and UndefinedBehaviorSanitizer.
# usage: test.sh BUILD_DIR
set -euo pipefail
source_dir=$(cd "$(dirname "$0")" && pwd)
if ! command -v cmake >/dev/null || ! command -v g++ >/dev/null; then
  if [ "${CI:-}" = true ]; then echo "headroom native tests: cmake and g++ are required in CI"; exit 1; fi
  echo "headroom native tests: skipped, no cmake or g++ here"
  exit 0
fi
mkdir -p "$1"
cmake -S "$source_dir" -B "$1" -DCMAKE_CXX_COMPILER=g++ -DHEADROOM_SANITIZE=ON >"$1/configure.log" 2>&1 || { cat "$1/configure.log"; exit 1; }
cmake --build "$1" -j 2 >"$1/build.log" 2>&1 || { cat "$1/build.log"; exit 1; }
cd "$1" && ctest --output-on-failure
