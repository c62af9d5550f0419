/* Headroom's one C ABI: plain C, no Java, no torch.
 *
 * Letters as in the design: n rows (tokens), d width, v classes; e[n,d] hidden states, c[v,d] classifier, b[v] bias,
 * t[n] targets, lse[n], dE, dC, dB. Every function returns a headroom_status; the text of the last failure on the
 * calling thread is headroom_last_error(). Nothing here prints, exits, throws or keeps a pointer after it returns.
 *
 * One formula carries the whole family. Row i has logits a = <e_i,c_v> + b_v, s = logit_scale a, and z = s or, where
 * soft_cap is set, soft_cap tanh(s / soft_cap), or with stable_max sgn(s) log(1 + |s|); p = softmax(z), L = lse(z), H = L - sum p z its entropy:
 *
 *     d loss_i / d z_v = p_v A_i + p_v z_v B_i - S_i w_v - [v = t_i] T_i - (soft targets of the row)
 *     A = r ((1-eps) (w_t or sum_k q_k) + eps W/V) + 2 lambda L r_z + u_L + u_H (L - H) - u_p
 *     B = -u_H,   S = r eps/V,   T = r (1-eps) w_t - u_p
 *
 * so that a kernel knows five row scalars (L, A, B, S, T) and one column vector (w), and nothing of the loss's name. V and
 * W = sum w count present classes: a bias of -inf takes a class out. Rows may also hand out the logits of listed classes
 * and take a gradient of each, u_v, which is added to the entry, and of R, the log-sum-exp over the classes that the row
 * does not list, with p_v u_R exp(L - R) in their entries alone: losses over part of the vocabulary are made of it.
 */
#ifndef HEADROOM_H
#define HEADROOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEADROOM_API __attribute__((visibility("default")))
#define HEADROOM_ABI 6
#define HEADROOM_MOST_TOP 64

typedef enum headroom_status {
  HEADROOM_OK = 0,
  HEADROOM_INVALID = 1,          /* an argument breaks a rule; the text names it */
  HEADROOM_TARGET_RANGE = 2,     /* a target outside [0,v) that is not the ignore index */
  HEADROOM_OUT_OF_MEMORY = 3,
  HEADROOM_UNSUPPORTED = 4,      /* this build or this machine lacks what was asked for */
  HEADROOM_INTERNAL = 5
} headroom_status;

typedef enum headroom_dtype {
  HEADROOM_FLOAT32 = 0, HEADROOM_FLOAT16 = 1, HEADROOM_BFLOAT16 = 2, HEADROOM_INT32 = 3, HEADROOM_INT64 = 4,
  HEADROOM_TFLOAT32 = 5          /* as a compute type alone: float32 operands, products of 10 bits of fraction */
} headroom_dtype;

typedef enum headroom_device { HEADROOM_CPU = 0, HEADROOM_CUDA = 1 } headroom_device;

/* KEPT holds a chunk's logits in the workspace (3 GEMMs); RECOMPUTED holds row statistics only (4 GEMMs). */
typedef enum headroom_engine { HEADROOM_AUTO = 0, HEADROOM_KEPT = 1, HEADROOM_RECOMPUTED = 2 } headroom_engine;

/* Which matrix products serve: the BLAS handed in, or our own (float32 needs AVX-512, bfloat16 AVX512-BF16); AUTO takes
 * the ones that were measured faster on this kind of processor. */
typedef enum headroom_gemm { HEADROOM_GEMM_AUTO = 0, HEADROOM_GEMM_BLAS = 1, HEADROOM_GEMM_OWN = 2 } headroom_gemm;

/* The matrix products come from the BLAS that is already in the process; its addresses are handed in.
 * sgemm: Fortran sgemm_ with 32-bit integers. gemm_bf16: cblas_gemm_bf16bf16f32, or null.
 * set_threads_local: MKL_Set_Num_Threads_Local, which returns what it was, or null; the caller's thread gets its own back. */
typedef struct headroom_blas {
  void (*sgemm)(const char* transa, const char* transb, const int32_t* m, const int32_t* n, const int32_t* k,
                const float* alpha, const float* a, const int32_t* lda, const float* b, const int32_t* ldb,
                const float* beta, float* c, const int32_t* ldc);
  void (*gemm_bf16)(int32_t layout, int32_t transa, int32_t transb, int32_t m, int32_t n, int32_t k, float alpha,
                    const uint16_t* a, int32_t lda, const uint16_t* b, int32_t ldb, float beta, float* c, int32_t ldc);
  int32_t (*set_threads_local)(int32_t threads);
} headroom_blas;

