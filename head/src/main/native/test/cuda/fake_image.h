// The "compiled" image: a text without NUL bytes that names the architecture and carries the source and its hash.
#pragma once

#include <string>

namespace headroom::fake {

std::string make_image(const std::string& architecture, const std::string& source);
// The source within, or what is wrong with the image. `architecture` is as in "90" or "90a".
bool read_image(const char* image, std::string* architecture, std::string* source, std::string* wrong);

}  // namespace headroom::fake
