#include "runs/search/frontier_job.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "base/in_order.h"
#include "base/json_writer.h"
#include "reports/files/output_file.h"
#include "reports/files/report_error.h"
#include "runs/memory_limit.h"
#include "runs/outputs.h"
#include "runs/scenario_source.h"
#include "runs/search/frontier_axis.h"
#include "runs/search/frontier_picture.h"
#include "sim/checks/judge.h"
#include "sim/world/world.h"

namespace windtunnel::runs {
namespace {

constexpr std::size_t kPointsOfOne = 17;
constexpr int kHalvings = 6;
constexpr std::size_t kCellsOfTwo = 8;

bool is_asked(const sim::Finding& finding, const std::string& against) {
  if (against.empty()) return true;
  if (against == "liveness") return finding.kind == sim::Finding::Kind::liveness;
  return finding.kind == sim::Finding::Kind::threshold && finding.id.starts_with(against);
}

PointEnd end_of(const sim::Scenario& world, const FrontierRequest& request) {
  sim::Judge judge{world, {.checks = {"none"}}};
  const sim::Judgement judgement = judge.judge(sim::run(world, {.observers = {&judge}, .stop = request.stop}));
  bool has_held = false;
  bool is_undecided = false;
  for (const sim::Finding& finding : judgement.findings) {
    if (!is_asked(finding, request.against)) continue;
    if (finding.verdict == sim::Verdict::fail) return PointEnd::fails;
    if (finding.verdict == sim::Verdict::inconclusive) is_undecided = true;
    if (finding.verdict == sim::Verdict::pass) has_held = true;
  }
  return has_held && !is_undecided ? PointEnd::holds : PointEnd::inconclusive;
}

PointEnd end_of_most(const std::vector<PointEnd>& seeds) {
  for (const PointEnd end : {PointEnd::fails, PointEnd::holds}) {
    if (2 * std::ranges::count(seeds, end) > std::ssize(seeds)) return end;
  }
  return PointEnd::inconclusive;
}

class Frontier {
 public:
  explicit Frontier(const FrontierRequest& request) : request_(request) {
    if (request.axes.empty() || request.axes.size() > 2) refuse("--frontier is of one setting or of two");
    for (const std::string& axis : request.axes) drawing_.axes.push_back(read_axis(axis));
    drawing_.against = request.against;
    drawing_.file = request.file;
    check_ends();
    check_claims();
  }

  FrontierDrawing draw() {
    if (drawing_.axes.size() == 1) {
      draw_line();
    } else {
      draw_plane();
    }
    drawing_.runs = runs_;
    return std::move(drawing_);
  }

 private:
  using Point = std::vector<std::int64_t>;

  std::vector<std::string> sets_at(const Point& point) const {
    std::vector<std::string> sets = request_.sets;
    for (std::size_t i = 0; i < point.size(); ++i) {
      sets.push_back(drawing_.axes[i].path + "=" + drawing_.axes[i].text_of(point[i]));
    }
    return sets;
  }

  sim::Scenario scenario_at(const Point& point) const {
    LoadedScenario loaded = load_scenario(request_.file, sets_at(point));
    if (loaded.problem) throw ProblemError(loaded.problem->kind, loaded.problem->text);
    return *std::move(loaded.scenario);
  }

  // An end that the scenario's reader refuses is one of the flag, unless the scenario has errors without it.
  void check_ends() const {
    (void)scenario_at({});
    std::vector<Point> corners{{}};
    for (const FrontierAxis& axis : drawing_.axes) {
      std::vector<Point> longer;
      for (Point corner : corners) {
        corner.push_back(axis.low);
        longer.push_back(corner);
        corner.back() = axis.high;
        longer.push_back(std::move(corner));
      }
      corners = std::move(longer);
    }
    for (const Point& corner : corners) {
      const LoadedScenario loaded = load_scenario(request_.file, sets_at(corner));
      if (loaded.scenario) {
        const auto problem =
            problem_with_memory(request_.file, memory_need(*loaded.scenario), request_.jobs, request_.memory_max);
        if (problem) throw ProblemError(problem->kind, problem->text);
      }
      if (loaded.errors.empty()) continue;
      const scenarios::Diagnostic& error = loaded.errors.front();
      refuse(fmt::format("--frontier {}: {}{}{}", fmt::join(request_.axes, ", "), error.message,
                         error.help.empty() ? "" : "; ", error.help));
    }
  }

  void check_claims() const {
    Point first;
    for (const FrontierAxis& axis : drawing_.axes) first.push_back(axis.low);
    const sim::Scenario scenario = scenario_at(first);
    if (request_.against.empty() || (request_.against == "liveness" && scenario.liveness)) return;
    const bool claims = std::ranges::any_of(scenario.thresholds, [&](const sim::ThresholdSpec& threshold) {
      return threshold.metric.starts_with(request_.against);
    });
    if (!claims) {
      refuse(fmt::format("--against {}: the scenario claims nothing of it; add a threshold, or leave --against out",
                         request_.against));
    }
  }