/* Whose classes a row lists: one list for all rows, ids of its own, or its largest logits as the forward pass finds them. */
typedef enum headroom_listed { HEADROOM_SHARED = 0, HEADROOM_BY_ROW = 1, HEADROOM_TOP = 2 } headroom_listed;

/* Called by headroom_head_forward_backward on the calling thread, once the statistics of so many rows (of these numbers)
 * are written and before their gradients are formed: it may write r, r_z and the upstream gradients of these rows. */
typedef void (*headroom_between)(void* context, const int64_t* rows, int64_t count);

typedef struct headroom_head {
  int32_t abi;                   /* HEADROOM_ABI */
  int32_t device;                /* headroom_device */
  void* stream;                  /* the caller's CUDA stream; null on CPU */
  const headroom_blas* blas;     /* CPU only; may be null where our own products serve */

  int64_t n, d, v;
  const void* e; int64_t e_stride;   /* elements between rows; a row is contiguous */
  const void* c; int64_t c_stride;
  const float* b;                /* [v] or null */
  const void* t;                 /* [n]; rows of the ignore index are left out, whatever their soft targets */
  int32_t e_dtype, c_dtype, t_dtype;
  int32_t compute;               /* HEADROOM_FLOAT32 or HEADROOM_BFLOAT16, on CUDA also HEADROOM_TFLOAT32; accumulation is float32 */
  int64_t ignore_index;

  const float* class_weight;     /* w [v], or null for ones */
  double label_smoothing;        /* eps in [0,1) */
  double logit_scale;            /* positive */
  double soft_cap;               /* positive, or 0 for none */
  double z_loss;                 /* lambda of lambda * lse^2 */

  int64_t soft_count;            /* k pairs (class, weight) a row take the place of t, or 0; the ignore index skips a pair */
  const int64_t* soft_ids;       /* [n,k] */
  const float* soft_weights;     /* q [n,k], of any sign and sum */

  const float* r;                /* [n] scale of the cross-entropy term: upstream x weight / normaliser */
  const float* r_z;              /* [n] scale of the z-loss term, or null when z_loss is 0 */
  const float* u_lse;            /* [n] upstream gradients of lse, entropy and log p_t, each or null */
  const float* u_entropy;
  const float* u_log_prob;

  int64_t listed_count;          /* k classes whose logits some rows hand out, or 0 */
  int64_t listed_kind;           /* headroom_listed */
  const int64_t* listed_ids;     /* SHARED: [k] ascending. BY_ROW: [places,k] in any order, a class once a row, a negative id
                                    lists none. TOP: null, the first k of the row's top_ids, which are in to the gradient pass */
  const int64_t* listed_places;  /* [n] a row's place in the lists here, or -1 for a row without */
  float* listed_logits;          /* [places,k] out: z, -inf where none is listed; null for TOP, which has top_logits */
  const float* u_listed;         /* [places,k] upstream gradients of them, or null */
  float* lse_rest;               /* [places] out of the forward pass, in to the gradient pass: R, the log-sum-exp over classes
                                    that are not listed; or null. BY_ROW: to full precision, whatever they hold of the mass;
                                    TOP: exp(R - L) has the absolute error of a probability. Not with SHARED */
  const float* u_rest;           /* [places] upstream gradients of it, or null */
  headroom_between between;      /* or null */
  void* between_context;

  float* nll;                    /* [n] out: lse - z_t to full relative precision, 0 on ignored rows; in to the gradient
                                    pass, where null takes it from lse */
  float* lse;                    /* [n] out of the forward pass, in to the gradient pass; 0 on ignored rows */
  float* entropy;                /* [n] likewise, or null; needed with u_entropy */
  float* squares;                /* [n] out: sum_v p_v^2, or null */
  float* variance;               /* [n] out: sum_v p_v (log p_v + H)^2, or null; needs entropy and squares */
  float* smooth;                 /* [n] out: (W L - sum_v w_v z_v) / V, or null */
  float* soft;                   /* [n] out: sum_k q_k (L - z_k), or null */
  int64_t top_count;             /* k largest logits of each row, at most HEADROOM_MOST_TOP, or 0 */
  int64_t* top_ids;              /* [n,k] out: largest first, ties to the lower id; -1 on ignored rows and for NaN */
  float* top_logits;             /* [n,k] out */

  float* de; int64_t de_stride;  /* [n,d] out, overwritten; null where not wanted */
  float* dc; int64_t dc_stride;  /* [v,d], null where not wanted */
  float* db;                     /* [v], null where not wanted */
  int32_t add_dc;                /* 1: dc and db are added to; 0: they are overwritten */
  int32_t filter_full_c;         /* 1: dc and db are formed without the filter */

  /* The gradient filter: entries of p below tau may be dropped, for whole classes of a block of rows. Off where both are 0. */
  double filter_tau;             /* in [0,1) */
  double filter_mass;            /* in [0,1): tau is chosen so that the mean dropped mass of a row stays below this */
  float* dropped;                /* [n] out with a filter, or null: the mass of p that a row's gradient lacks */

  int32_t engine;                /* headroom_engine asked for; headroom_head_plan tells what AUTO means */
  int32_t gemm;                  /* headroom_gemm */
  int32_t threads;               /* at least 1 */
  int32_t stable_max;            /* 1: z = sgn(s) log(1 + |s|), without a soft cap */
  void* workspace;               /* all scratch memory, 64-byte aligned, on CUDA 256-byte */
  int64_t workspace_bytes;

  const int64_t* kept;           /* CUDA only: the rows that are not ignored, ascending, where the caller knows them: no other row
                                    is worked on. Null: every row is, and those of the ignore index come to nothing */
  int64_t kept_count;
} headroom_head;

