#include "monitor/realtime/llm_monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <mutex>
#include <variant>

#include "base/stable_hash.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "monitor/content_key.h"
#include "monitor/realtime/mock_provider.h"
#include "monitor/text/record_text.h"

namespace windtunnel::monitor {
namespace {

std::vector<std::unique_ptr<ProviderAdapter>> adapters_or_mocks(std::vector<std::unique_ptr<ProviderAdapter>> given) {
  if (!given.empty()) return given;
  given.push_back(std::make_unique<MockOpenAIProvider>());
  given.push_back(std::make_unique<MockAnthropicProvider>());
  return given;
}

std::vector<ProviderConfig> configs_of(const std::vector<std::unique_ptr<ProviderAdapter>>& adapters) {
  std::vector<ProviderConfig> configs(adapters.size());
  std::ranges::transform(adapters, configs.begin(), [](const auto& adapter) { return adapter->config(); });
  return configs;
}

MonitorConfig even_split(std::size_t providers) {
  MonitorConfig config;
  config.ab_router.experiment_id = "provider_comparison";
  for (std::size_t i = 0; i < providers; ++i) {
    config.ab_router.variants.push_back({.id = std::string("variant_") + static_cast<char>('a' + i),
                                         .provider = ProviderId{static_cast<std::uint8_t>(i)}});
  }
  return config;
}

// Two monitors, of one process or of two, share it only if both clocks agree to the nanosecond.
std::uint64_t seed_of(TimeSource& time) {
  const auto since_boot = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
  return stable_hash(static_cast<std::uint64_t>(time.wall().time_since_epoch().count()),
                     static_cast<std::uint64_t>(since_boot.count()));
}

// A quarter of the characters, rounded up: what a provider truly counts is known only afterwards.
Tokens tokens_in(std::uint64_t characters) {
  return Tokens{static_cast<std::int64_t>((characters + kMockCharactersPerToken - 1) / kMockCharactersPerToken)};
}

std::uint64_t user_hash(const GenerateRequest& asked, std::uint64_t ordinal) {
  if (asked.user_id) return stable_hash(*asked.user_id);
  if (!asked.user_profile.empty()) return stable_hash(asked.user_profile);
  return stable_hash(ordinal);
}

Completion complete_of(ProviderAdapter& adapter, const ProviderCall& call) {
  try {
    return adapter.complete(call);
  } catch (const std::exception& error) {
    return {.reply = {.kind = ReplyKind::connection_error}, .text = {}, .detail = error.what()};
  } catch (...) {
    return {.reply = {.kind = ReplyKind::connection_error}, .text = {}, .detail = "an unknown exception"};
  }
}

// What comes from outside is not believed: no bill of it may break a sum.
void make_plausible(Completion& completion, Duration elapsed) {
  Reply& reply = completion.reply;
  if (reply.usage && !is_possible(*reply.usage)) {
    reply.usage.reset();
    if (reply.kind == ReplyKind::ok) {
      reply.kind = ReplyKind::malformed;
      completion.detail = "the provider's usage is not between 0 and 100,000,000 tokens";
    }
  }
  reply.time_to_first_token = std::clamp(reply.time_to_first_token, Duration{0}, std::max(elapsed, Duration{0}));
  if (reply.kind != ReplyKind::ok) completion.text.clear();
  reply.response_length =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(characters_in(completion.text), UINT32_MAX));
}

std::optional<std::string> invalid_call(const ProviderCallConfig& config, std::size_t providers) {
  const auto is_span = [](Duration duration) { return duration > Duration{0} && duration <= kBreakerDurationMax; };
  const RetryConfig& retry = config.retry;
  if (!is_span(config.timeout)) return "the timeout is not between 0 and 100 years";
  if (config.deadline && !is_span(*config.deadline)) return "the deadline is not between 0 and 100 years";
  if (retry.max_attempts < 1) return "max_attempts is below 1";
  if (static_cast<std::size_t>(retry.max_attempts) * providers > kAttemptsMax) {
    return "max_attempts times the number of providers is above 64";
  }
  return std::nullopt;
}

std::optional<std::string> invalid_providers(const std::vector<ProviderConfig>& providers) {
  if (providers.size() > kProvidersMax) return "there are more than 64 providers";
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const ProviderConfig& provider_config = providers[i];
    if (provider_config.name.empty()) return "a provider has no name";
    if (provider_config.tariffs.empty()) return fmt::format("provider {} has no price", provider_config.name);
    for (const DatedTariff& dated : provider_config.tariffs) {
      if (std::min(dated.tariff.input, dated.tariff.output).per_token < Usd{}) {
        return fmt::format("provider {} has a negative price", provider_config.name);
      }
      if (std::max(dated.tariff.input, dated.tariff.output) > kPriceMax) {
        return fmt::format("provider {} has a price above 2,000 USD per million tokens", provider_config.name);
      }
    }
    const auto same = [&](const ProviderConfig& other) { return other.name == provider_config.name; };
    if (std::any_of(providers.begin(), providers.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return fmt::format("two providers are named {}", provider_config.name);
    }
  }
  return std::nullopt;
}

std::optional<std::string> invalid_config(const MonitorConfig& config, std::size_t providers) {
  if (auto why = invalid(config.rate_limiter)) return why;
  if (auto why = invalid(config.token_limiter)) return why;
  if (auto why = invalid(config.cost_limiter)) return why;
  if (auto why = invalid(config.ab_router)) return why;
  if (auto why = invalid(config.cache)) return why;
  if (auto why = unsupported(config.circuit_breaker)) return why;
  for (const Variant& variant : config.ab_router.variants) {
    if (index_of(variant.provider) >= providers) return fmt::format("variant {} names no provider", variant.id);
  }
  return invalid_call(config.provider_call, providers);
}

LlmMonitorOptions checked(LlmMonitorOptions options) {
  check(!invalid(options), "the monitor's options are ones that invalid() has no objection to");
  return options;
}

}  // namespace

