#pragma once
// H1-H7: a cached answer is the right one, fresh enough, free, was worth keeping, and is served where it is due.

#include "sim/checks/invariants/check_context.h"
#include "sim/models/cache_model.h"

namespace windtunnel::sim {

class CacheChecks {
 public:
  explicit CacheChecks(Watched& watched);

  // The cache had nothing for it: its first provider is asked.
  void on_first_asked(const OpenRequest& one, monitor::ProviderId provider);
  void on_cache_stored(OpenRequest& one, const monitor::CacheStored& event);
  void on_cache_served(OpenRequest& one, const monitor::CacheServed& event);
  void on_finish(OpenRequest& one, const monitor::Record& record);

 private:
  [[nodiscard]] CacheIdentity identity_of(const OpenRequest& one, monitor::ProviderId provider) const;
  void from_cache(const OpenRequest& one, const monitor::Record& record);
  void is_served_where_due(const OpenRequest& one, const monitor::Record& record);
  void kept(const OpenRequest& one, const monitor::Record& record);

  Watched& watched_;
  bool on_;
  CacheModel model_;
};

}  // namespace windtunnel::sim
