#include "search.h"

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace headroom::cuda {
namespace {

std::string file_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }
std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// Collected first and opened later: the loader's lock is held while it lists.
std::vector<std::string> loaded_paths() {
  std::vector<std::string> paths;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* list) {
        if (info->dlpi_name && *info->dlpi_name) static_cast<std::vector<std::string>*>(list)->emplace_back(info->dlpi_name);
        return 0;
      },
      &paths);
  return paths;
}

std::vector<std::string> files_in(const std::string& folder, const std::string& stem) {
  std::vector<std::string> files;
  DIR* const entries = opendir(folder.c_str());
  if (!entries) return files;
  while (const dirent* entry = readdir(entries))
    if (is_file_of(entry->d_name, stem)) files.push_back(folder + "/" + entry->d_name);
  closedir(entries);
  std::sort(files.begin(), files.end());
  return files;
}

std::string loader_words() {
  const char* text = dlerror();
  return text ? text : "no reason given";
}

}  // namespace

bool is_file_of(const std::string& file, const std::string& stem) {
  if (file.compare(0, stem.size(), stem) != 0) return false;
  std::size_t at = stem.size();
  if (at < file.size() && file[at] == '-') {
    const std::size_t hash = ++at;
    while (at < file.size() && std::isxdigit(static_cast<unsigned char>(file[at]))) ++at;
    if (at == hash) return false;
  }
  const std::string rest = file.substr(at);
  return rest == ".so" || rest.compare(0, 4, ".so.") == 0;
}

Library::Library(const Sought& sought) {
  const char* named = std::getenv(sought.variable);
  if (named && *named) {
    if (!open(named, 0)) unsupported(std::string(sought.variable) + ": " + named + " (expected: a library that loads; " + refusals_ + ")");
    return;
  }
  if (take_loaded(sought) || take_beside(sought)) return;
  for (const char* soname : sought.sonames)
    if (open(soname, 0)) return;
  unsupported(std::string(sought.stem) + ": not found (expected: " + sought.advice + ", or its file named in " + sought.variable + "; " +
              refusals_ + ")");
}

bool Library::open(const std::string& name, int flags) {
  handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | flags);
  if (!handle_) {
    const std::string why = loader_words();
    if (!(flags & RTLD_NOLOAD)) refusals_ += (refusals_.empty() ? "" : "; ") + why;
    return false;
  }
  link_map* map = nullptr;
  path_ = dlinfo(handle_, RTLD_DI_LINKMAP, &map) == 0 && map && *map->l_name ? map->l_name : name;
  return true;
}

bool Library::take_loaded(const Sought& sought) {
  for (const char* soname : sought.sonames)
    if (open(soname, RTLD_NOLOAD)) return true;
  for (const std::string& path : loaded_paths())
    if (is_file_of(file_of(path), sought.stem) && open(path, RTLD_NOLOAD)) return true;
  return false;
}

bool Library::take_beside(const Sought& sought) {
  if (!sought.wheel) return false;
  for (const std::string& path : loaded_paths()) {
    const std::string file = file_of(path), folder = folder_of(path);
    if (!is_file_of(file, "libtorch_cuda") && !is_file_of(file, "libc10_cuda") && !is_file_of(file, "libcudart")) continue;
    // One folder for all (DJL, and the wheels of CUDA 13), or one for each beside torch/lib or nvidia/cuda_runtime/lib.
    const std::string beside[] = {folder, folder + "/../../" + sought.wheel + "/lib", folder + "/../../nvidia/" + sought.wheel + "/lib",
                                  folder + "/../../nvidia/cu13/lib"};
    for (const std::string& place : beside)
      for (const std::string& candidate : files_in(place, sought.stem))
        if (open(candidate, 0)) return true;
  }
  return false;
}

void* Library::address_or_null(const char* symbol) const { return dlsym(handle_, symbol); }

void* Library::address(const char* symbol) const {
  void* const found = address_or_null(symbol);
  if (!found) unsupported(path_ + ": no " + symbol + " (expected: a library of CUDA 11.8 or later)");
  return found;
}

}  // namespace headroom::cuda
