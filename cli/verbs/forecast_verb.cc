#include "cli/verbs/forecast_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "cli/console.h"
#include "cli/forecast_output.h"
#include "cli/forecast_plan.h"
#include "cli/interrupt.h"
#include "cli/mpi.h"
#include "cli/scenario_file.h"
#include "reports/forecast/forecast_shard.h"
#include "sim/forecast/headroom.h"

namespace windtunnel::cli {
namespace {

using Clock = std::chrono::steady_clock;

// How far it has come: replications, the time that is left, and the half-width, which is what the stop rule waits for.
class Watch {
 public:
  // `known`: so many of the wanted replications were made before, which took no time now.
  Watch(const ForecastPlan& plan, std::uint64_t wanted, std::uint64_t known, bool quiet)
      : progress_(quiet), plan_(plan), most_(wanted), wanted_(wanted), known_(known), begin_(Clock::now()) {}

  void made(std::uint64_t count) {
    if (count <= known_ || !progress_.due()) return;
    const std::chrono::duration<double> elapsed = Clock::now() - begin_;
    const double each = elapsed.count() / static_cast<double>(count - known_);
    const double left = count < wanted_ ? each * static_cast<double>(wanted_ - count) : 0;
    progress_.show(fmt::format("{} of {}{} replications, {:.0f} s left{}", count, wanted_ < most_ ? "about " : "",
                               wanted_, left, precision_));
  }
  void block(const sim::ReplicationSet& set) {
    precision_.clear();
    if (plan_.stop) {
      double squares = 0;  // how many times the replications until the last target is reached
      for (const sim::StopTarget& target : plan_.stop->targets) {
        const auto now = sim::precision_of(set, target);
        precision_ += fmt::format("; {} is {}", target.text, now ? fmt::format("{:.3g}", *now) : "-");
        const double ratio = now ? *now / target.limit : HUGE_VAL;
        squares = std::max(squares, ratio * ratio);
      }
      // A half-width goes with one over the root of the replications.
      const double blocks = std::ceil(static_cast<double>(set.all.size()) * squares / sim::kBlockSize);
      const double wanted = blocks * sim::kBlockSize;
      wanted_ = wanted < static_cast<double>(most_) ? static_cast<std::uint64_t>(wanted) : most_;
      return;
    }
    sim::ThresholdSpec mean;
    mean.forecast = sim::ForecastQuantity::cost_usd;
    mean.aggregate = sim::Aggregate::avg;
    if (const auto now = sim::measure(set, mean)) {
      precision_ = fmt::format("; mean {:.2f} USD ± {:.2g}", now->value, now->half_width());
    }
  }
  // Of the search for headroom, whose trials end when they know enough.
  void trial(std::int64_t rate_millionths, std::uint64_t count) {
    if (!progress_.due()) return;
    progress_.show(fmt::format("headroom: {} replications with {:.2f} times the traffic", count,
                               static_cast<double>(rate_millionths) / 1e6));
  }
  void end() { progress_.clear(); }
  [[nodiscard]] Duration elapsed() const { return Clock::now() - begin_; }

 private:
  Progress progress_;
  const ForecastPlan& plan_;
  std::uint64_t most_;
  std::uint64_t wanted_;  // as far as is known now
  std::uint64_t known_;
  Clock::time_point begin_;
  std::string precision_;
};

// Makes what another maker makes, and shows it.
class WatchedMaker final : public sim::ReplicationMaker {
 public:
  WatchedMaker(sim::ReplicationMaker& inner, Watch& watch) : inner_(inner), watch_(watch) {}
  bool make(const sim::ReplicationJob& job, const std::function<bool(sim::Replication)>& take) override {
    std::uint64_t count = 0;
    return inner_.make(job, [&](sim::Replication one) {
      watch_.trial(job.rate_millionths, ++count);
      return take(std::move(one));
    });
  }

