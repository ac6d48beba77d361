#pragma once
// H1-H7: a cached answer is the right one, fresh enough, free, was worth keeping, and is served where it is due.

#include "sim/checks/invariants/check_context.h"
#include "sim/models/cache_model.h"

namespace windtunnel::sim {

class CacheChecks {
 public:
  explicit CacheChecks(CheckContext& context);

  // Fetches what is searched or stored soon, while the other checks work.
  void look_ahead(const OpenRequest& open_request) const {
    if (on_) model_.look_ahead(identity_of(open_request, open_request.provider));
  }
  // The cache had nothing for it: its first provider is asked.
  void on_first_asked(const OpenRequest& open_request, monitor::ProviderId provider);
  void on_cache_stored(OpenRequest& open_request, const monitor::CacheStored& event);
  void on_cache_served(OpenRequest& open_request, const monitor::CacheServed& event);
  void on_finish(OpenRequest& open_request, const monitor::Record& record);

 private:
  [[nodiscard]] CacheIdentity identity_of(const OpenRequest& open_request, monitor::ProviderId provider) const;
  void from_cache(const OpenRequest& open_request, const monitor::Record& record);
  void is_served_where_due(const OpenRequest& open_request, const monitor::Record& record);
  void kept(const OpenRequest& open_request, const monitor::Record& record);

  CheckContext& context_;
  bool on_;
  CacheModel model_;
};

}  // namespace windtunnel::sim
