// The instructions of compute capability 9.0 that fused.cu needs, one to a function, after the PTX ISA: memory barriers with
// a count of bytes, tiles copied by tensor maps, products of warpgroups. Addresses are those of shared memory. The emulation
// of the tests has its own.

namespace headroom {
namespace cuda {

constexpr int kSwizzleBytes = 128;  // of a row of a tile; 16-byte pieces are permuted over 8 rows
constexpr int kProductRows = 64, kProductColumns = 256, kProductDepth = 16;  // of one wgmma
constexpr int kHeld = kProductRows * kProductColumns / 128;  // accumulators of a thread of a warpgroup

// Of a row of tiles in shared memory, K-major with the 128-byte swizzle: bits 0-13 the address, 32-45 the bytes between
// groups of 8 rows, both over 16; 62-63 the swizzle. The pattern starts at a multiple of 1024 bytes; a step along the depth
// within its 128 bytes moves the address alone.
static __device__ __forceinline__ unsigned long long describe(unsigned address) {
  return 1ull << 62 | static_cast<unsigned long long>(8 * kSwizzleBytes >> 4) << 32 | 1ull << 16 | (address & 0x3ffff) >> 4;
}

#ifndef HEADROOM_EMULATED
static __device__ __forceinline__ unsigned shared_address(const void* memory) { return static_cast<unsigned>(__cvta_generic_to_shared(memory)); }

static __device__ __forceinline__ void make_barrier(unsigned barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

// Before other threads, and the unit that copies, may see the barriers; then a __syncthreads.
static __device__ __forceinline__ void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

static __device__ __forceinline__ void arrive(unsigned barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

static __device__ __forceinline__ void arrive_expecting(unsigned barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

// Until the phase of this parity is over.
static __device__ __forceinline__ void wait_for(unsigned barrier, unsigned parity) {
  unsigned over;
  do {
    asm volatile(
        "{\n.reg .pred over;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n"
        "selp.u32 %0, 1, 0, over;\n}"
        : "=r"(over)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (over == 0);
}

// Copies the map's box from (column, row) on; its bytes, with zeros outside of the tensor, count towards the barrier.
static __device__ __forceinline__ void copy_box(unsigned to, const TensorMap& map, int column, int row, unsigned barrier) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(to),
               "l"(&map), "r"(column), "r"(row), "r"(barrier)
               : "memory");
}

// Registers of each thread of the warpgroup from here on.
template <int count>
static __device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
}

template <int count>
static __device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
}

// Keeps the compiler from moving what reads or writes accumulators over this place.
static __device__ __forceinline__ void hold(float (&z)[kHeld]) {
#pragma unroll
  for (int i = 0; i < kHeld; ++i) asm volatile("" : "+f"(z[i])::"memory");
}

// Before the first product after accumulators were read or written, in a register that the compiler may have moved.
static __device__ __forceinline__ void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

static __device__ __forceinline__ void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Until one group at most is under way: what earlier ones read may be written.
static __device__ __forceinline__ void wait_earlier_products() { asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory"); }

// Until none is: the accumulators may be read.
static __device__ __forceinline__ void wait_products(float (&z)[kHeld]) {
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  hold(z);
}

#define HEADROOM_4(i) "+f"(z[i]), "+f"(z[i + 1]), "+f"(z[i + 2]), "+f"(z[i + 3])
#define HEADROOM_32(i) \
  HEADROOM_4(i), HEADROOM_4(i + 4), HEADROOM_4(i + 8), HEADROOM_4(i + 12), HEADROOM_4(i + 16), HEADROOM_4(i + 20), HEADROOM_4(i + 24), HEADROOM_4(i + 28)

// z = a b', or z + a b'. A thread holds rows 16 warp + lane / 4 and 8 below: of columns 8 j + 2 (lane % 4) and the next,
// z[4 j], z[4 j + 1] of the first row, z[4 j + 2], z[4 j + 3] of the other.
static __device__ __forceinline__ void multiply(float (&z)[kHeld], unsigned long long a, unsigned long long b, bool adds) {
  asm volatile(
      "{\n.reg .pred adds;\nsetp.ne.b32 adds, %130, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
      "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
      "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "
      "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
      "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "
      "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "
      "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
      "%128, %129, adds, 1, 1, 0, 0;\n}"
      : HEADROOM_32(0), HEADROOM_32(32), HEADROOM_32(64), HEADROOM_32(96)
      : "l"(a), "l"(b), "r"(static_cast<int>(adds)));
}
#undef HEADROOM_32
#undef HEADROOM_4
#endif

}  // namespace cuda
}  // namespace headroom