std::optional<std::string> invalid(const LlmMonitorOptions& options) {
  for (const auto& adapter : options.providers) {
    if (adapter == nullptr) return "a provider is null";
  }
  if (auto why = invalid_providers(configs_of(options.providers))) return why;
  const std::size_t providers = options.providers.empty() ? 2 : options.providers.size();
  return options.config ? invalid_config(*options.config, providers) : std::nullopt;
}

LlmMonitor::LlmMonitor(LlmMonitorOptions given) : LlmMonitor(checked(std::move(given)), Checked{}) {}

LlmMonitor::LlmMonitor(const MonitorConfig& config, const std::string& log_file)
    : LlmMonitor(LlmMonitorOptions{.log_file = log_file, .config = config}) {}

LlmMonitor::LlmMonitor(LlmMonitorOptions options, Checked /*tag*/)
    : time_(options.time == nullptr ? real_time_ : *options.time),
      adapters_(adapters_or_mocks(std::move(options.providers))),
      providers_(configs_of(adapters_)),
      config_(options.config ? *options.config : even_split(adapters_.size())),
      seed_(options.seed ? *options.seed : seed_of(time_)),
      log_(options.log_file),
      lock_(options.lock == nullptr ? real_lock_ : *options.lock),
      pipeline_(config_, providers_) {
  pipeline_.set_observer(options.observer);
}

// --- One request ---------------------------------------------------------------------------------------------------

GenerateResult LlmMonitor::generate(const GenerateRequest& asked) {
  Journey journey;
  if (auto problem = translate(asked, journey.flow.record.request)) return reject(std::move(*problem));
  Step step = begin(journey, asked);
  while (!std::holds_alternative<Finished>(step)) {
    const auto* provider_call = std::get_if<CallProvider>(&step);
    step = provider_call != nullptr ? call(journey, asked, *provider_call) : resume(journey, std::get<WaitUntil>(step));
  }
  return conclude(journey, asked);
}

// What the pipeline is asked, but for what only the lock can give. Returns what is wrong with the request, if anything.
std::optional<std::string> LlmMonitor::translate(const GenerateRequest& asked, Request& request) const {
  const std::uint64_t characters =
      characters_in(asked.user_profile) + characters_in(asked.job_market_data) + characters_in(asked.system_prompt);
  request.input = tokens_in(characters);
  if (!is_possible(request.input)) return "the prompt is longer than 100,000,000 tokens";
  request.prompt_length = static_cast<std::uint32_t>(characters);
  request.content = content_key(asked.user_profile, asked.job_market_data, asked.system_prompt);

  if (config_.token_limiter.mode == TokenMode::per_request) {
    request.max_tokens = std::clamp(config_.token_limiter.limit - request.input, Tokens{0}, kTokensMax);
  }
  if (asked.max_tokens) request.max_tokens = *asked.max_tokens;
  if (!is_possible(request.max_tokens)) return "max_tokens is not between 0 and 100,000,000";

  if (!asked.provider) return std::nullopt;
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    if (providers_[i].name == *asked.provider) request.provider = ProviderId{static_cast<std::uint8_t>(i)};
  }
  if (!request.provider) return fmt::format("there is no provider \"{}\"", *asked.provider);
  return std::nullopt;
}

