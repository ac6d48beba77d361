#include "base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace windtunnel::inline base {
namespace {

thread_local const CheckContext* current_context = nullptr;
std::atomic<CheckHandler> current_handler{nullptr};

[[noreturn]] void fail(const FailedCheck& failed) {
  if (const CheckHandler handler = current_handler) handler(failed);
  throw CheckFailed(failed);
}

}  // namespace

CheckScope::CheckScope(const CheckContext& context) : outer_(current_context) { current_context = &context; }
CheckScope::~CheckScope() { current_context = outer_; }

std::string failed_check_text(const FailedCheck& failed) {
  std::string text = "windtunnel: ";
  if (failed.kind == FailedCheck::Kind::belief) {
    text += "internal error: believed that " + std::string(failed.text) + " (" + failed.file + ":" +
            std::to_string(failed.line) + ")\n";
  } else {
    text += std::string(failed.text) + "\n";
  }
  if (failed.context != nullptr) {
    const CheckContext& context = *failed.context;
    text += "  in " + std::string(context.scenario) + ", seed " + std::to_string(context.seed) + ", at " +
            std::to_string(context.now_ns) + " ns, event " + std::to_string(context.event) + "\n";
  }
  return text;
}

CheckHandler set_check_handler(CheckHandler handler) { return current_handler.exchange(handler); }

void end_process(const FailedCheck& failed) {
  constexpr int kInternalError = 1;
  constexpr int kScenarioInvalid = 3;
  std::fputs(failed_check_text(failed).c_str(), stderr);
  std::fflush(nullptr);
  std::_Exit(failed.kind == FailedCheck::Kind::belief ? kInternalError : kScenarioInvalid);
}

void fail_check(const char* believed, const char* file, int line) {
  fail({FailedCheck::Kind::belief, believed, file, line, current_context});
}

void reach_limit(const char* happened, const char* file, int line) {
  fail({FailedCheck::Kind::limit, happened, file, line, current_context});
}

}  // namespace windtunnel::inline base
