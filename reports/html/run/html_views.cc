#include "reports/html/run/html_views.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace windtunnel::reports {
namespace {

template <class Value, class Combine>
std::vector<Value> by_view(const sim::Timeline& timeline, const std::vector<Value>& series, Combine combine) {
  std::vector<Value> views(timeline.views());
  for (std::size_t step = 0; step < timeline.steps; ++step) {
    Value& view = views[step / timeline.view_steps];
    view = combine(view, sim::value_at(series, step));
  }
  return views;
}

void add_to(sim::Series& sum, const sim::Series& other) {
  if (sum.size() < other.size()) sum.resize(other.size());
  for (std::size_t i = 0; i < other.size(); ++i) sum[i] += other[i];
}

}  // namespace

std::vector<std::int64_t> sums_by_view(const sim::Timeline& timeline, const sim::Series& series) {
  return by_view(timeline, series, std::plus<>{});
}
std::vector<Int128> sums_by_view(const sim::Timeline& timeline, const sim::MoneySeries& series) {
  return by_view(timeline, series, std::plus<>{});
}
std::vector<std::int64_t> greatest_by_view(const sim::Timeline& timeline, const sim::Series& series) {
  return by_view(timeline, series, [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
}
std::vector<std::int64_t> last_by_view(const sim::Timeline& timeline, const sim::Series& series) {
  return by_view(timeline, series, [](std::int64_t, std::int64_t b) { return b; });
}
std::vector<Int128> last_by_view(const sim::Timeline& timeline, const sim::MoneySeries& series) {
  return by_view(timeline, series, [](Int128, Int128 b) { return b; });
}

std::vector<std::int64_t> worst_states_by_view(const sim::Timeline& timeline, const sim::ProviderSeries& provider) {
  const auto happened = [](const sim::Series& series, std::size_t step) { return sim::value_at(series, step) > 0; };
  sim::Series worst(timeline.steps);
  for (std::size_t step = 0; step < timeline.steps; ++step) {
    const bool open = happened(provider.opened, step) || happened(provider.open_ns, step);
    const bool half_open = happened(provider.half_opened, step) || happened(provider.half_open_ns, step);
    worst[step] = std::max<std::int64_t>(sim::value_at(provider.state, step), open ? 2 : half_open ? 1 : 0);
  }
  return greatest_by_view(timeline, worst);
}

sim::Series failed_requests(const sim::RequestSeries& requests) {
  sim::Series sum;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    if (!is_answered(outcome) && !is_refused(outcome)) add_to(sum, requests.outcomes[i]);
  }
  return sum;
}

sim::Series refused_requests(const sim::RequestSeries& requests) {
  sim::Series sum;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    if (is_refused(static_cast<monitor::Outcome>(i))) add_to(sum, requests.outcomes[i]);
  }
  return sum;
}

sim::Series answered_requests(const sim::RequestSeries& requests) {
  sim::Series sum;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    if (is_answered(static_cast<monitor::Outcome>(i))) add_to(sum, requests.outcomes[i]);
  }
  return sum;
}

sim::Series all_requests(const sim::RequestSeries& requests) {
  sim::Series sum;
  for (const sim::Series& outcome : requests.outcomes) add_to(sum, outcome);
  return sum;
}

sim::Series all_calls(const sim::ProviderSeries& provider) {
  sim::Series sum;
  for (const sim::Series& reply : provider.replies) add_to(sum, reply);
  return sum;
}

sim::Series failed_calls(const sim::ProviderSeries& provider) {
  sim::Series sum;
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) {
    if (static_cast<monitor::ReplyKind>(i) != monitor::ReplyKind::ok) add_to(sum, provider.replies[i]);
  }
  return sum;
}

const sim::Series& answers_of(const sim::ProviderSeries& provider) {
  return provider.replies[static_cast<std::size_t>(monitor::ReplyKind::ok)];
}

std::vector<Int128> billed_by_view(const sim::Timeline& timeline) {
  std::vector<Int128> picos(timeline.views());
  for (const sim::ProviderSeries& provider : timeline.providers) {
    const std::vector<Int128> billed = sums_by_view(timeline, provider.cost_picos);
    for (std::size_t view = 0; view < billed.size(); ++view) picos[view] += billed[view];
  }
  std::partial_sum(picos.begin(), picos.end(), picos.begin());
  return scaled(std::move(picos), 1'000'000);
}

}  // namespace windtunnel::reports
