// The little that the native tests need: a check that prints and counts.
#pragma once

#include <cstdio>

inline int& failures() {
  static int count = 0;
  return count;
}

#define CHECK(condition, ...)                                        \
  do {                                                               \
    if (!(condition)) {                                              \
      ++failures();                                                  \
      std::printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);    \
      std::printf(__VA_ARGS__);                                      \
      std::printf("\n");                                             \
    }                                                                \
  } while (false)
