#pragma once
// Our own mistakes: a broken belief stops the run at once, always on, in every build type.
//
// A failed check prints what was believed, where, and the context that the driver has named (scenario, seed, instant,
// event number), then ends the process with exit code 1, "internal error". It is never used for bad input and never
// for an outcome of the domain: those are values.

#include <cstdint>

namespace windtunnel::inline base {

// What a driver says about the run on this thread, so that a failed check can name it. Used for that message only.
struct CheckContext {
  const char* scenario = "";
  std::uint64_t seed = 0;
  std::int64_t now_ns = 0;
  std::uint64_t event = 0;
};

// Names the run on this thread until destroyed. The context must outlive the scope.
class CheckScope {
 public:
  explicit CheckScope(const CheckContext& context);
  ~CheckScope();
  CheckScope(const CheckScope&) = delete;
  CheckScope& operator=(const CheckScope&) = delete;

 private:
  const CheckContext* outer_;
};

[[noreturn]] void fail_check(const char* believed, const char* file, int line);

// constexpr so that units can use it: in a constant expression a false condition does not compile.
constexpr void check(bool condition, const char* believed, const char* file = __builtin_FILE(),
                     int line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    fail_check(believed, file, line);
}

}  // namespace windtunnel::inline base
