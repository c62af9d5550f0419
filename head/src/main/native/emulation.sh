#!/usr/bin/env bash
# Builds the emulation of a CUDA device, on which the tests run that rung; after build.sh, in its directory.
# Without cmake or g++ it says so in one line and succeeds: those tests are skipped.
# usage: emulation.sh BUILD_DIR
set -euo pipefail
if ! command -v cmake >/dev/null || ! command -v g++ >/dev/null; then
  echo "headroom CUDA emulation: no cmake or g++ here, its tests are skipped"
  exit 0
fi
cmake --build "$1" -j 2 --target headroom_cuda_emulated >>"${1%/}.log" 2>&1 || { cat "${1%/}.log"; exit 1; }
