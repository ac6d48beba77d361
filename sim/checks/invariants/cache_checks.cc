#include "sim/checks/invariants/cache_checks.h"

namespace windtunnel::sim {

using monitor::Outcome;
using monitor::ReplyKind;

CacheChecks::CacheChecks(Watched& watched)
    : watched_(watched),
      on_(watched.config().cache.enabled && watched.config().cache.capacity > 0),
      model_(watched.config().cache.capacity, watched.config().cache.ttl + watched.config().cache.stale_if_error) {}

CacheIdentity CacheChecks::identity_of(const OpenRequest& one, monitor::ProviderId provider) const {
  const bool apart = watched_.config().cache.scope == monitor::CacheConfig::Scope::provider;
  const std::int64_t asked =
      one.request.max_tokens_is_asked ? one.request.max_tokens.count() : CacheIdentity::kNotAsked;
  return {one.request.content, asked, apart ? index_of(provider) + 1U : 0U};
}

void CacheChecks::on_first_asked(const OpenRequest& one, monitor::ProviderId provider) {
  if (!on_) return;
  const CacheModel::Entry* entry = model_.find(identity_of(one, provider));
  const bool fresh = entry != nullptr && watched_.now - entry->stored < watched_.config().cache.ttl;
  watched_.violations.must(!fresh, CheckId::H2, watched_.now, one.request.id,
                           "a provider is asked though an answer of age {} ns is held",
                           entry == nullptr ? 0 : (watched_.now - entry->stored).count());
}

void CacheChecks::on_cache_stored(OpenRequest& one, const monitor::CacheStored& event) {
  one.stored = true;
  watched_.violations.must(one.attempts > 0 && !one.calling && one.last_kind == ReplyKind::ok, CheckId::H3, event.at,
                           event.request, "an answer is stored after {} of {} calls", one.last_kind,
                           static_cast<int>(one.attempts));
  watched_.violations.must(event.provider == one.provider, CheckId::H5, event.at, event.request,
                           "an answer of provider {} is stored as provider {}'s", index_of(one.provider),
                           index_of(event.provider));
}

void CacheChecks::on_cache_served(OpenRequest& one, const monitor::CacheServed& event) {
  const auto& config = watched_.config().cache;
  one.cache_served = true;
  one.cache_stale = event.stale;
  one.served_age = event.age;
  one.served_provider = event.provider;
  const bool in_time =
      event.stale ? event.age >= config.ttl && event.age < config.ttl + config.stale_if_error : event.age < config.ttl;
  watched_.violations.must(in_time, CheckId::H2, event.at, event.request,
                           "a{} answer is served at the age of {} ns; ttl {} ns, stale_if_error {} ns",
                           event.stale ? " stale" : " fresh", event.age.count(), config.ttl.count(),
                           config.stale_if_error.count());
}

void CacheChecks::on_finish(OpenRequest& one, const monitor::Record& record) {
  if (one.stored) kept(one, record);
  if (record.outcome == Outcome::cache_hit || record.outcome == Outcome::stale_hit) from_cache(one, record);
  is_served_where_due(one, record);
  if (record.outcome == Outcome::served) {
    watched_.violations.must(record.answered_by == one.provider, CheckId::H5, watched_.now, one.request.id,
                             "provider {} answered and the record names another", index_of(one.provider));
  }
}

// What the cache owes to a request that ends without an answer, and what a spent budget lets it give.
void CacheChecks::is_served_where_due(const OpenRequest& one, const monitor::Record& record) {
  const auto& config = watched_.config().cache;
  const bool serves_cached = watched_.config().cost_limiter.on_exhausted == monitor::ExhaustedPolicy::serve_cached;
  if (record.outcome == Outcome::cache_hit) {
    return watched_.violations.must(
        one.held || serves_cached, CheckId::H7, watched_.now, one.request.id,
        "it is served from the cache though the budget is spent and on_exhausted is refuse");
  }
  const bool gave_up = record.outcome == Outcome::failed || record.outcome == Outcome::all_providers_unavailable;
  const bool unpaid = record.outcome == Outcome::refused_budget && !one.held && serves_cached;
  if (!on_ || !(gave_up || unpaid)) return;
  // A request that was refused before it was routed has no scope of its own.
  if (!record.assigned && config.scope == monitor::CacheConfig::Scope::provider) return;
  const CacheModel::Entry* entry = model_.find(identity_of(one, record.assigned.value_or(monitor::ProviderId{})));
  if (entry == nullptr) return;
  const Duration age = watched_.now - entry->stored;
  const bool is_due = gave_up ? age >= config.ttl && age < config.ttl + config.stale_if_error : age < config.ttl;
  watched_.violations.must(!is_due, CheckId::H7, watched_.now, one.request.id,
                           "it ends as {} though an answer of age {} ns is held; ttl {} ns, stale_if_error {} ns",
                           record.outcome, age.count(), config.ttl.count(), config.stale_if_error.count());
}

void CacheChecks::kept(const OpenRequest& one, const monitor::Record& record) {
  const bool cut = one.grant < one.request.max_tokens && record.output >= one.grant;
  watched_.violations.must(record.outcome == Outcome::served && !cut, CheckId::H3, watched_.now, one.request.id,
                           "an answer of {} tokens, {} granted of {} asked, is stored; the request ended as {}",
                           record.output.count(), one.grant.count(), one.request.max_tokens.count(), record.outcome);
  model_.store({.identity = identity_of(one, one.provider),
                .provider = one.provider,
                .response_length = record.response_length,
                .stored = {}},
               watched_.now);
  if (watched_.pipeline == nullptr) return;
  const std::size_t held = watched_.pipeline->cache().size();
  // Fewer than there should be: two contents share an entry.
  watched_.violations.must(held <= watched_.config().cache.capacity && held == model_.size(),
                           held < model_.size() ? CheckId::H1 : CheckId::H6, watched_.now, one.request.id,
                           "the cache holds {} entries instead of {}; capacity {}", held, model_.size(),
                           watched_.config().cache.capacity);
}

void CacheChecks::from_cache(const OpenRequest& one, const monitor::Record& record) {
  Violations& all = watched_.violations;
  const bool stale = record.outcome == Outcome::stale_hit;
  all.must(one.cache_served && one.cache_stale == stale, CheckId::H1, watched_.now, one.request.id,
           "it ends as {} and the cache served nothing of that kind", record.outcome);
  all.must(record.confirmed_cost() == (stale ? one.known_cost : Usd{}) && (stale || record.attempt_count == 0),
           CheckId::H4, watched_.now, one.request.id,
           "an answer from the cache costs {} pico-USD and {} calls; its failed calls cost {}",
           record.confirmed_cost().picos(), static_cast<int>(record.attempt_count), one.known_cost.picos());
  const CacheIdentity identity = identity_of(one, record.assigned.value_or(one.served_provider));
  const CacheModel::Entry* entry = model_.find(identity);
  all.must(entry != nullptr && record.response_length == entry->response_length, CheckId::H1, watched_.now,
           one.request.id, "an answer of {} characters is served; {} were stored for this content",
           record.response_length, entry == nullptr ? -1 : static_cast<std::int64_t>(entry->response_length));
  if (entry == nullptr) return;
  all.must(record.answered_by == entry->provider && one.served_provider == entry->provider, CheckId::H5, watched_.now,
           one.request.id, "an answer of provider {} is served as provider {}'s", index_of(entry->provider),
           index_of(one.served_provider));
  all.must(one.served_age == watched_.now - entry->stored, CheckId::H2, watched_.now, one.request.id,
           "an answer stored {} ns ago is served at the age of {} ns", (watched_.now - entry->stored).count(),
           one.served_age.count());
  model_.use(identity);
}

}  // namespace windtunnel::sim
