#include "fused.h"

#include <cstdlib>
#include <string>

#include "search.h"

namespace headroom::cuda {
namespace {

constexpr int kArchitecture = 90;
constexpr int64_t kBoxColumns = 64;  // of bfloat16: the 128 bytes of a swizzled row

bool asked_for() {
  static const bool asked = [] {
    const char* value = std::getenv("HEADROOM_CUDA_FUSED");
    return value && std::string(value) == "1";
  }();
  return asked;
}

[[noreturn]] void refuse(const std::string& actual, const std::string& rule) {
  unsupported("HEADROOM_CUDA_FUSED: " + actual + " (expected: " + rule + ", or the variable not set)");
}

void check_aligned(const char* name, const void* rows, int64_t stride, int32_t dtype) {
  if (dtype != HEADROOM_BFLOAT16) return;  // it is copied
  if (reinterpret_cast<std::uintptr_t>(rows) % 16 != 0) refuse(std::string(name) + " at an odd address", "one that is a multiple of 16 bytes");
  if (stride * 2 % 16 != 0) refuse(std::string(name) + " with rows " + std::to_string(stride * 2) + " bytes apart", "a multiple of 16");
}

// Classes whose products one launch forms: all, or those of a tile where it is copied.
int64_t classes_of_launch(const Call& call) { return call.plan.copies_c && !call.plan.whole_c ? call.plan.tile_columns : call.head.v; }

int64_t tiles_of_launch(const Call& call) { return over(classes_of_launch(call), kFusedColumns); }

int64_t tiles_of(const Call& call) { return over(call.head.v, classes_of_launch(call)) * tiles_of_launch(call); }

TensorMap map_of(const char* name, const void* rows, int64_t count, int64_t d, int64_t stride, int64_t box_rows) {
  TensorMap map{};
  const std::uint64_t sizes[] = {static_cast<std::uint64_t>(d), static_cast<std::uint64_t>(count)}, bytes[] = {static_cast<std::uint64_t>(stride) * 2};
  const std::uint32_t box[] = {kBoxColumns, static_cast<std::uint32_t>(box_rows)}, steps[] = {1, 1};
  check_driver(libraries().driver.TensorMapEncodeTiled(&map, kMapBrain16, 2, const_cast<void*>(rows), sizes, bytes, box, steps, kMapPlain, kMapSwizzle128,
                                                       kMapPromote256, kMapZeros),
               name);
  return map;
}

}  // namespace

bool fuses(const Call& call, bool captures) {
  const headroom_head& head = call.head;
  const bool wants_more = head.top_count > 0 || head.soft_count > 0 || head.listed_count > 0 || head.label_smoothing > 0 || head.variance;
  if (!asked_for() || call.plan.kept || wants_more) return false;
  const int architecture = call.device.architecture();
  if (architecture != kArchitecture) refuse("compute capability " + std::to_string(architecture / 10) + "." + std::to_string(architecture % 10), "9.0");
  if (head.compute != HEADROOM_BFLOAT16) refuse("compute type " + std::to_string(head.compute), std::to_string(HEADROOM_BFLOAT16) + ", BFLOAT16");
  check_aligned("e", head.e, head.e_stride, head.e_dtype);
  check_aligned("c", head.c, head.c_stride, head.c_dtype);
  if (!libraries().driver.TensorMapEncodeTiled) refuse("a driver without cuTensorMapEncodeTiled", "one of CUDA 12 or later");
  const int64_t arrays = call.chunk.moment ? 3 : 2;  // take the place of one tile of products
  if (arrays * tiles_of(call) > call.plan.tile_columns)
    refuse("v " + std::to_string(head.v), "at most " + std::to_string(call.plan.tile_columns / arrays * kFusedColumns));
  call.device.load_fused(captures);
  return true;
}

Chunk take_fused_statistics(const Call& call) {
  Chunk chunk = call.chunk;
  chunk.tiles = tiles_of(call);
  chunk.tile_columns = kFusedColumns;
  chunk.max = call.at.z;
  chunk.sum = chunk.max + chunk.tiles * chunk.stride;
  if (chunk.moment) chunk.moment = chunk.sum + chunk.tiles * chunk.stride;
  FusedProducts products{};
  products.d = call.head.d;
  products.e = map_of("the tensor map of e", call.hidden(), chunk.rows, call.head.d, call.hidden_stride(), kFusedRows);
  const int64_t step = classes_of_launch(call);
  for (int64_t begin = 0; begin < call.head.v; begin += step) {
    const int64_t tile = begin / call.plan.tile_columns;
    call.load_classes(tile);
    products.begin = begin;
    products.columns = std::min(step, call.head.v - begin);
    products.index = begin / step * tiles_of_launch(call);
    products.c = map_of("the tensor map of c", call.classes(tile), products.columns, call.head.d, call.classes_stride(), kFusedColumns);
    const int64_t blocks = std::min<int64_t>(call.device.multiprocessors(), over(chunk.rows, kFusedRows) * over(products.columns, kFusedColumns));
    call.kernels.fused_statistics.launch(call.stream, blocks, 1, kFusedThreads, kFusedSharedBytes, call.args, chunk, products);
  }
  return chunk;
}

}  // namespace headroom::cuda
