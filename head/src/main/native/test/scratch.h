// A directory that goes when the test ends, and what of a thrown failure is compared.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <utility>

#include "status.h"

class Scratch {
 public:
  Scratch() {
    std::string path = std::filesystem::temp_directory_path() / "headroom-test-XXXXXX";
    path_ = ::mkdtemp(path.data());
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The status and text of what `body` throws, or OK.
template <class Body>
std::pair<headroom_status, std::string> thrown(const Body& body) {
  try {
    body();
  } catch (const headroom::Failure& failure) {
    return {failure.status(), failure.what()};
  }
  return {HEADROOM_OK, ""};
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
