// The kernels that were compiled in through the emulation, by name.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>

namespace headroom::emulation {

// From the pointers to a launch's arguments, which are copied as the driver copies them, to what a thread runs.
using Bind = std::function<std::function<void()>(void** arguments)>;

template <class... Arguments, std::size_t... places>
std::function<void()> bind_arguments(void (*kernel)(Arguments...), void** arguments, std::index_sequence<places...>) {
  const std::tuple<Arguments...> copies(*static_cast<const Arguments*>(arguments[places])...);
  return [kernel, copies] { std::apply(kernel, copies); };
}

template <class... Arguments>
Bind bind_kernel(void (*kernel)(Arguments...)) {
  return [kernel](void** arguments) { return bind_arguments(kernel, arguments, std::index_sequence_for<Arguments...>()); };
}

const std::map<std::string, Bind>& kernels();
void add_sample_kernels(std::map<std::string, Bind>* kernels);

}  // namespace headroom::emulation
