#include "monitor/realtime/mock_provider.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/stable_hash.h"
#include "monitor/content_key.h"

namespace windtunnel::monitor {

Duration mock_latency(const MockModel& model, std::uint64_t draw) {
  const Duration span = model.latency_below + model.latency_above;
  const auto part = static_cast<std::int64_t>(Uint128{draw} * static_cast<std::uint64_t>(span.count()) >> 64);
  return model.latency - model.latency_below + Duration{part};
}

std::string mock_answer(const MockModel& model, ContentKey content, Tokens output) {
  const auto size = static_cast<std::size_t>(output.count() * kMockCharactersPerToken);
  const std::string sentence = fmt::format("Mock advice {:016x} of {}. ", content.low, model.model);
  std::string text;
  text.reserve(size + sentence.size());
  while (text.size() < size) text += sentence;
  text.resize(size);
  return text;
}

MockProvider::MockProvider(const MockModel& model, MockOptions options)
    : model_(model),
      options_(options),
      config_{std::string(model.provider), std::string(model.model), {{WallTime::min(), model.tariff}}} {
  check(options.latency_scale >= Millionths{0}, "a latency's scale is not negative");
}

void MockProvider::fail_next(std::int64_t calls, ReplyKind kind) {
  check(calls >= 0, "a number of calls is not negative");
  if (calls == 0) return;
  const std::lock_guard lock{mutex_};
  failures_.push_back({calls, kind});
}

ReplyKind MockProvider::next_kind() {
  const std::lock_guard lock{mutex_};
  if (failures_.empty()) return ReplyKind::ok;
  const ReplyKind kind = failures_.front().kind;
  if (--failures_.front().calls == 0) failures_.pop_front();
  return kind;
}

Duration MockProvider::scaled(Duration duration) const {
  return Duration{static_cast<std::int64_t>(Int128{duration.count()} * options_.latency_scale.value / kMillion)};
}

Completion MockProvider::complete(const ProviderCall& call) {
  const ReplyKind kind = next_kind();
  const Instant begin = call.time.now();
  const std::uint64_t draw =
      stable_hash(number_of(call.request), stable_hash(std::uint64_t{call.attempt}, options_.seed));
  const Duration left = std::max(call.deadline - begin, Duration{0});
  const Duration latency = scaled(kind == ReplyKind::timeout ? left : mock_latency(model_, draw));
  if (latency > Duration{0}) call.time.sleep_until(begin + std::min(latency, left));

  Completion completion;
  Reply& reply = completion.reply;
  reply.kind = latency > left ? ReplyKind::timeout : kind;
  if (reply.kind != ReplyKind::ok) completion.detail = fmt::format("mock {}: {}", config_.name, name_of(reply.kind));
  switch (reply.kind) {
    case ReplyKind::ok: {
      reply.usage = Usage{call.input, mock_output(call.output_max)};
      const ContentKey content = content_key(call.user_profile, call.job_market_data, call.system_prompt);
      completion.text = mock_answer(model_, content, reply.usage->output);
      reply.time_to_first_token = latency;
      break;
    }
    case ReplyKind::malformed:
      reply.usage = Usage{call.input, mock_output(call.output_max)};
      break;
    case ReplyKind::timeout:
    case ReplyKind::truncated:
      break;
    case ReplyKind::connection_error:
    case ReplyKind::server_error:
    case ReplyKind::overloaded:
    case ReplyKind::rate_limited:
    case ReplyKind::auth_or_quota:
    case ReplyKind::client_error:
    case ReplyKind::context_length:
    case ReplyKind::content_policy:
    case ReplyKind::not_found:
    case ReplyKind::auth:
    case ReplyKind::quota_exhausted:
      reply.usage = Usage{};
      break;
  }
  return completion;
}

}  // namespace windtunnel::monitor
