#include "runs/forecast/forecast_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "reports/forecast/forecast_shard.h"
#include "sim/checks/claims/run_notes.h"
#include "sim/fit/backtest.h"
#include "sim/forecast/headroom.h"

namespace windtunnel::runs {
namespace {

// Makes what another maker makes, and reports it as a trial.
class TrialMaker final : public sim::ReplicationMaker {
 public:
  TrialMaker(sim::ReplicationMaker& inner, ForecastProgress& progress) : inner_(inner), progress_(progress) {}
  bool make(const sim::ReplicationJob& job, const std::function<bool(sim::Replication)>& take) override {
    std::uint64_t count = 0;
    return inner_.make(job, [&](sim::Replication replication) {
      progress_.trial(job.rate_millionths, ++count);
      return take(std::move(replication));
    });
  }

 private:
  sim::ReplicationMaker& inner_;
  ForecastProgress& progress_;
};

reports::PartHead head_of(const ForecastJob& job) {
  sim::ForecastWords words = sim::forecast_words(job.world.scenario());
  return {.frame = job.world.frame(),
          .replications = job.plan.replications,
          .shard = job.plan.shard,
          .block_size = job.plan.block_size,
          .assertions = job.plan.assertions,
          .replay = job.plan.replay,
          .causes = std::move(words.causes),
          .notes = std::move(words.notes)};
}

// What an earlier run left of the same forecast: in the finished part, or in one that was never finished.
struct Earlier {
  sim::KnownBlocks blocks;
  bool complete = false;
  [[nodiscard]] std::uint64_t replications() const {
    std::uint64_t sum = 0;
    for (const auto& [number, block] : blocks) sum += block.all.size();
    return sum;
  }
};

Earlier earlier_of(const std::string& path, const reports::PartHead& head, const ForecastJob& job) {
  Earlier earlier;
  for (const std::string& name : {path, path + ".partial"}) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::is_regular_file(name, ignored)) continue;
    try {
      if (!reports::begins_as_part(name)) {
        refuse(ProblemKind::file,
               name + " is no part of a forecast and is not replaced; name another --out, or remove it");
      }
      reports::Part part = reports::read_part(name);
      if (part.head.shard != head.shard) {
        throw ProblemError(ProblemKind::file, fmt::format("{} is shard {}/{} and is not replaced by shard {}/{}; name "
                                                          "another --out, or remove it",
                                                          name, part.head.shard.index, part.head.shard.count,
                                                          head.shard.index, head.shard.count));
      }
      if (const auto difference = reports::difference_between(part.head, head)) {
        if (part.complete && name == job.out) {
          refuse(ProblemKind::file,
                 fmt::format("{} is of another forecast (it differs in {}) and is not replaced; name "
                             "another --out, or remove it",
                             name, *difference));
        }
        job.note(fmt::format("{} is of another forecast (it differs in {}) and is replaced", name, *difference));
        continue;
      }
      earlier = {.blocks = std::move(part.blocks), .complete = part.complete};
      if (!earlier.blocks.empty()) {
        job.note(fmt::format("{} blocks of {} replications are taken from {}", earlier.blocks.size(), head.block_size,
                             name));
      }
      return earlier;
    } catch (const reports::ReportError& error) {
      job.note(fmt::format("{}; it is replaced", error.what()));
    }
  }
  return earlier;
}

PartDone part_of(const ForecastJob& job) {
  const reports::PartHead head = head_of(job);
  Earlier earlier = earlier_of(job.out, head, job);
  if (earlier.complete) {
    job.note(job.out + " is complete already");
    return {};
  }
  std::uint64_t wanted = 0;
  for (std::uint64_t block = 0; block < sim::blocks_of(head.division()); ++block) {
    wanted += sim::indices_of(block, head.division()).size();
  }
  ForecastProgress progress{job.plan, wanted, earlier.replications(), job.progress};
  reports::PartFile file{job.out, head};
  sim::ReplicationSet shown{.frame = job.world.frame(), .all = {}, .latency = {}};  // what this shard computed itself
  const auto take = [&](const sim::ReplicationBlock& block) {
    file.add(block);
    shown.all.insert(shown.all.end(), block.all.begin(), block.all.end());
    progress.block(shown);
    return true;
  };
  const sim::BlockPlan blocks{.replications = job.plan.replications,
                              .shard = job.plan.shard,
                              .block_size = job.plan.block_size,
                              .known = std::move(earlier.blocks)};
  const bool whole =
      sim::make_blocks(job.maker, blocks, {.take = take, .made = [&](std::uint64_t made) { progress.made(made); }});
  job.ended();
  if (whole) file.finish();
  return {.problem = {}, .whole = whole};
}

