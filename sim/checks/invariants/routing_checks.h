#pragma once
// R1: a user stays in their variant, whichever provider serves.

#include <optional>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/routing_model.h"

namespace windtunnel::sim {

class RoutingChecks {
 public:
  explicit RoutingChecks(CheckContext& context);

  void on_finish(const OpenRequest& open_request, const monitor::Record& record);

 private:
  CheckContext& context_;
  RoutingModel model_;
};

}  // namespace windtunnel::sim
