// A failed check ends a test program as it ends windtunnel, so that a death test sees it, and no test goes on with an
// object in no defined state.

#include "base/check.h"

namespace windtunnel {
namespace {

[[maybe_unused]] const CheckHandler handler_before = set_check_handler(end_process);

}  // namespace
}  // namespace windtunnel
