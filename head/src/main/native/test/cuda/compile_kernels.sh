#!/usr/bin/env bash
# Compiles the CUDA kernels by nvcc for every architecture that is claimed, warnings as errors, and prints the registers,
# shared memory and spills of each. A spill or a stack frame is a failure; without nvcc one line says so.
# usage: compile_kernels.sh BUILD_DIR FILE... (the order in which the library makes one text of src/cuda/kernels)
set -euo pipefail
sources=$(cd "$(dirname "$0")/../../src/cuda/kernels" && pwd)
if ! command -v nvcc >/dev/null; then
  echo "cuda kernels: skipped, no nvcc here"
  exit 0
fi
mkdir -p "$1"
known=$(nvcc --list-gpu-code)
text="$1/kernels.cu"
(cd "$sources" && cat "${@:2}") >"$text"
failed=0
for architecture in 80 86 89 90a 100 120; do
  if ! grep -qx "sm_${architecture%a}" <<<"$known"; then
    echo "sm_$architecture: left out, this nvcc does not know it"
    continue
  fi
  log="$text.$architecture.log"
  if ! nvcc -std=c++17 -cubin -gencode "arch=compute_$architecture,code=sm_$architecture" -Werror all-warnings -Xptxas -v \
    -o "$text.$architecture.cubin" "$text" >"$log" 2>&1; then
    cat "$log"
    failed=1
    continue
  fi
  awk -v of="sm_$architecture" '
    /Compiling entry function/ { split($0, quoted, "\047"); name = quoted[2] }
    /bytes stack frame/ { match($0, /[0-9]+ bytes stack frame.*/); frame = substr($0, RSTART) }
    /Used [0-9]+ registers/ {
      match($0, /Used .*/)
      print of " " name ": " substr($0, RSTART) "; " frame
      split(frame, word, " ")
      if (word[1] > 0 || word[5] > 0 || word[9] > 0) { print of " " name ": a stack frame or spills"; bad = 1 }
    }
    END { exit bad }' "$log" || failed=1
done
exit $failed