ForecastDone forecast_of(const ForecastJob& job) {
  const ForecastPlan& plan = job.plan;
  const reports::PartHead head = head_of(job);
  ForecastDone done;
  done.replay = plan.replay;
  done.version = job.version;
  done.causes = head.causes;
  done.notes = head.notes;
  if (sim::is_fitted(job.scenario)) done.notes.push_back(job.scenario.description);
  if (!job.out.empty()) done.lock.emplace(job.out);
  if (!job.out.empty()) done.checkpoint = (std::filesystem::path{job.out} / "part.json").string();
  Earlier earlier = earlier_of(done.checkpoint, head, job);
  std::unique_ptr<reports::PartFile> file;
  if (!done.checkpoint.empty()) {
    file = std::make_unique<reports::PartFile>(done.checkpoint, head);
  }
  ForecastProgress progress{plan, plan.replications, earlier.replications(), job.progress};
  sim::ReplicationSet set{.frame = job.world.frame(), .all = {}, .latency = {}};
  bool reached = false;
  const auto take = [&](const sim::ReplicationBlock& block) {
    if (file) file->add(block);
    sim::add(set, block);
    progress.block(set);
    // The fewer the looks, the closer the interval's coverage stays to that of a fixed number of replications.
    const bool is_due = set.all.size() % plan.until_every == 0 || set.all.size() == plan.replications;
    reached = plan.stop && is_due && sim::holds(*plan.stop, set);
    return !reached;
  };
  const sim::BlockPlan blocks{.replications = plan.replications,
                              .shard = {},
                              .block_size = plan.block_size,
                              .known = std::move(earlier.blocks)};
  done.whole =
      sim::make_blocks(job.maker, blocks, {.take = take, .made = [&](std::uint64_t made) { progress.made(made); }});
  job.ended();
  done.forecast = sim::forecast_of(set, plan.thresholds);
  done.wall = progress.elapsed();
  if (plan.stop)
    done.stop = {.until = plan.stop->text, .every = static_cast<std::int64_t>(plan.until_every), .reached = reached};
  if (done.whole && job.headroom) {
    TrialMaker trials{job.maker, progress};
    std::vector<sim::ThresholdSpec> bounds = plan.thresholds;
    bounds.insert(bounds.end(), job.scenario.thresholds.begin(), job.scenario.thresholds.end());
    done.headroom =
        sim::headroom_of(trials, job.world.frame(), bounds, std::min<std::uint64_t>(plan.replications, 400));
    done.whole = done.headroom.has_value();
  }
  if (!done.whole) {
    done.notes.push_back(fmt::format("interrupted after {} of {} replications", set.all.size(), plan.replications));
  }
  return done;
}

}  // namespace

reports::ForecastSummary ForecastDone::summary() const {
  return reports::forecast_summary({.forecast = forecast,
                                    .stop = stop,
                                    .headroom = headroom,
                                    .notes = notes,
                                    .causes = causes,
                                    .replay = replay,
                                    .build = reports::this_build(version),
                                    .wall = wall});
}

ForecastDone make_forecast(const ForecastJob& job) {
  ForecastDone failed;
  try {
    return forecast_of(job);
  } catch (const ProblemError& error) {
    failed.problem = error.problem();
  } catch (const reports::ReportError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
  }
  return failed;
}

void remove_checkpoint(const ForecastDone& done) {
  std::error_code ignored;  // a checkpoint that stays is only in the way
  if (!done.checkpoint.empty()) std::filesystem::remove(done.checkpoint + ".partial", ignored);
}

PartDone make_part(const ForecastJob& job) {
  try {
    return part_of(job);
  } catch (const ProblemError& error) {
    return {.problem = error.problem(), .whole = false};
  } catch (const reports::ReportError& error) {
    return {.problem = Problem{ProblemKind::file, error.what()}, .whole = false};
  }
}

}  // namespace windtunnel::runs
