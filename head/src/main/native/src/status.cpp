#include "status.h"

#include <new>

namespace headroom {
namespace {

thread_local std::string last_error;

int32_t record(headroom_status status, const char* text) noexcept {
  try {
    last_error = text;
  } catch (...) {
    last_error.clear();  // no memory for the text: the code alone has to do
  }
  return status;
}

}  // namespace

int32_t guarded(void (*body)(const void*), const void* argument) noexcept {
  try {
    body(argument);
    return HEADROOM_OK;
  } catch (const Failure& failure) {
    return record(failure.status(), failure.what());
  } catch (const std::bad_alloc&) {
    return record(HEADROOM_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return record(HEADROOM_INTERNAL, error.what());
  } catch (...) {
    return record(HEADROOM_INTERNAL, "unknown failure");
  }
}

void invalid(const char* name, const std::string& actual, const std::string& rule) {
  throw Failure(HEADROOM_INVALID, std::string(name) + ": " + actual + " (expected: " + rule + ")");
}

}  // namespace headroom

extern "C" const char* headroom_last_error(void) { return headroom::last_error.c_str(); }
