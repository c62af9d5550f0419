// The functions of kernels/hopper.h on the emulation. An instruction that PTX calls aligned brings the lanes of a warp
// together.
#pragma once

namespace headroom::cuda {

inline emulation::Hopper& hopper() { return emulation::running_block->hopper(); }

inline void aligned(const char* call, const char* file, int line) { emulation::running_block->ballot({call, file, line}, kAllLanes, false); }

inline unsigned shared_address(const void* memory) { return hopper().address_of(memory); }
inline void make_barrier(unsigned barrier, unsigned arrivals) { hopper().make_barrier(barrier, arrivals); }
inline void publish_barriers() { hopper().publish_barriers(); }
inline void arrive(unsigned barrier) { hopper().arrive(barrier, 0); }
inline void arrive_expecting(unsigned barrier, unsigned bytes) { hopper().arrive(barrier, bytes); }

inline void wait_for(unsigned barrier, unsigned parity, HEADROOM_HERE) { emulation::running_block->await({"mbarrier.try_wait", file, line}, barrier, parity); }

inline void copy_box(unsigned to, const TensorMap& map, int column, int row, unsigned barrier) { hopper().copy_box(to, &map, column, row, barrier); }

template <int count>
void take_registers(HEADROOM_HERE) {
  static_assert(count % 8 == 0 && count >= 24 && count <= 256, "setmaxnreg");
  aligned("setmaxnreg", file, line);
}

template <int count>
void give_registers(HEADROOM_HERE) {
  take_registers<count>(file, line);
}

inline void begin_products(HEADROOM_HERE) {
  aligned("wgmma.fence", file, line);
  hopper().begin_products(emulation::running_block->thread());
}

inline void multiply(float (&z)[kHeld], unsigned long long a, unsigned long long b, bool adds, HEADROOM_HERE) {
  aligned("wgmma.mma_async", file, line);
  hopper().multiply(emulation::running_block->thread(), z, a, b, adds);
}

inline void commit_products(HEADROOM_HERE) {
  aligned("wgmma.commit_group", file, line);
  hopper().commit_products(emulation::running_block->thread());
}

inline void wait_earlier_products(HEADROOM_HERE) {
  hopper().wait_products(emulation::running_block->thread(), 1);
  aligned("wgmma.wait_group", file, line);
}

inline void wait_products(float (&)[kHeld], HEADROOM_HERE) {
  hopper().wait_products(emulation::running_block->thread(), 0);
  aligned("wgmma.wait_group", file, line);
}

}  // namespace headroom::cuda
