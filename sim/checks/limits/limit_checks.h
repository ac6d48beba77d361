#pragma once
// L6 and L7: the list of limits says what a model says that was written apart, its accounts hold what the model's hold,
// and the slots in use are those of requests and calls under way.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "monitor/pipeline.h"
#include "sim/checks/findings/violations.h"
#include "sim/models/limit_model.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

class LimitChecks {
 public:
  LimitChecks(const Scenario& scenario, Violations& violations);

  void on_arrival(const monitor::Request& request) {
    if (on_) requests_[request.id] = request;
  }
  // Of replicas: what follows is said by the list of this group.
  void on_turn(std::uint32_t group, Instant now);
  void on_asked(const monitor::LimitsAsked& event);
  void on_attempt_end(const monitor::AttemptEnded& event) {
    if (on_) end_call(event);
  }
  void on_usage_learned(const monitor::UsageLearned& event) {
    if (on_) learn(event);
  }
  void on_finish(const monitor::Record& record, Instant now) {
    if (on_) finish(record, now);
  }
  void on_event(const monitor::Pipeline* pipeline, Instant now) {
    if (touched_) compare(pipeline, now);
  }
  void at_end(const monitor::Pipeline& pipeline, bool is_at_rest, Instant now);

 private:
  [[nodiscard]] LimitModel& model() { return models_[group_]; }
  void end_call(const monitor::AttemptEnded& event);
  void learn(const monitor::UsageLearned& event);
  void finish(const monitor::Record& record, Instant now);
  void compare(const monitor::Pipeline* pipeline, Instant now);
  void hear_until(Instant now);
  void at_end_of_lag(Instant now);
  void compare_words(const monitor::LimitsAsked& event, const LimitModel::Said& said);
  void compare_accounts(const monitor::LimitBook& book, std::size_t limit, Instant now);

  const Scenario& scenario_;
  Violations& violations_;
  bool on_;
  bool has_late_usage_;
  // One for each group of processes that share at once what limits have counted. With a lag each hears what the others
  // counted when it is so old; so does the store, which a new process begins with.
  std::vector<LimitModel> models_;
  LimitModel store_;
  struct Deed {
    Instant at{};
    std::size_t group = 0;
    LimitModel::Change change;
  };
  std::deque<Deed> deeds_;  // younger than the lag
  std::optional<Duration> lag_;
  std::size_t group_ = 0;
  Instant worked_at_{};
  std::map<RequestId, monitor::Request> requests_;
  // Of the latest refusal of each request in flight.
  struct Refusal {
    std::size_t limit = 0;
    bool lacks_money_alone = false;
  };
  std::map<RequestId, Refusal> refusals_;
  bool touched_ = false;
  std::uint64_t events_ = 0;
};

}  // namespace windtunnel::sim