/* What a call will do: chosen engine, whose products, rows of a chunk, columns of a tile, least and useful workspace, and
 * what its order of summation comes from. The same call gives the same bits again on one machine with one build; the tile
 * of our own products is cut to the caches found, so that machines with other caches may differ in the last bits. */
typedef struct headroom_plan {
  int32_t engine;
  int32_t gemm;                  /* HEADROOM_GEMM_BLAS or HEADROOM_GEMM_OWN */
  int64_t chunk_rows, tile_columns;
  int64_t least_workspace_bytes, used_workspace_bytes;
  int64_t block_rows;            /* the most rows of a block */
  int64_t sum_step;              /* the most elements of a sum before it is added to memory; 0 with the BLAS */
  int64_t second_cache_bytes, third_cache_bytes;  /* as found; 0 where the system does not tell */
} headroom_plan;

HEADROOM_API const char* headroom_last_error(void);
HEADROOM_API const char* headroom_version(void);
/* The instruction set of the epilogues chosen on this machine: "avx512", "avx2" or "generic". */
HEADROOM_API const char* headroom_cpu_isa(void);

/* Memory for a workspace: 64-byte aligned, on huge pages where the system grants them; null when there is none. */
HEADROOM_API void* headroom_alloc(int64_t bytes);
HEADROOM_API void headroom_free(void* memory, int64_t bytes);

/* On CUDA every pointer of a call but `blas` is memory of one device, and the work is put on the caller's stream: nothing
 * waits for it, so that a call can be captured into a graph once one call on the device was made outside a capture; only
 * with `between` a call waits for the statistics of each chunk, and with a filter for the count of the classes it keeps. What the arrays hold is not looked at on the host: a target
 * outside [0,v) makes its row's loss NaN. With label smoothing a filter drops nothing.
 * FLOAT16 is no compute type.
 *
 * HEADROOM_CUDA_FUSED=1 in the environment of the first call takes statistics of compute type BFLOAT16 from one kernel whose
 * products stay in registers, on compute capability 9.0 alone: where top_count, soft_count, listed_count, label_smoothing,
 * variance and kept products do not ask for more. Another device or compute type is refused, and so are e and c of BFLOAT16
 * at addresses or with rows that are no multiple of 16 bytes. */

/* What CUDA finds here, in lines of text of at most `length` bytes: driver, NVRTC, cuBLASLt, devices. A refusal names what
 * is missing. */
HEADROOM_API int32_t headroom_cuda_describe(char* text, int64_t length);
/* Unloads the kernels from all devices, when no call is under way; the next call loads them again. */
HEADROOM_API int32_t headroom_cuda_release(void);
/* Copies between the host's memory and a device's, on a stream; from the device it waits until the bytes are there. */
HEADROOM_API int32_t headroom_cuda_write(void* device, const void* host, int64_t bytes, void* stream);
HEADROOM_API int32_t headroom_cuda_read(void* host, const void* device, int64_t bytes, void* stream);

