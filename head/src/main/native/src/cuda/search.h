// Finds shared libraries in this process and on this machine.
#pragma once

#include <string>
#include <vector>

#include "status.h"

namespace headroom::cuda {

struct Sought {
  const char* stem;                   // "libnvrtc": the file libnvrtc.so*, or libnvrtc-<hash>.so* as wheels rename it
  std::vector<const char*> sonames;   // newest first
  const char* wheel;                  // its folder among PyTorch's wheels, or null where it is in none
  const char* variable;               // of the environment: names a file that is taken, and no other
  const char* advice;                 // what it is and how to get it
};

// A library that stays loaded: none of these may be unloaded while its threads live.
class Library {
 public:
  // In this order: the file that the variable names; what is loaded under one of the sonames, or from any file of that
  // name; a file beside PyTorch's libraries that are loaded; the system's by soname. Throws UNSUPPORTED.
  explicit Library(const Sought& sought);

  // Sets `function` to the address of `symbol`; throws UNSUPPORTED where the library lacks it.
  template <class Function>
  void get(const char* symbol, Function*& function) const {
    function = reinterpret_cast<Function*>(address(symbol));
  }
  // Likewise; null where the library lacks it.
  template <class Function>
  void get_if_there(const char* symbol, Function*& function) const {
    function = reinterpret_cast<Function*>(address_or_null(symbol));
  }
  const std::string& path() const { return path_; }

 private:
  bool open(const std::string& name, int flags);
  bool take_loaded(const Sought& sought);
  bool take_beside(const Sought& sought);
  void* address(const char* symbol) const;
  void* address_or_null(const char* symbol) const;

  void* handle_ = nullptr;
  std::string path_;
  std::string refusals_;  // why the files that were there did not load
};

// Whether a file name is that of the library: "libnvrtc.so.12" and "libnvrtc-1a2b3c4d.so.12" are libnvrtc's,
// "libnvrtc-builtins.so.12.8" is not.
bool is_file_of(const std::string& file, const std::string& stem);

[[noreturn]] inline void unsupported(const std::string& text) { throw Failure(HEADROOM_UNSUPPORTED, text); }

}  // namespace headroom::cuda
