// SHA-256 (FIPS 180-4), for names and checks of cached files.
#pragma once

#include <string>
#include <string_view>

namespace headroom::cuda {

// The digest as 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace headroom::cuda
