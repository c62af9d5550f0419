#!/usr/bin/env bash
# Compiles the CUDA kernels by nvcc for every architecture that is claimed, warnings as errors, and prints the registers,
# shared memory and spills of each. A spill or a stack frame is a failure, and so is what ptxas says of products of
# warpgroups that wait for each other; without nvcc one line says so.
# usage: compile_kernels.sh BUILD_DIR FILE... -- FILE... (the orders in which the library makes texts of src/cuda/kernels:
# for every device, and for compute capability 9.0 alone)
set -euo pipefail
sources=$(cd "$(dirname "$0")/../../src/cuda/kernels" && pwd)
if ! command -v nvcc >/dev/null; then
  echo "cuda kernels: skipped, no nvcc here"
  exit 0
fi
mkdir -p "$1"
build=$1
shift
known=$(nvcc --list-gpu-code)
failed=0

# compile TEXT ARCHITECTURE OPTION...
compile() {
  local text=$1 architecture=$2 log="$1.$2.log"
  if ! grep -qx "sm_${architecture%a}" <<<"$known"; then
    echo "sm_$architecture: left out, this nvcc does not know it"
    return
  fi
  if ! nvcc -std=c++17 -cubin -gencode "arch=compute_$architecture,code=sm_$architecture" "${@:3}" -Werror all-warnings -Xptxas -v \
    -o "$text.$architecture.cubin" "$text" >"$log" 2>&1 || grep -q "(C75[0-9]*)" "$log"; then
    cat "$log"
    failed=1
    return
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
}

text="$build/kernels.cu"
: >"$text"
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  cat "$sources/$1" >>"$text"
  shift
done
for architecture in 80 86 89 90a 100 120; do compile "$text" "$architecture"; done
shift
(cd "$sources" && cat "$@") >"$build/fused.cu"
compile "$build/fused.cu" 90a -diag-suppress 177  # it leaves parts of the headers unused
exit $failed
