// Status codes and the text of the last failure on this thread.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "headroom.h"

namespace headroom {

// A refusal on its way to the C boundary, which turns it into a code and a text.
class Failure : public std::exception {
 public:
  Failure(headroom_status status, std::string text) : status_(status), text_(std::move(text)) {}
  headroom_status status() const { return status_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  headroom_status status_;
  std::string text_;
};

// Runs `body` and maps what it throws to a status; nothing leaves the library as an exception.
int32_t guarded(void (*body)(const void*), const void* argument) noexcept;

template <class Body>
int32_t guarded(const Body& body) noexcept {
  return guarded([](const void* b) { (*static_cast<const Body*>(b))(); }, &body);
}

// Fails with INVALID and "name: actual (expected: rule)".
[[noreturn]] void invalid(const char* name, const std::string& actual, const std::string& rule);

}  // namespace headroom
