#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace windtunnel::inline base {
namespace {
thread_local const CheckContext* current_context = nullptr;
}  // namespace

CheckScope::CheckScope(const CheckContext& context) : outer_(current_context) { current_context = &context; }
CheckScope::~CheckScope() { current_context = outer_; }

void fail_check(const char* believed, const char* file, int line) {
  std::fprintf(stderr, "windtunnel: internal error: believed that %s (%s:%d)\n", believed, file, line);
  if (current_context != nullptr) {
    std::fprintf(stderr, "  in %s, seed %llu, at %lld ns, event %llu\n", current_context->scenario,
                 static_cast<unsigned long long>(current_context->seed),
                 static_cast<long long>(current_context->now_ns),
                 static_cast<unsigned long long>(current_context->event));
  }
  std::fflush(nullptr);
  std::_Exit(1);
}

}  // namespace windtunnel::inline base