HEADROOM_API int32_t headroom_head_plan(const headroom_head* head, headroom_plan* plan);
/* Row statistics only. */
HEADROOM_API int32_t headroom_head_forward(const headroom_head* head);
/* The logits z of every row and class into z[n,v], z_stride floats between rows; rows of the ignore index are left as they
 * are. A range of classes is a call with its part of c and b. Nothing else is written. */
HEADROOM_API int32_t headroom_head_logits(const headroom_head* head, float* z, int64_t z_stride);
/* Gradients from the lse of an earlier forward pass and the row scales r, r_z known by now (engine RECOMPUTED). */
HEADROOM_API int32_t headroom_head_backward(const headroom_head* head);
/* Statistics and gradients in one call, by either engine. */
HEADROOM_API int32_t headroom_head_forward_backward(const headroom_head* head);

/* The divergence of two heads over the classes of one: student z = that of e, c, b, teacher likewise with its own width.
 * p = softmax(z_student), q = softmax(z_teacher), m = beta q + (1-beta) p, of a row:
 *
 *     FORWARD_KL       sum q log(q/p)                            d/dz_v = p_v - q_v
 *     REVERSE_KL       sum p log(p/q)                                     p_v (log(p_v/q_v) - value)
 *     JENSEN_SHANNON   beta sum q log(q/m) + (1-beta) sum p log(p/m)      (1-beta) p_v (log(p_v/m_v) - sum p log(p/m))
 *     SYMMETRIC_CE     -sum q log p - sum p log q                         p_v - q_v - p_v (log q_v - sum p log q)
 *     INNER_PRODUCT    -log sum p q                                       p_v - p_v q_v / sum p q
 *     EXPECTED_LOGIT   -sum p y, y the teacher's logits                   -p_v (y_v - sum p y)
 *
 * Classes whose student logit is -inf (and the teacher's beyond v) are absent from q too, which is the softmax over the
 * rest; a class whose teacher logit is -inf (and the student's beyond the teacher's) has q = 0, and for REVERSE_KL,
 * SYMMETRIC_CE and EXPECTED_LOGIT, infinite there, is absent from p too. The temperature is in logit_scale and soft_cap of both sides. */
typedef enum headroom_divergence_kind {
  HEADROOM_FORWARD_KL = 0, HEADROOM_REVERSE_KL = 1, HEADROOM_JENSEN_SHANNON = 2, HEADROOM_SYMMETRIC_CE = 3,
  HEADROOM_INNER_PRODUCT = 4, HEADROOM_EXPECTED_LOGIT = 5
} headroom_divergence_kind;

/* One of the two heads, as in headroom_head. */
typedef struct headroom_side {
  int64_t d, v;
  const void* e; int64_t e_stride;
  const void* c; int64_t c_stride;
  const float* b;                /* [v] or null */
  int32_t e_dtype, c_dtype;
  double logit_scale, soft_cap;
} headroom_side;

typedef struct headroom_divergence {
  int32_t abi;                   /* HEADROOM_ABI */
  int32_t device;                /* headroom_device */
  void* stream;                  /* the caller's CUDA stream; null on CPU */
  const headroom_blas* blas;     /* as in headroom_head */

  int64_t n;
  headroom_side student, teacher;
  const int64_t* t;              /* [n]; rows of the ignore index are left out; other values count with without_target */
  int64_t ignore_index;
  int32_t without_target;        /* 1: both softmaxes run over all classes but t */
  int32_t kind;                  /* headroom_divergence_kind */
  double beta;                   /* in (0,1) for JENSEN_SHANNON */
  int32_t compute;               /* HEADROOM_FLOAT32 or HEADROOM_BFLOAT16 */
  int32_t add_dc;                /* 1: dc and db are added to; 0: they are overwritten */

  const float* r;                /* [n] scale of a row's gradient */
  float* value;                  /* [n] out: the divergence, 0 on ignored rows */
  float* de; int64_t de_stride;  /* gradients of the student as in headroom_head, null where not wanted */
  float* dc; int64_t dc_stride;
  float* db;

  int32_t engine;                /* headroom_engine */
  int32_t gemm;                  /* headroom_gemm */
  int32_t threads;               /* at least 1 */
  int32_t reserved;              /* 0 */
  void* workspace;               /* 64-byte aligned */
  int64_t workspace_bytes;
} headroom_divergence;

HEADROOM_API int32_t headroom_divergence_plan(const headroom_divergence* divergence, headroom_plan* plan);
/* Values only. */
HEADROOM_API int32_t headroom_divergence_forward(const headroom_divergence* divergence);
/* Values and gradients in one call. */
HEADROOM_API int32_t headroom_divergence_forward_backward(const headroom_divergence* divergence);

