#include "sim/checks/world/queue_order.h"

namespace windtunnel::sim {

void QueueOrder::on_placed(const CallPlaced& event) {
  const std::size_t provider = index_of(event.provider);
  std::deque<Waiting>& waiting = waiting_[provider];
  switch (event.place) {
    case CallPlaced::Place::none:
      return;
    case CallPlaced::Place::waiting:
      waiting.push_back({event.request});
      return;
    case CallPlaced::Place::turned_away: {
      const ProviderSpec& spec = watch_.scenario.providers[provider];
      const bool is_full = spec.concurrency && static_cast<std::int64_t>(waiting.size()) >= spec.queue;
      return watch_.must(is_full, event.at, event.request, "provider {} turns its call away; {} of {} wait", provider,
                         waiting.size(), spec.queue);
    }
    case CallPlaced::Place::in_service:
      break;
  }
  while (!waiting.empty() && waiting.front().has_ended) waiting.pop_front();
  if (waiting.empty()) return;
  const RequestId first = waiting.front().request;
  if (first == event.request) return waiting.pop_front();
  watch_.must(false, event.at, event.request,
              "provider {} serves its call before that of request {}, which came earlier and still waits", provider,
              number_of(first));
}

void QueueOrder::on_end(RequestId request, monitor::ProviderId provider) {
  for (Waiting& waiting : waiting_[index_of(provider)])
    waiting.has_ended = waiting.has_ended || waiting.request == request;
}

}  // namespace windtunnel::sim
