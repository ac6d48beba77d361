// The figures of a record agree with each other, with its price and with what its outcome may cost.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/exact_decimal.h"
#include "monitor/record.h"
#include "runs/audit/audit_claims.h"
#include "runs/audit/route_claims.h"

namespace windtunnel::runs {
namespace {

using monitor::Outcome;
using reports::LogRow;

bool is_outcome(const LogRow& row, Outcome outcome) { return row.outcome && *row.outcome == name_of(outcome); }

// Programs that write costs as binary fractions round them; ours do not.
bool is_same(Usd a, Usd b, bool is_exact) {
  if (is_exact) return a == b;
  const std::int64_t off = a > b ? (a - b).picos() : (b - a).picos();
  constexpr std::int64_t kNanoDollar = 1'000;
  return off <= kNanoDollar || off / 1'000 <= std::max(a, b).picos() / 1'000'000'000;
}

AuditClaim attempts_add_up(const AuditedLog& log) {
  AuditClaim claim{.name = "cost.adds_up", .sentence = "A request costs what its attempts cost together."};
  for (const auto& [row, record] : log.rows) {
    if (row.attempts.empty() || !row.cost) continue;
    ++claim.checked;
    Usd sum;
    for (const reports::LogAttempt& attempt : row.attempts) sum += attempt.cost.value_or(Usd{});
    if (!is_same(sum, *row.cost, log.is_exact)) {
      claim.find(record, fmt::format("it costs {}, its attempts {}", dollars(*row.cost), dollars(sum)));
    }
  }
  if (claim.checked == 0) claim.not_shown = "its records have no attempts";
  return claim;
}

AuditClaim hits_are_free(const AuditedLog& log) {
  AuditClaim claim{.name = "cost.cache_hits", .sentence = "An answer from the cache costs nothing."};
  for (const auto& [row, record] : log.rows) {
    const bool is_hit = row.outcome ? is_outcome(row, Outcome::cache_hit) : row.cache_hit.value_or(false);
    if (!is_hit || !row.cost) continue;
    ++claim.checked;
    if (row.cost->picos() != 0) claim.find(record, "a hit of the cache costs " + dollars(*row.cost));
  }
  if (claim.checked == 0) claim.not_shown = "it marks no hit of a cache";
  return claim;
}

AuditClaim refusals_are_free(const AuditedLog& log) {
  AuditClaim claim{.name = "cost.refused",
                   .sentence = "A request that a limiter refuses before any call costs nothing."};
  for (const auto& [row, record] : log.rows) {
    if (!is_outcome(row, Outcome::refused_rate) && !is_outcome(row, Outcome::refused_tokens)) continue;
    ++claim.checked;
    if (!row.attempts.empty()) claim.find(record, "it was refused, and has a call");
    if (row.cost.value_or(Usd{}).picos() != 0) claim.find(record, "it was refused, and costs " + dollars(*row.cost));
  }
  if (claim.checked == 0) claim.not_shown = "it has no such request";
  return claim;
}

AuditClaim tokens_add_up(const AuditedLog& log) {
  AuditClaim claim{.name = "tokens.add_up", .sentence = "A record's tokens agree with each other."};
  for (const auto& [row, record] : log.rows) {
    const bool has_kinds = !log.has_kinds_apart && (row.cached || row.cache_written || row.reasoning);
    if (!row.input || !row.output || (!row.total && !has_kinds)) continue;
    ++claim.checked;
    if (row.total && *row.total != *row.input + *row.output) {
      claim.find(record, fmt::format("{} and {} tokens are not {} in all", row.input->count(), row.output->count(),
                                     row.total->count()));
    }
    const Tokens cached = row.cached.value_or(Tokens{}) + row.cache_written.value_or(Tokens{});
    if (cached > *row.input) claim.find(record, "more of its input is cached or written to a cache than it has");
    if (row.reasoning.value_or(Tokens{}) > *row.output)
      claim.find(record, "more of its output is reasoning than it has");
  }
  if (claim.checked == 0) claim.not_shown = "its records have no tokens that could disagree";
  return claim;
}

AuditClaim outcomes_agree(const AuditedLog& log) {
  AuditClaim claim{.name = "outcome.agrees", .sentence = "Success, outcome and the last attempt say the same."};
  for (const auto& [row, record] : log.rows) {
    const bool has_more = row.outcome || !row.attempts.empty() || !row.tells_end_once;
    if (!row.answered || !has_more || row.is_bucket) continue;
    ++claim.checked;
    if (row.outcome) {
      const bool is_answer = is_outcome(row, Outcome::served) || is_outcome(row, Outcome::cache_hit) ||
                             is_outcome(row, Outcome::stale_hit);
      if (is_answer != *row.answered) {
        claim.find(record, fmt::format("success is {}, and the outcome {}", *row.answered, *row.outcome));
      }
    }
    if (!row.attempts.empty()) {
      const bool served = row.outcome ? is_outcome(row, Outcome::served) : *row.answered;
      if (served != (row.attempts.back().outcome == name_of(monitor::ReplyKind::ok))) {
        claim.find(record, fmt::format("success is {}, and its last attempt ended with {}", *row.answered,
                                       row.attempts.back().outcome));
      }
    }
    if (row.tells_end_once || !row.status) continue;
    if (*row.answered && *row.status >= 400) {
      claim.find(record, fmt::format("success is true, and the status {}", *row.status));
    }
    // A stream that was cut behind its status has an error.
    if (!*row.answered && row.error.empty() && *row.status >= 200 && *row.status < 300) {
      claim.find(record, fmt::format("success is false, and the status {} without an error", *row.status));
    }
  }
  if (claim.checked == 0) claim.not_shown = "its records say nothing of their end twice";
  return claim;
}

// The answer's own cost: that of the last attempt, or of the whole request where there are no attempts.
std::optional<Usd> cost_of_answer(const LogRow& row) {
  if (row.attempts.empty()) return row.cost;
  return row.attempts.back().cost;
}

// The prices that the file states for the deployment that the log names, or for the model: gateways name providers in
// their own way. One of the deployments without a price may have answered too, and then there is none.
std::vector<scenarios::ModelPrice> imported_prices_of(const LogRow& row, const AuditRules& rules) {
  std::vector<scenarios::ModelPrice> prices;
  const std::vector<monitor::ProviderId> named = deployments_of(rules, row.deployment, row.address, row.model);
  for (std::size_t i = 0; i < rules.config->providers.size(); ++i) {
    const sim::ProviderSpec& provider = rules.config->providers[i];
    const bool is_named = std::ranges::find(named, static_cast<monitor::ProviderId>(i)) != named.end();
    if (named.empty() ? provider.model != row.model : !is_named) continue;
    if (std::ranges::find(rules.unsaid.unpriced, provider.name) != rules.unsaid.unpriced.end()) return {};
    for (const auto& dated : provider.tariffs) prices.push_back({.model = row.model, .tariff = dated.tariff});
  }
  return prices;
}

// The config's prices of the row's target, of which several may have held, or that of the list. Empty: neither has one.
std::vector<scenarios::ModelPrice> prices_of(const LogRow& row, const AuditRules& rules) {
  if (rules.unsaid.is_imported) return imported_prices_of(row, rules);
  std::vector<scenarios::ModelPrice> prices;
  if (rules.config != nullptr) {
    const auto provider = std::ranges::find(rules.config->providers, row.provider, &sim::ProviderSpec::name);
    if (provider != rules.config->providers.end() && !provider->tariffs.empty()) {
      for (const auto& dated : provider->tariffs) prices.push_back({.model = row.model, .tariff = dated.tariff});
      return prices;
    }
  }
  const scenarios::ModelPrice* listed =
      rules.prices == nullptr ? nullptr : rules.prices->find_at(row.names_provider ? row.provider : "", row.model);
  if (listed != nullptr) prices.push_back(*listed);
  return prices;
}

// What the answer costs by the price, from the least to the most: a log without tokens of a provider's cache does not
// say how many of the input had another price.
struct CostRange {
  Usd plain;  // by the tokens that the log has
  Usd least;
  Usd most;
};

std::optional<CostRange> range_of(const LogRow& row, const scenarios::ModelPrice& price, bool has_cached) {
  if (!row.tier.empty()) return std::nullopt;
  scenarios::PricedTokens tokens{.input = *row.input,
                                 .output = *row.output,
                                 .cached = row.cached.value_or(Tokens{}),
                                 .cache_written = row.cache_written.value_or(Tokens{}),
                                 .cache_written_1h = row.cache_written_1h.value_or(Tokens{}),
                                 .reasoning = row.reasoning.value_or(Tokens{}),
                                 .is_batch = row.is_batch};
  const auto plain = scenarios::cost_of(price, tokens);
  if (!plain || has_cached) return plain ? std::optional{CostRange{*plain, *plain, *plain}} : std::nullopt;
  CostRange range{*plain, *plain, *plain};
  const auto widen = [&](Tokens cached, Tokens written, Tokens written_1h) {
    tokens.cached = cached;
    tokens.cache_written = written;
    tokens.cache_written_1h = written_1h;
    const auto cost = scenarios::cost_of(price, tokens);
    if (cost) range = {*plain, std::min(range.least, *cost), std::max(range.most, *cost)};
  };
  widen(*row.input, {}, {});
  widen({}, *row.input, {});
  widen({}, *row.input, *row.input);
  return range;
}

AuditClaim priced(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "cost.price", .sentence = "An answer costs its tokens at the price of its model."};
  if (rules.config == nullptr && rules.prices == nullptr) {
    claim.not_shown = "neither --config nor --prices names prices";
    return claim;
  }
  std::uint64_t undecided = 0;
  for (const auto& [row, record] : log.rows) {
    const bool is_served =
        row.outcome ? is_outcome(row, Outcome::served) : row.answered.value_or(false) && !row.cache_hit.value_or(false);
    const auto cost = cost_of_answer(row);
    if (!is_served || !cost || !row.input || !row.output || row.is_bucket) continue;
    std::vector<CostRange> ranges;
    for (const scenarios::ModelPrice& price : prices_of(row, rules)) {
      if (const auto range = range_of(row, price, log.has_cached)) ranges.push_back(*range);
    }
    if (ranges.empty()) continue;
    const auto is_price = [&](const CostRange& range) { return is_same(range.plain, *cost, log.is_exact); };
    const auto may_be = [&](const CostRange& range) {
      return (range.least <= *cost && *cost <= range.most) || is_same(range.least, *cost, log.is_exact) ||
             is_same(range.most, *cost, log.is_exact);
    };
    const bool is_held = std::ranges::any_of(ranges, is_price);
    if (!is_held && std::ranges::any_of(ranges, may_be)) {
      ++undecided;
      continue;
    }
    ++claim.checked;
    if (!is_held) {
      claim.find(record,
                 fmt::format("{} input and {} output tokens of {} cost {}, and are billed {}", row.input->count(),
                             row.output->count(), row.model, dollars(ranges.front().plain), dollars(*cost)));
    }
  }
  if (undecided > 0 && claim.broken == 0) {
    claim.checked = 0;
    claim.not_shown = fmt::format(
        "{} answers cost what they may by their price, but the log does not say how many of their tokens a "
        "provider's cache had",
        undecided);
    return claim;
  }
  if (claim.checked == 0) {
    claim.not_shown = rules.unsaid.is_imported
                          ? "the file does not say the price of any model that answered with a cost"
                          : "no answer with a cost is of a model that has a price";
  }
  return claim;
}

}  // namespace

std::vector<AuditClaim> check_accounts(const AuditedLog& log, const AuditRules& rules) {
  return {attempts_add_up(log), hits_are_free(log),  refusals_are_free(log),
          tokens_add_up(log),   outcomes_agree(log), priced(log, rules)};
}

}  // namespace windtunnel::runs