 private:
  sim::ReplicationMaker& inner_;
  Watch& watch_;
};

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

Earlier earlier_of(const std::string& path, const reports::PartHead& head) {
  Earlier earlier;
  for (const std::string& name : {path, path + ".partial"}) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::is_regular_file(name, ignored)) continue;
    try {
      reports::Part part = reports::read_part(name);
      if (const auto difference = reports::difference_between(part.head, head)) {
        std::fprintf(stderr, "windtunnel: %s is of another forecast (it differs in %s) and is made anew\n",
                     name.c_str(), difference->c_str());
        continue;
      }
      if (part.head.shard != head.shard) {
        std::fprintf(stderr, "windtunnel: %s is of another shard and is made anew\n", name.c_str());
        continue;
      }
      earlier = {.blocks = std::move(part.blocks), .complete = part.complete};
      if (!earlier.blocks.empty()) {
        std::fprintf(stderr, "windtunnel: %zu blocks of %llu replications are taken from %s\n", earlier.blocks.size(),
                     static_cast<unsigned long long>(sim::kBlockSize), name.c_str());
      }
      return earlier;
    } catch (const reports::ReportError& error) {
      std::fprintf(stderr, "windtunnel: %s; it is made anew\n", error.what());
    }
  }
  return earlier;
}

// One forecast under way.
class Study {
 public:
  Study(const ForecastArguments& arguments, const sim::Scenario& scenario, ForecastPlan plan, sim::ForecastWorld& world)
      : arguments_(arguments), scenario_(scenario), plan_(std::move(plan)), world_(world) {
    head_ = {.frame = world.frame(),
             .replications = plan_.replications,
             .shard = plan_.shard,
             .assertions = plan_.assertions,
             .replay = plan_.replay};
  }

  ExitCode make_part(sim::ReplicationMaker& maker);
  ExitCode make_forecast(sim::ReplicationMaker& maker);

 private:
  reports::ForecastReport report(const sim::Forecast& forecast, const Watch& watch) const;

  const ForecastArguments& arguments_;
  const sim::Scenario& scenario_;
  ForecastPlan plan_;
  sim::ForecastWorld& world_;
  reports::PartHead head_;
};

ExitCode say_interrupted(const std::string& kept) {
  std::fprintf(stderr, "windtunnel: interrupted by %s; %s\n", interrupted_by(), kept.c_str());
  return ExitCode::interrupted;
}

ExitCode Study::make_part(sim::ReplicationMaker& maker) {
  Earlier earlier = earlier_of(arguments_.out, head_);
  if (earlier.complete) {
    std::fprintf(stderr, "windtunnel: %s is complete already\n", arguments_.out.c_str());
    return ExitCode::pass;
  }
  std::uint64_t wanted = 0;
  for (std::uint64_t block = 0; block < sim::blocks_of(plan_.replications); ++block) {
    wanted += sim::indices_of(block, plan_.shard, plan_.replications).size();
  }
  Watch watch{plan_, wanted, earlier.replications(), arguments_.quiet};
  reports::PartFile file{arguments_.out, head_};
  sim::ReplicationSet shown{.frame = world_.frame(), .all = {}, .latency = {}};  // what this shard knows by itself
  const sim::BlockPlan blocks{
      .replications = plan_.replications, .shard = plan_.shard, .known = std::move(earlier.blocks)};
  const bool whole = sim::make_blocks(maker, blocks,
                                      {.take =
                                           [&](const sim::ReplicationBlock& block) {
                                             file.add(block);
                                             shown.all.insert(shown.all.end(), block.all.begin(), block.all.end());
                                             watch.block(shown);
                                             return true;
                                           },
                                       .made = [&](std::uint64_t count) { watch.made(count); }});
  watch.end();
  if (!whole) return say_interrupted("the same command goes on from " + arguments_.out + ".partial");
  file.finish();
  return ExitCode::pass;
}

reports::ForecastReport Study::report(const sim::Forecast& forecast, const Watch& watch) const {
  return {.forecast = forecast,
          .stop = {},
          .headroom = {},
          .notes = {},
          .replay = plan_.replay,
          .build = reports::this_build(WINDTUNNEL_VERSION),
          .wall = watch.elapsed()};
}