/* Losses of the spherical family: functions of mean o, sum (o - mean o)^2 and the targets' o alone, with o = c e_i, no bias.
 * Letters: m the mean row of c, C0 = c - m, Q = C0^T C0 [d,d]; of row i mu = <m,e_i>, x = Q e_i, spread = <e_i,x> =
 * sum_v (o_v - mu)^2, and of each of its targets y = <c_t - m, e_i>, so that o_t = mu + y and sum_v o_v^2 = spread + v mu^2
 * come without cancellation. The loss is the caller's: with its derivatives u_mean by mu (o_t held), u_spread twice that
 * by spread, u_target by each o_t,
 *
 *     dE_i = u_mean m + u_spread x + sum_k u_target c_{t_k}
 *     dC_v = C0_v M + (1/v) sum_i u_mean e_i + sum_{i,k: t_ik = v} u_target e_i,      M = sum_i u_spread e_i e_i^T
 *
 * in O(n d^2 + v d^2), never n x v. Sums over rows run in float32 over blocks and in float64 over those; the same bits for
 * any number of threads. spread is 0 where it is below 2^-24 |e|^2 trace Q: float32 cannot tell it from 0. */
typedef struct headroom_spherical {
  int32_t abi;                   /* HEADROOM_ABI */
  int32_t device;                /* headroom_device */
  const headroom_blas* blas;     /* may be null where our own products serve */

  int64_t n, d, v;
  const void* e; int64_t e_stride;   /* elements between rows; a row is contiguous */
  const void* c; int64_t c_stride;
  int32_t e_dtype, c_dtype;      /* HEADROOM_FLOAT32 or HEADROOM_FLOAT16 */
  const int64_t* t;              /* [n,k]; the ignore index skips one, a row of them is left out */
  int64_t target_count;          /* k, at least 1 */
  int64_t ignore_index;

  double* mean;                  /* m [d]: out of the forward pass, in to the gradient pass */
  double* mu;                    /* [n] out of the forward pass; 0 on rows left out, as the next two */
  double* spread;                /* [n] likewise */
  double* y;                     /* [n,k] likewise; 0 where a target is skipped */
  const double* u_mean;          /* [n] in to the gradient pass, scale of the row included */
  const double* u_spread;        /* [n] */
  const double* u_target;        /* [n,k] */

  float* de; int64_t de_stride;  /* [n,d] or null: x out of the forward pass, which the gradient pass turns into dE */
  float* dc; int64_t dc_stride;  /* [v,d] or null */
  int32_t add_dc;                /* 1: dc is added to; 0: it is overwritten */
  int32_t gemm;                  /* headroom_gemm */
  int32_t threads;               /* at least 1 */
  int32_t reserved;              /* 0 */
  void* workspace;               /* all scratch memory, 64-byte aligned */
  int64_t workspace_bytes;
} headroom_spherical;

/* Looks at sizes alone; tile_columns are the rows of c in a tile, chunk_rows those of e. */
HEADROOM_API int32_t headroom_spherical_plan(const headroom_spherical* head, headroom_plan* plan);
/* Statistics of the rows, and x where de is given. */
HEADROOM_API int32_t headroom_spherical_forward(const headroom_spherical* head);
/* Gradients, after a forward pass over the same e, c and t. */
HEADROOM_API int32_t headroom_spherical_backward(const headroom_spherical* head);

/* AdamW with decoupled weight decay, one in-place pass over one parameter (Loshchilov and Hutter 2019, algorithm 2):
 *   g = scale * grad;  m = beta1 m + (1-beta1) g;  s = beta2 s + (1-beta2) g^2
 *   param = param (1 - lr decay) - lr * (m / (1-beta1^step)) / (sqrt(s / (1-beta2^step)) + eps);  grad = 0 if zero_grad
 */
typedef struct headroom_adamw {
  int64_t count;
  float* param;
  float* grad;
  float* m;
  float* s;
  double scale, lr, beta1, beta2, eps, decay;
  int64_t step;                  /* from 1 */
  int32_t zero_grad;
  int32_t threads;
} headroom_adamw;

HEADROOM_API int32_t headroom_adamw_step(const headroom_adamw* update);
/* Sum of squares in float64, the same bits for any thread count; NaN and infinity pass through. */
HEADROOM_API int32_t headroom_sum_squares(const float* x, int64_t count, int32_t threads, double* sum);

#ifdef __cplusplus
}
#endif
#endif
