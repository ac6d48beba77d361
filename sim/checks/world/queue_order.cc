#include "sim/checks/world/queue_order.h"

namespace windtunnel::sim {

void QueueOrder::Line::add(const Waiting& call) {
  numbers[number_of(call.request)] = first + waiting.size();
  waiting.push_back(call);
}

void QueueOrder::Line::leave_first() {
  if (!waiting.front().has_ended) numbers.erase(number_of(waiting.front().request));
  waiting.pop_front();
  ++first;
}

QueueOrder::Waiting* QueueOrder::Line::of(RequestId request) {
  const auto found = numbers.find(number_of(request));
  return found == numbers.end() ? nullptr : &waiting[static_cast<std::size_t>(found->second - first)];
}

void QueueOrder::Line::end(Waiting& call) {
  call.has_ended = true;
  numbers.erase(number_of(call.request));
}

void QueueOrder::on_placed(const CallPlaced& event) {
  const std::size_t provider = index_of(event.provider);
  Line& line = lines_[provider];
  const ProviderSpec& spec = watch_.scenario.providers[provider];
  switch (event.place) {
    case CallPlaced::Place::none:
      return;
    case CallPlaced::Place::waiting:
      line.add({event.request, event.at});
      return;
    case CallPlaced::Place::turned_away:
      return on_turned_away(event, line, spec);
    case CallPlaced::Place::in_service:
      break;
  }
  while (!line.waiting.empty() && line.waiting.front().has_ended) line.leave_first();
  if (line.waiting.empty()) return;
  const Waiting first = line.waiting.front();
  if (first.request == event.request) {
    const Duration wait = event.at - first.since;
    if (spec.queue_timeout && wait >= *spec.queue_timeout)
      watch_.report(event.at, event.request, "provider {} serves its call after a wait of {} ns; calls may wait {} ns",
                    provider, wait.count(), spec.queue_timeout.value_or(Duration{0}).count());
    return line.leave_first();
  }
  watch_.report(event.at, event.request,
                "provider {} serves its call before that of request {}, which came earlier and still waits", provider,
                number_of(first.request));
}

void QueueOrder::on_turned_away(const CallPlaced& event, Line& line, const ProviderSpec& spec) const {
  Waiting* own = line.of(event.request);
  if (own == nullptr) {
    const bool is_full = spec.concurrency && static_cast<std::int64_t>(line.waiting.size()) >= spec.queue;
    if (!is_full)
      watch_.report(event.at, event.request, "provider {} turns its call away; {} of {} wait", index_of(event.provider),
                    line.waiting.size(), spec.queue);
    return;
  }
  const Duration wait = event.at - own->since;
  if (spec.queue_timeout != wait)
    watch_.report(event.at, event.request,
                  "provider {} sends its call away after a wait of {} ns; calls may wait {} ns",
                  index_of(event.provider), wait.count(), spec.queue_timeout.value_or(Duration{0}).count());
  line.end(*own);
}

void QueueOrder::on_end(RequestId request, monitor::ProviderId provider) {
  Line& line = lines_[index_of(provider)];
  if (Waiting* own = line.of(request)) line.end(*own);
}

}  // namespace windtunnel::sim
