// A private directory of compiled kernels, shared by the processes of one user.
#pragma once

#include <string>

namespace headroom::cuda {

// A file of it is named after its key and holds the key, the SHA-256 of the contents, and the contents. Everything goes
// through the directory's descriptor, so that no path is followed twice; where the directory cannot be trusted nothing is
// read or written, and refusal() says why.
class KernelCache {
 public:
  // Opens, and makes where it is missing, headroom/kernels below HEADROOM_CACHE_DIR, or XDG_CACHE_HOME, or ~/.cache.
  KernelCache();
  ~KernelCache();
  KernelCache(const KernelCache&) = delete;
  KernelCache& operator=(const KernelCache&) = delete;

  // The contents under the key, or nothing where there are none, or none that hold.
  std::string read(const std::string& key) const;
  // Writes beside and renames, so that another process sees all of it or none; false where that failed.
  bool write(const std::string& key, const std::string& contents);

  const std::string& path() const { return path_; }
  const std::string& refusal() const { return refusal_; }

 private:
  int open_below(int parent, const char* name, unsigned forbidden_mode);

  int directory_ = -1;
  std::string path_, refusal_;
};

}  // namespace headroom::cuda