  // Runs the points that are not known, all seeds of all points side by side.
  void run(const std::vector<Point>& wanted) {
    std::vector<Point> points;
    for (const Point& point : wanted) {
      if (!drawing_.ends.contains(point) && std::ranges::find(points, point) == points.end()) points.push_back(point);
    }
    const std::uint64_t seeds = request_.seeds.count();
    InOrder<PointEnd> ends{points.size() * seeds, request_.jobs, [&](std::uint64_t place) {
                             if (request_.stop != nullptr && *request_.stop) return PointEnd::inconclusive;
                             sim::Scenario world = scenario_at(points[place / seeds]);
                             world.seed = request_.seeds.first + place % seeds;
                             return end_of(world, request_);
                           }};
    std::vector<PointEnd> of_point;
    for (std::size_t place = 0; auto end = ends.take(); ++place) {
      request_.ran(++runs_);
      of_point.push_back(*end);
      if (of_point.size() < seeds) continue;
      drawing_.ends[points[place / seeds]] = end_of_most(of_point);
      of_point.clear();
    }
    if (request_.stop != nullptr && *request_.stop) refuse(ProblemKind::interrupted, "interrupted");
  }

  void draw_line() {
    const FrontierAxis& axis = drawing_.axes[0];
    std::vector<double> parts;
    std::vector<Point> points;
    for (std::size_t i = 0; i < kPointsOfOne; ++i) {
      parts.push_back(static_cast<double>(i) / static_cast<double>(kPointsOfOne - 1));
      points.push_back({axis.value_at(parts.back())});
    }
    run(points);
    for (std::size_t i = 0; i + 1 < kPointsOfOne; ++i) find_edges(parts[i], parts[i + 1]);
  }

  // Between two parts of the only axis. Where a third end lies between the two, there are two edges.
  void find_edges(double from, double to) {
    const FrontierAxis& axis = drawing_.axes[0];
    const auto end_at = [&](double part) { return drawing_.ends.at({axis.value_at(part)}); };
    while (end_at(from) != end_at(to)) {
      double low = from;
      double high = to;
      for (int halving = 0; halving < kHalvings; ++halving) {
        const double middle = (low + high) / 2;
        run({{axis.value_at(middle)}});
        (end_at(middle) == end_at(from) ? low : high) = middle;
      }
      drawing_.edges.push_back({axis.value_at(low), axis.value_at(high), end_at(low), end_at(high)});
      from = high;
    }
  }

  void draw_plane() {
    const FrontierAxis& x = drawing_.axes[0];
    const FrontierAxis& y = drawing_.axes[1];
    constexpr std::size_t kFine = 2 * kCellsOfTwo;
    const auto at = [&](std::size_t i, std::size_t j) {
      return Point{x.value_at(static_cast<double>(i) / kFine), y.value_at(static_cast<double>(j) / kFine)};
    };
    std::vector<Point> points;
    for (std::size_t j = 0; j <= kFine; j += 2) {
      for (std::size_t i = 0; i <= kFine; i += 2) points.push_back(at(i, j));
    }
    run(points);
    points.clear();
    for (std::size_t j = 0; j < kFine; j += 2) {
      for (std::size_t i = 0; i < kFine; i += 2) {
        const PointEnd corner = drawing_.ends.at(at(i, j));
        const bool alike = corner == drawing_.ends.at(at(i + 2, j)) && corner == drawing_.ends.at(at(i, j + 2)) &&
                           corner == drawing_.ends.at(at(i + 2, j + 2));
        if (alike) continue;
        for (const auto& [dx, dy] : {std::pair{1, 0}, {0, 1}, {1, 1}, {2, 1}, {1, 2}}) {
          points.push_back(at(i + static_cast<std::size_t>(dx), j + static_cast<std::size_t>(dy)));
        }
      }
    }
    run(points);
    // A point that was not run lies among corners that end alike: it is shown as the nearest of them.
    for (std::size_t j = 0; j <= kFine; ++j) {
      std::vector<PointEnd> row;
      for (std::size_t i = 0; i <= kFine; ++i) {
        const auto known = drawing_.ends.find(at(i, j));
        row.push_back(known != drawing_.ends.end() ? known->second : drawing_.ends.at(at(i / 2 * 2, j / 2 * 2)));
      }
      drawing_.rows.push_back(std::move(row));
    }
  }

  const FrontierRequest& request_;
  FrontierDrawing drawing_;
  std::uint64_t runs_ = 0;
};

FrontierDone drawn(const FrontierRequest& request) {
  const LockedFolder folder = lock_folder(request.out);
  if (folder.problem) throw ProblemError(folder.problem->kind, folder.problem->text);
  const FrontierDrawing drawing = Frontier{request}.draw();
  FrontierDone done{.problem = {}, .text = frontier_text(drawing), .json = frontier_json(drawing)};
  const auto some = [&](PointEnd end) {
    return std::ranges::any_of(drawing.ends, [&](const auto& entry) { return entry.second == end; });
  };
  done.undecided = !some(PointEnd::fails) || !some(PointEnd::holds);
  const std::string svg = frontier_svg(drawing);
  const auto write = [&](const char* name, const std::string& content) {
    if (request.out.empty()) return;
    const std::string path = (std::filesystem::path(request.out) / name).string();
    if (const auto problem = problem_with_outputs({{"--out", path}}, {request.file})) {
      throw ProblemError(problem->kind, problem->text);
    }
    reports::OutputFile file{path};
    file.append(content);
    file.finish();
  };
  write("frontier.txt", done.text);
  write("frontier.json", done.json);
  write("frontier.svg", svg);
  write("frontier.html", frontier_page(drawing, svg));
  return done;
}

}  // namespace

FrontierDone draw_frontier(const FrontierRequest& request) {
  FrontierDone failed;
  try {
    return drawn(request);
  } catch (const ProblemError& error) {
    failed.problem = error.problem();
  } catch (const reports::ReportError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
  }
  return failed;
}

}  // namespace windtunnel::runs
