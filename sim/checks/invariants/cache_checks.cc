#include "sim/checks/invariants/cache_checks.h"

namespace windtunnel::sim {

using monitor::Outcome;
using monitor::ReplyKind;

CacheChecks::CacheChecks(CheckContext& context)
    : context_(context),
      on_(context.config().cache.enabled && context.config().cache.capacity > 0),
      model_(context.config().cache.capacity, context.config().cache.ttl + context.config().cache.stale_if_error) {}

CacheIdentity CacheChecks::identity_of(const OpenRequest& open_request, monitor::ProviderId provider) const {
  const bool apart = context_.config().cache.scope == monitor::CacheConfig::Scope::provider;
  const std::int64_t asked =
      open_request.request.max_tokens_is_asked ? open_request.request.max_tokens.count() : CacheIdentity::kNotAsked;
  return {open_request.request.content, asked, apart ? static_cast<std::uint32_t>(index_of(provider)) + 1U : 0U,
          static_cast<std::uint32_t>(index_of(open_request.request.route))};
}

void CacheChecks::on_first_asked(const OpenRequest& open_request, monitor::ProviderId provider) {
  if (!on_) return;
  const CacheModel::Entry* entry = model_.find(identity_of(open_request, provider));
  const bool fresh = entry != nullptr && context_.now - entry->stored < context_.config().cache.ttl;
  if (fresh)
    context_.violations.report(CheckId::H2, context_.now, open_request.request.id,
                               "a provider is asked though an answer of age {} ns is held",
                               entry == nullptr ? 0 : (context_.now - entry->stored).count());
}

void CacheChecks::on_cache_stored(OpenRequest& open_request, const monitor::CacheStored& event) {
  open_request.stored = true;
  if (open_request.attempts <= 0 || open_request.calling || open_request.last_kind != ReplyKind::ok)
    context_.violations.report(CheckId::H3, event.at, event.request, "an answer is stored after {} of {} calls",
                               open_request.last_kind, static_cast<int>(open_request.attempts));
  if (event.provider != open_request.provider)
    context_.violations.report(CheckId::H5, event.at, event.request,
                               "an answer of provider {} is stored as provider {}'s", index_of(open_request.provider),
                               index_of(event.provider));
}

void CacheChecks::on_cache_served(OpenRequest& open_request, const monitor::CacheServed& event) {
  const auto& config = context_.config().cache;
  open_request.cache_served = true;
  open_request.cache_stale = event.stale;
  open_request.served_age = event.age;
  open_request.served_provider = event.provider;
  const bool in_time =
      event.stale ? event.age >= config.ttl && event.age < config.ttl + config.stale_if_error : event.age < config.ttl;
  if (!in_time)
    context_.violations.report(CheckId::H2, event.at, event.request,
                               "a{} answer is served at the age of {} ns; ttl {} ns, stale_if_error {} ns",
                               event.stale ? " stale" : " fresh", event.age.count(), config.ttl.count(),
                               config.stale_if_error.count());
}

void CacheChecks::on_finish(OpenRequest& open_request, const monitor::Record& record) {
  if (open_request.stored) kept(open_request, record);
  if (record.outcome == Outcome::cache_hit || record.outcome == Outcome::stale_hit) from_cache(open_request, record);
  is_served_where_due(open_request, record);
  if (record.outcome == Outcome::served) {
    if (record.answered_by != open_request.provider)
      context_.violations.report(CheckId::H5, context_.now, open_request.request.id,
                                 "provider {} answered and the record names another", index_of(open_request.provider));
  }
}

// What the cache owes to a request that ends without an answer, and what a spent budget lets it give.
inline void CacheChecks::is_served_where_due(const OpenRequest& open_request, const monitor::Record& record) {
  const auto& config = context_.config().cache;
  const bool serves_cached = context_.config().cost_limiter.on_exhausted == monitor::ExhaustedPolicy::serve_cached;
  if (record.outcome == Outcome::cache_hit) {
    if (!open_request.held && !serves_cached)
      context_.violations.report(CheckId::H7, context_.now, open_request.request.id,
                                 "it is served from the cache though the budget is spent and on_exhausted is refuse");
    return;
  }
  const bool gave_up = record.outcome == Outcome::failed || record.outcome == Outcome::all_providers_unavailable;
  const bool unpaid = record.outcome == Outcome::refused_budget && !open_request.held && !record.limit && serves_cached;
  if (!on_ || !(gave_up || unpaid)) return;
  if (open_request.saw_break) return;
  // A request that was refused before it was routed has no scope of its own.
  if (!record.assigned && config.scope == monitor::CacheConfig::Scope::provider) return;
  const CacheModel::Entry* entry =
      model_.find(identity_of(open_request, record.assigned.value_or(monitor::ProviderId{})));
  if (entry == nullptr) return;
  const Duration age = context_.now - entry->stored;
  const bool is_due = gave_up ? age >= config.ttl && age < config.ttl + config.stale_if_error : age < config.ttl;
  if (is_due)
    context_.violations.report(CheckId::H7, context_.now, open_request.request.id,
                               "it ends as {} though an answer of age {} ns is held; ttl {} ns, stale_if_error {} ns",
                               record.outcome, age.count(), config.ttl.count(), config.stale_if_error.count());
}

inline void CacheChecks::kept(const OpenRequest& open_request, const monitor::Record& record) {
  const bool cut = open_request.grant < open_request.request.max_tokens && record.output >= open_request.grant;
  if (record.outcome != Outcome::served || cut)
    context_.violations.report(CheckId::H3, context_.now, open_request.request.id,
                               "an answer of {} tokens, {} granted of {} asked, is stored; the request ended as {}",
                               record.output.count(), open_request.grant.count(),
                               open_request.request.max_tokens.count(), record.outcome);
  model_.store({.identity = identity_of(open_request, open_request.provider),
                .provider = open_request.provider,
                .response_length = record.response_length,
                .stored = {}},
               context_.now);
  if (context_.pipeline == nullptr) return;
  const std::size_t held = context_.pipeline->cache().size();
  // Fewer than there should be: two contents share an entry.
  if (held > context_.config().cache.capacity || held != model_.size())
    context_.violations.report(held < model_.size() ? CheckId::H1 : CheckId::H6, context_.now, open_request.request.id,
                               "the cache holds {} entries instead of {}; capacity {}", held, model_.size(),
                               context_.config().cache.capacity);
}

void CacheChecks::from_cache(const OpenRequest& open_request, const monitor::Record& record) {
  Violations& all = context_.violations;
  const bool stale = record.outcome == Outcome::stale_hit;
  if (!open_request.cache_served || open_request.cache_stale != stale)
    all.report(CheckId::H1, context_.now, open_request.request.id,
               "it ends as {} and the cache served nothing of that kind", record.outcome);
  if (record.confirmed_cost() != (stale ? open_request.known_cost : Usd{}) || (!stale && record.attempt_count != 0))
    all.report(CheckId::H4, context_.now, open_request.request.id,
               "an answer from the cache costs {} pico-USD and {} calls; its failed calls cost {}",
               record.confirmed_cost().picos(), static_cast<int>(record.attempt_count),
               open_request.known_cost.picos());
  const CacheIdentity identity = identity_of(open_request, record.assigned.value_or(open_request.served_provider));
  const CacheModel::Entry* entry = model_.find(identity);
  if (entry == nullptr || record.response_length != entry->response_length)
    all.report(CheckId::H1, context_.now, open_request.request.id,
               "an answer of {} characters is served; {} were stored for this content", record.response_length,
               entry == nullptr ? -1 : static_cast<std::int64_t>(entry->response_length));
  if (entry == nullptr) return;
  if (record.answered_by != entry->provider || open_request.served_provider != entry->provider)
    all.report(CheckId::H5, context_.now, open_request.request.id,
               "an answer of provider {} is served as provider {}'s", index_of(entry->provider),
               index_of(open_request.served_provider));
  if (open_request.served_age != context_.now - entry->stored)
    all.report(CheckId::H2, context_.now, open_request.request.id,
               "an answer stored {} ns ago is served at the age of {} ns", (context_.now - entry->stored).count(),
               open_request.served_age.count());
  model_.use(identity);
  const bool renews = context_.config().cache.ttl_from == monitor::CacheConfig::TtlFrom::last_hit;
  if (renews && !stale) model_.renew(identity, context_.now);
}

}  // namespace windtunnel::sim
