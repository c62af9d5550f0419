#include "cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "sha256.h"

namespace headroom::cuda {
namespace {

constexpr char kMagic[] = "headroom kernels 1\n";

std::string set_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

// Empty where nothing is set; a relative one is refused later.
std::string base_path() {
  if (const std::string own = set_in("HEADROOM_CACHE_DIR"); !own.empty()) return own;
  if (const std::string xdg = set_in("XDG_CACHE_HOME"); !xdg.empty() && xdg[0] == '/') return xdg;
  const std::string home = set_in("HOME");
  return home.empty() ? home : home + "/.cache";
}

std::string system_words() { return std::generic_category().message(errno); }

std::string header_of(const std::string& key, const std::string& contents) { return kMagic + key + "\n" + sha256(contents) + "\n"; }

bool write_all(int file, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t now = ::write(file, bytes.data() + done, bytes.size() - done);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return false;
    done += static_cast<std::size_t>(now);
  }
  return true;
}

std::string read_all(int file) {
  std::string bytes;
  char part[1 << 16];
  for (;;) {
    const ssize_t now = ::read(file, part, sizeof part);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return bytes;
    bytes.append(part, static_cast<std::size_t>(now));
  }
}

}  // namespace

KernelCache::KernelCache() : path_(base_path()) {
  if (path_.empty() || path_[0] != '/') {
    refusal_ = "cache directory: \"" + path_ + "\" (expected: an absolute path in HEADROOM_CACHE_DIR, XDG_CACHE_HOME or HOME)";
    return;
  }
  ::mkdir(path_.c_str(), 0700);
  const int base = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) {
    refusal_ = "cache directory: " + path_ + ", " + system_words() + " (expected: a directory; HEADROOM_CACHE_DIR names another)";
    return;
  }
  const int own = open_below(base, "headroom", S_IWGRP | S_IWOTH);
  ::close(base);
  if (own < 0) return;
  directory_ = open_below(own, "kernels", S_IRWXG | S_IRWXO);
  ::close(own);
}

KernelCache::~KernelCache() {
  if (directory_ >= 0) ::close(directory_);
}

// What another user owns or may write, or a link to who knows where, could hand us foreign kernels.
int KernelCache::open_below(int parent, const char* name, unsigned forbidden_mode) {
  path_ += std::string("/") + name;
  ::mkdirat(parent, name, 0700);
  const int opened = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat about;
  if (opened < 0 || ::fstat(opened, &about) != 0) {
    refusal_ = "cache directory: " + path_ + ", " + system_words() + " (expected: a directory of one's own, no link)";
  } else if (about.st_uid != ::geteuid()) {
    refusal_ = "cache directory: " + path_ + " of user " + std::to_string(about.st_uid) + " (expected: of user " + std::to_string(::geteuid()) + ")";
  } else if (about.st_mode & forbidden_mode) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(about.st_mode & 07777u));
    refusal_ = "cache directory: " + path_ + " of mode " + mode + " (expected: 0700)";
  } else {
    return opened;
  }
  if (opened >= 0) ::close(opened);
  return -1;
}

std::string KernelCache::read(const std::string& key) const {
  if (directory_ < 0) return "";
  // Without O_NONBLOCK the opening of a pipe would wait.
  const int file = ::openat(directory_, key.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return "";
  struct stat about;
  const bool trusted = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == ::geteuid() && !(about.st_mode & (S_IWGRP | S_IWOTH));
  const std::string bytes = trusted ? read_all(file) : "";
  ::close(file);
  const std::size_t header = header_of(key, "").size();
  if (bytes.size() <= header) return "";
  const std::string contents = bytes.substr(header);
  return bytes.compare(0, header, header_of(key, contents)) == 0 ? contents : "";
}

bool KernelCache::write(const std::string& key, const std::string& contents) {
  static std::atomic<unsigned> count{0};
  if (directory_ < 0) return false;
  const std::string beside = key + "." + std::to_string(::getpid()) + "." + std::to_string(count++);
  ::unlinkat(directory_, beside.c_str(), 0);  // left by a process of this number that ended while it wrote
  const int file = ::openat(directory_, beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  bool done = file >= 0 && write_all(file, header_of(key, contents) + contents);
  if (!done) refusal_ = "cache file: " + path_ + "/" + beside + ", " + system_words() + " (expected: a place to write)";
  if (file >= 0) done = ::close(file) == 0 && done;
  if (done && ::renameat(directory_, beside.c_str(), directory_, key.c_str()) != 0) {
    refusal_ = "cache file: " + path_ + "/" + key + ", " + system_words() + " (expected: a place to write)";
    done = false;
  }
  if (!done) ::unlinkat(directory_, beside.c_str(), 0);
  return done;
}

}  // namespace headroom::cuda
