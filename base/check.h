#pragma once
// Our own mistakes: a broken belief stops the run at once, always on, in every build type. It is never used for bad
// input and never for an outcome of the domain: those are values.
//
// What becomes of a failed check is the host's choice, by a handler:
//   - without one, as in a program that uses the library, CheckFailed is thrown. The object whose function failed is in
//     no defined state; nothing else is affected.
//   - windtunnel sets end_process(): it prints what was believed, where, and the context that the driver has named
//     (scenario, seed, instant, event number), then ends the process with exit code 1, "internal error".
//
// A limit is no belief but the end of what can be counted, which a legal input may reach, in the program only after
// days of absurd spending. It goes the same way, and ends the program as an error of the scenario, with exit code 3.

#include <cstdint>
#include <stdexcept>
#include <string>

namespace windtunnel::inline base {

// The driver's description of the run on this thread, so that a failed check can name it. Used for that message only.
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

struct FailedCheck {
  enum class Kind : std::uint8_t { belief, limit };
  Kind kind = Kind::belief;
  const char* text = "";  // of a belief: what was believed; of a limit: what has happened
  const char* file = "";
  int line = 0;
  const CheckContext* context = nullptr;  // of the run on this thread; null: there is none
};

// The text of end_process(), in lines.
std::string failed_check_text(const FailedCheck& failed);

class CheckFailed : public std::logic_error {
 public:
  explicit CheckFailed(const FailedCheck& failed) : std::logic_error(failed_check_text(failed)) {}
};

// Called on the thread that failed. It ends the process or throws; if it returns, CheckFailed is thrown.
using CheckHandler = void (*)(const FailedCheck& failed);

// For the whole process; null: CheckFailed is thrown. Returns the handler before.
CheckHandler set_check_handler(CheckHandler handler);

[[noreturn]] void end_process(const FailedCheck& failed);

[[noreturn]] void fail_check(const char* believed, const char* file, int line);
[[noreturn]] void reach_limit(const char* happened, const char* file, int line);

// constexpr so that units can use it: in a constant expression a false condition does not compile.
constexpr void check(bool condition, const char* believed, const char* file = __builtin_FILE(),
                     int line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    fail_check(believed, file, line);
}

constexpr void check_limit(bool condition, const char* happened, const char* file = __builtin_FILE(),
                           int line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    reach_limit(happened, file, line);
}

}  // namespace windtunnel::inline base