Step LlmMonitor::begin(Journey& journey, const GenerateRequest& asked) {
  const std::lock_guard lock{lock_};
  Request& request = journey.flow.record.request;
  request.id = RequestId{requests_begun_++};
  request.user = user_hash(asked, number_of(request.id));
  request.labels = labels_of(asked);
  const Step step = pipeline_.begin(journey.flow, advance_time(time_.now()));
  after(journey, step);
  return step;
}

Step LlmMonitor::call(Journey& journey, const GenerateRequest& asked, const CallProvider& step) {
  const Request& request = journey.flow.record.request;
  const Instant begun = time_.now();
  const Instant deadline = deadline_of(journey, step, begun);
  Completion completion = complete_of(*adapters_[index_of(step.provider)], {.system_prompt = asked.system_prompt,
                                                                            .user_profile = asked.user_profile,
                                                                            .job_market_data = asked.job_market_data,
                                                                            .request = request.id,
                                                                            .attempt = step.attempt,
                                                                            .input = request.input,
                                                                            .output_max = step.output_max,
                                                                            .deadline = deadline,
                                                                            .time = time_});
  // Read before the lock is waited for, because that wait is not the provider's.
  const Instant completed = time_.now();
  const bool late = completed > deadline;
  const bool reply_late = late && completion.reply.kind != ReplyKind::timeout;
  if (reply_late) {
    completion = {.reply = {.kind = ReplyKind::timeout}, .text = {}, .detail = "the reply came after its deadline"};
  }
  make_plausible(completion, completed - begun);
  // The pipeline counts from the start that it decided on.
  completion.reply.time_to_first_token += begun - journey.flow.record.last_attempt()->started;

  const std::lock_guard lock{lock_};
  const bool answered = completion.reply.kind == ReplyKind::ok;
  // The pipeline is owed a timeout at its deadline.
  const Instant now = advance_time(late ? step.deadline : answered ? completed : time_.now());
  if (reply_late) ++replies_late_;
  if (answered) {
    journey.text = std::move(completion.text);
  } else {
    journey.detail = std::move(completion.detail);
  }
  const Step next = pipeline_.on_reply(journey.flow, completion.reply, now);
  after(journey, next);
  return next;
}

// After a timeout the pipeline decides on the next call at the deadline of the one before. The call begins later, when
// the adapter has come back and the lock was free, and has its whole timeout all the same; but nothing is later than
// the request's own deadline.
Instant LlmMonitor::deadline_of(const Journey& journey, const CallProvider& step, Instant begun) const {
  const Record& record = journey.flow.record;
  const Instant deadline = step.deadline + (begun - record.last_attempt()->started);
  const std::optional<Duration>& of_request = config_.provider_call.deadline;
  return of_request ? std::min(deadline, record.arrived + *of_request) : deadline;
}

Step LlmMonitor::resume(Journey& journey, const WaitUntil& step) {
  time_.sleep_until(step.at);
  const std::lock_guard lock{lock_};
  const Step next = pipeline_.on_wakeup(journey.flow, advance_time(time_.now()));
  after(journey, next);
  return next;
}

