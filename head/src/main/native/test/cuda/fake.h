/* Controls of libheadroom_cuda_emulated.so, a driver, NVRTC and cuBLASLt in one that run the product's kernels on the CPU.
 * Name it by HEADROOM_CUDA_DRIVER, HEADROOM_NVRTC and HEADROOM_CUBLASLT. All host memory is the device's too. Plain C, for
 * ctypes and JNA; every function may be called at any time, from any thread.
 *
 * Environment, read once: HEADROOM_FAKE_DEVICES (1 or 2), HEADROOM_FAKE_VERBOSE=1 (each refusal to stderr). */
#ifndef HEADROOM_FAKE_H
#define HEADROOM_FAKE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEADROOM_FAKE_API __attribute__((visibility("default")))

/* Forgets what the functions below set, all counts, failures, memory and captures, and revives lost devices. What the
 * caller of the driver holds (modules, handles) stays good and stays in the books. Queued work is dropped. */
HEADROOM_FAKE_API void headroom_fake_reset(void);

HEADROOM_FAKE_API void headroom_fake_devices(int count); /* 0, 1 or 2 */
/* Compute capability and multiprocessors; 9.0 and 4 from the start. */
HEADROOM_FAKE_API void headroom_fake_device(int device, int major, int minor, int multiprocessors);
/* NVRTC's version and the newest architecture (as 120) it compiles for; 12.8 and 120 from the start. */
HEADROOM_FAKE_API void headroom_fake_nvrtc(int major, int minor, int newest_architecture);

/* How kernels run: seed of the order of blocks and threads (0: ascending), 1 or 2 OS threads, NaN into shared memory at the
 * start of a block. From the start 1, 2, 1. */
HEADROOM_FAKE_API void headroom_fake_order(uint64_t seed, int os_threads, int poison);

/* What the driver says of a range of memory: of device 0 or 1, pinned host memory, or pageable host memory, which it does
 * not know. Later calls go before earlier ones. Other memory is of device 0, unless only_known: then it is pageable, and
 * copies, fills and products that touch what is not the device's lose the device. */
#define HEADROOM_FAKE_PINNED (-1)
#define HEADROOM_FAKE_PAGEABLE (-2)
HEADROOM_FAKE_API void headroom_fake_memory(const void* memory, int64_t bytes, int kind);
HEADROOM_FAKE_API void headroom_fake_only_known(int only_known);

/* A stream of a device; the null stream, 1 and 2 are known to every device. */
HEADROOM_FAKE_API void* headroom_fake_stream(int device);
HEADROOM_FAKE_API void headroom_fake_destroy_stream(void* stream);
/* 1: work waits until its stream is synchronised, or headroom_fake_work runs it: who reads too early reads old memory. */
HEADROOM_FAKE_API void headroom_fake_queue(int queues);
/* Runs all that waits; the first status that is not 0. */
HEADROOM_FAKE_API int headroom_fake_work(void);
/* From 1 on work of the stream is recorded, not done; to wait or load a module breaks the capture. 0 ends it: the count of
 * what was recorded, or -1 where it was broken. A replay does what was recorded, as often as is liked. */
HEADROOM_FAKE_API int headroom_fake_capture(void* stream, int captures);
HEADROOM_FAKE_API int headroom_fake_replay(void* stream);

/* The call-th call from now (1: the next) of a function, as "cuLaunchKernel", returns this status. 700, 702, 710 and
 * 714 to 719 of a driver's function lose the device: whatever comes after fails alike. nvrtcCompileProgram leaves a log. */
HEADROOM_FAKE_API void headroom_fake_fail(const char* function, int call, int status);

/* Calls of a function since the last reset, or launches of a kernel by its name. */
HEADROOM_FAKE_API int64_t headroom_fake_count(const char* name);
/* What is held: "" or lines such as "modules: 1". The text holds until the next call. */
HEADROOM_FAKE_API const char* headroom_fake_leaks(void);
/* Why the last call that failed did, with the kernel, block and thread of a launch. The text holds until the next call. */
HEADROOM_FAKE_API const char* headroom_fake_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