ExitCode Study::make_forecast(sim::ReplicationMaker& maker) {
  const std::string checkpoint =
      arguments_.out.empty() ? std::string{} : (std::filesystem::path{arguments_.out} / "part.json").string();
  Earlier earlier = earlier_of(checkpoint, head_);
  std::unique_ptr<reports::PartFile> file;
  if (!checkpoint.empty()) {
    std::error_code ignored;  // the file says why
    std::filesystem::create_directories(arguments_.out, ignored);
    file = std::make_unique<reports::PartFile>(checkpoint, head_);
  }
  Watch watch{plan_, plan_.replications, earlier.replications(), arguments_.quiet};
  sim::ReplicationSet set{.frame = world_.frame(), .all = {}, .latency = {}};
  bool reached = false;
  const auto take = [&](const sim::ReplicationBlock& block) {
    if (file) file->add(block);
    sim::add(set, block);
    watch.block(set);
    reached = plan_.stop && sim::holds(*plan_.stop, set);
    return !reached;
  };
  const sim::BlockPlan blocks{.replications = plan_.replications, .shard = {}, .known = std::move(earlier.blocks)};
  bool whole = sim::make_blocks(maker, blocks, {.take = take, .made = [&](std::uint64_t made) { watch.made(made); }});
  const sim::Forecast forecast = sim::forecast_of(set, plan_.thresholds);
  reports::ForecastReport result = report(forecast, watch);
  if (plan_.stop) result.stop = {.until = plan_.stop->text, .reached = reached};
  if (whole && arguments_.headroom) {
    WatchedMaker watched{maker, watch};
    result.headroom = sim::headroom_of(watched, world_.frame(), scenario_.thresholds,
                                       std::min<std::uint64_t>(plan_.replications, 400));
    whole = result.headroom.has_value();
  }
  if (!whole) {
    result.notes.push_back(fmt::format("interrupted after {} of {} replications", set.all.size(), plan_.replications));
  }
  watch.end();
  const ExitCode code = say(reports::forecast_summary(result), {.format = arguments_.format,
                                                                .out = arguments_.out,
                                                                .html = arguments_.html,
                                                                .whole = whole,
                                                                .quiet = arguments_.quiet && whole,
                                                                .color = arguments_.color});
  if (!whole) {
    return worst(code, say_interrupted(file ? "the same command goes on from " + checkpoint + ".partial"
                                            : "with --out DIR it could be gone on with"));
  }
  // The results are written: there is nothing to go on with.
  if (file) std::filesystem::remove(checkpoint + ".partial");
  return code;
}

}  // namespace

ExitCode forecast(const ForecastArguments& arguments) {
  if (!can_write_html(arguments.html)) return ExitCode::usage;
  Processes processes;
  const LoadedScenario loaded =
      arguments.from_telemetry.empty()
          ? load_scenario(arguments.file, arguments.sets)
          : load_fitted(arguments.from_telemetry, arguments.sets, processes.is_first() && !arguments.quiet);
  if (!loaded.scenario) return loaded.code;
  sim::Scenario scenario = *loaded.scenario;
  if (arguments.seed) scenario.seed = *arguments.seed;
  auto plan = plan_of(arguments, scenario);
  if (!plan) return ExitCode::usage;
  sim::ForecastWorld world{scenario, plan->options};
  watch_signals();
  if (!processes.is_first()) return processes.serve(world, arguments.jobs, &stop_requested());
  const auto maker = processes.maker(world, arguments.jobs, &stop_requested());
  if (!maker) return ExitCode::scenario_invalid;
  ExitCode code = ExitCode::pass;
  try {
    Study study{arguments, scenario, std::move(*plan), world};
    code = arguments.shard.empty() ? study.make_forecast(*maker) : study.make_part(*maker);
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    code = ExitCode::file_error;
  }
  return processes.dismiss(code);
}

}  // namespace windtunnel::cli
