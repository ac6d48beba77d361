#pragma once
// A scenario's value of a variant, with what a run keeps for it: a fault, an executor.
//
// Each alternative K of the variant has a type K::State, which the run changes; the settings themselves stay as the
// scenario holds them.

#include <variant>

namespace windtunnel::sim {

template <class K>
struct InRun {
  const K* settings = nullptr;
  typename K::State kept;
};

template <class>
struct EachInRun;
template <class... K>
struct EachInRun<std::variant<K...>> {
  using Type = std::variant<InRun<K>...>;
};
template <class Variant>
using AnyInRun = typename EachInRun<Variant>::Type;

// The variant must outlive what is returned.
template <class Variant>
AnyInRun<Variant> in_run(const Variant& value) {
  return std::visit(
      []<class K>(const K& settings) -> AnyInRun<Variant> { return InRun<K>{.settings = &settings, .kept = {}}; },
      value);
}

}  // namespace windtunnel::sim
