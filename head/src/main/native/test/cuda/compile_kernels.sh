#!/usr/bin/env bash
# Compiles the CUDA kernels by nvcc for every architecture that is claimed, warnings as errors, and prints the registers,
# shared memory and spills of each. A spill or a stack frame is a failure; without nvcc one line says so.
# usage: compile_kernels.sh BUILD_DIR FILE... (the order in which the library makes one text of src/cuda/kernels)
set -euo pipefail
# Their calls of float64 functions, for a row or a named entry, keep at most 16 bytes on the stack on some architectures.
calls_float64="merge_rows group_gradients_f32 group_gradients_f16 group_gradients_bf16"
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
  awk -v of="sm_$architecture" -v calls_float64="$calls_float64" '
    /Compiling entry function/ { split($0, quoted, "\047"); name = quoted[2] }
    /bytes stack frame/ { match($0, /[0-9]+ bytes stack frame.*/); frame = substr($0, RSTART) }
    /Used [0-9]+ registers/ {
      match($0, /Used .*/)
      print of " " name ": " substr($0, RSTART) "; " frame
      most = index(" " calls_float64 " ", " " name " ") ? 16 : 0
      split(frame, word, " ")
      if (word[1] > most || word[5] > most || word[9] > most) { print of " " name ": a stack frame or spills"; bad = 1 }
    }
    END { exit bad }' "$log" || failed=1
done
exit $failed