GenerateResult LlmMonitor::conclude(Journey& journey, const GenerateRequest& asked) {
  const Record& record = journey.flow.record;
  GenerateResult result;
  result.outcome = record.outcome;
  result.request_id = request_uuid(seed_, record.request.id).view();
  result.input = record.input;
  result.output = record.output;
  result.cost = record.confirmed_cost();
  result.latency = record.latency();
  result.from_cache = record.outcome == Outcome::cache_hit || record.outcome == Outcome::stale_hit;
  result.attempts = record.attempt_count;
  result.retry_after = record.retry_after;
  std::optional<ProviderId> named = record.answered_by;
  if (!named && record.attempt_count > 0) named = record.last_attempt()->provider;
  if (named) {
    result.provider = providers_[index_of(*named)].name;
    result.model = providers_[index_of(*named)].model;
  }

  if (log_.on()) {
    const bool own = !asked.experiment_id.empty() || !asked.variant_id.empty();
    const RouterConfig& router = config_.ab_router;
    RecordTexts texts{.timestamp = journey.ended, .request_id = result.request_id, .providers = providers_};
    texts.feature_version = asked.feature_version;
    texts.prompt_version = asked.prompt_version;
    if (own) {
      texts.experiment_id = asked.experiment_id;
      texts.variant_id = asked.variant_id;
    } else if (record.variant) {
      texts.experiment_id = router.experiment_id;
      texts.variant_id = router.variants[*record.variant].id;
    }
    if (asked.user_id) texts.user = *asked.user_id;
    log_.write(record_line(record, texts));
  }

  if (const char* error = error_word_of(record)) {
    result.error = error;
    result.detail = std::move(journey.detail);
  } else {
    result.text = std::move(journey.text);
  }
  return result;
}

GenerateResult LlmMonitor::reject(std::string detail) {
  {
    const std::lock_guard lock{lock_};
    ++requests_invalid_;
  }
  GenerateResult result;
  result.outcome = Outcome::client_error;
  result.error = name_of(result.outcome);
  result.detail = std::move(detail);
  return result;
}

// --- Under the lock ------------------------------------------------------------------------------------------------

// The pipeline's time at this event: the event's own, or that of a later event of another request which took the lock
// first, because the pipeline's time never goes backwards.
Instant LlmMonitor::advance_time(Instant event) {
  pipeline_.set_wall_clock(time_.wall() - time_.now().time_since_epoch());
  latest_ = std::max(latest_, event);
  return latest_;
}

LabelsId LlmMonitor::labels_of(const GenerateRequest& asked) {
  if (asked.feature_version.empty() && asked.prompt_version.empty()) return LabelsId{};
  Versions versions{asked.feature_version, asked.prompt_version};
  if (const auto known = labels_.find(versions); known != labels_.end()) return known->second;
  if (labels_.size() >= kVersionsMax) return LabelsId{};
  const LabelsId id{static_cast<std::uint32_t>(labels_.size() + 1)};
  labels_.emplace(std::move(versions), id);
  return id;
}

// A slot's text may be another one as soon as the lock is given up.
void LlmMonitor::after(Journey& journey, const Step& step) {
  const auto* finished = std::get_if<Finished>(&step);
  if (finished == nullptr) return;
  journey.ended = pipeline_.wall_at(journey.flow.record.finished);
  const std::size_t slot = journey.flow.cache_slot;
  if (finished->outcome == Outcome::cache_hit || finished->outcome == Outcome::stale_hit) {
    journey.text = texts_[slot];
  } else if (journey.flow.stored) {
    if (slot >= texts_.size()) texts_.resize(slot + 1);
    texts_[slot] = journey.text;
  }
}

// --- Statistics ----------------------------------------------------------------------------------------------------

MonitorStats LlmMonitor::get_stats() const {
  MonitorStats stats;
  {
    const std::lock_guard lock{lock_};
    stats = stats_of(pipeline_, std::max(latest_, time_.now()), time_.wall());
    stats.replies_late = replies_late_;
    stats.requests_invalid = requests_invalid_;
    const std::vector<RequestMetrics> counted = pipeline_.metrics().labels();
    stats.labels.resize(labels_.size() + 1);
    for (const auto& [versions, id] : labels_) {
      LabelStats& label_stats = stats.labels[static_cast<std::size_t>(id)];
      label_stats.feature_version = versions.first;
      label_stats.prompt_version = versions.second;
    }
    for (std::size_t i = 0; i < std::min(counted.size(), stats.labels.size()); ++i) {
      stats.labels[i].requests = counted[i].requests();
      stats.labels[i].answered = counted[i].answered();
      stats.labels[i].cost = counted[i].cost;
    }
  }
  stats.log_lines_lost = log_.lines_lost();
  return stats;
}

std::string LlmMonitor::stats_text() const { return monitor::stats_text(get_stats()); }

void LlmMonitor::print_stats() const {
  const std::string text = stats_text();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace windtunnel::monitor
