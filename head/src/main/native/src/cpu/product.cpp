#include "product.h"

#include <cstring>

#include "epilogue.h"

namespace headroom {

bool own_product_can_run() { return std::strcmp(epilogues().isa, "avx512") == 0; }

bool own_product_is_faster() { return own_product_can_run() && __builtin_cpu_is("amd"); }

}  // namespace headroom
