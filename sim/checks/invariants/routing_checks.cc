#include "sim/checks/invariants/routing_checks.h"

namespace windtunnel::sim {
namespace {

std::vector<std::int64_t> weights_of(const monitor::RouterConfig& config) {
  std::vector<std::int64_t> weights;
  for (const monitor::Variant& variant : config.variants) weights.push_back(variant.weight);
  return weights;
}

int number_or_none(std::optional<std::uint16_t> variant) { return variant ? *variant : -1; }
int number_or_none(std::optional<monitor::ProviderId> provider) {
  return provider ? static_cast<int>(index_of(*provider)) : -1;
}

}  // namespace

RoutingChecks::RoutingChecks(CheckContext& context)
    : context_(context), model_(context.config().ab_router.experiment_id, weights_of(context.config().ab_router)) {}

void RoutingChecks::on_finish(const OpenRequest& open_request, const monitor::Record& record) {
  std::optional<std::uint16_t> variant;
  std::optional<monitor::ProviderId> assigned = monitor::ProviderId{0};
  if (context_.has_routes()) {
    assigned = open_request.first_asked ? open_request.first_asked : record.assigned;
  } else if (open_request.request.provider) {
    assigned = open_request.request.provider;
  } else if (model_.has_variants()) {
    variant = model_.variant_of(open_request.request.user);
    assigned = context_.config().ab_router.variants[*variant].provider;
  }
  if (!record.assigned) {
    // A limiter refused before the router.
    assigned.reset();
    variant.reset();
    if (!is_refused(record.outcome))
      context_.violations.report(CheckId::R1, context_.now, open_request.request.id,
                                 "it ends as {} and was assigned to no provider", record.outcome);
  }
  if (record.variant != variant || record.assigned != assigned)
    context_.violations.report(CheckId::R1, context_.now, open_request.request.id,
                               "user {:016x} is in variant {} at provider {} instead of {} at {}",
                               open_request.request.user, number_or_none(record.variant),
                               number_or_none(record.assigned), number_or_none(variant), number_or_none(assigned));
  if (open_request.first_asked && open_request.first_asked != assigned)
    context_.violations.report(CheckId::R1, context_.now, open_request.request.id,
                               "provider {} was asked first instead of {}", number_or_none(open_request.first_asked),
                               number_or_none(assigned));
}

}  // namespace windtunnel::sim
