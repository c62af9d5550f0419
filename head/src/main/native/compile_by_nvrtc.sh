#!/usr/bin/env bash
# Compiles the library's kernels by a given NVRTC for every architecture that is claimed; after build.sh, in its directory.
# usage: compile_by_nvrtc.sh BUILD_DIR LIBNVRTC
set -euo pipefail
cmake --build "$1" -j 2 --target compile_by_nvrtc >>"${1%/}.log" 2>&1 || { cat "${1%/}.log"; exit 1; }
HEADROOM_NVRTC=$2 "$1/test/cuda/compile_by_nvrtc"
