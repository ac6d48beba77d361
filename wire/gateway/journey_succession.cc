// Requests that are open when the settings change.
//
// Each reading of the file has its own Journeys: its pipeline, its settings, its connections to the providers. Those of
// an earlier reading end what is open. What both pipelines have in common is one: the successor holds it, and lends it
// for each event of an earlier request. The way of new requests is therefore as long as before. Readings that follow
// fast form a chain, in which each borrows from the next.
//
// Why no sums that one pipeline hears of the other: a reservation that only one of them sees can be spent twice, and a
// probe that ends in a breaker of the past would leave the new one half open for ever.

#include <algorithm>

#include "wire/gateway/journeys.h"

namespace windtunnel::wire {

void Journeys::succeed(Journeys& former) {
  former.successor_ = this;
  former.bond_ = former.pipeline_.bond_with(pipeline_);
  // The pipeline knows deployments by name; an answer is another one if the provider's model is.
  former.bond_.cache =
      former.bond_.cache && std::ranges::equal(former.upstreams_, upstreams_, {}, &Upstream::model, &Upstream::model);
  former.exchange_with_successor();
  pipeline_.change_budget(now());
  requests_ = former.requests_;
  for (std::size_t i = 0; i < upstreams_.size(); ++i) watch_breaker(monitor::ProviderId{static_cast<std::uint8_t>(i)});
}

void Journeys::borrow_from_successor() {
  successor_->borrow();
  exchange_with_successor();
}

void Journeys::give_back_to_successor() {
  exchange_with_successor();
  successor_->give_back();
}

void Journeys::exchange_with_successor() {
  pipeline_.exchange(successor_->pipeline_, bond_);
  if (bond_.cache) cached_.swap(successor_->cached_);
}

}  // namespace windtunnel::wire
