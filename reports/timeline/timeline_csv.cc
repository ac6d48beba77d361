#include "reports/timeline/timeline_csv.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "reports/timeline/timeline_fields.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;

using AnySeries = std::variant<const sim::Series*, const sim::MoneySeries*>;

struct Column {
  std::string name;
  AnySeries series;
  int decimals = 0;
  bool per_view = false;
  std::optional<AnySeries> of = std::nullopt;  // how many the figure is of: of none there is no figure
};

// Lists the series with their names; see timeline_fields.h.
class Columns {
 public:
  explicit Columns(const Timeline& timeline) : timeline_(timeline) { visit_series(*this, timeline); }

  template <class Value>
  void series(std::string_view name, const std::vector<Value>& series) {
    Column column{.name = prefix_ + std::string(name), .series = &series, .decimals = 0, .per_view = in_view_};
    replace_ending(column, "_ns", "_s", kSecondDecimals);
    replace_ending(column, "_picos", "_usd", kDollarDecimals);
    all_.push_back(std::move(column));
  }
  [[nodiscard]] bool has_token_kinds() const { return timeline_.has_token_kinds; }
  // A trial has no column of what is not observed.
  void inside(std::string_view name, const auto& of) {
    if (!timeline_.from_outside) series(name, of);
  }
  template <class Action>
  void group(std::string_view name, Action action) {
    const bool was_in_view = std::exchange(in_view_, in_view_ || name.ends_with("_quantiles"));
    const std::string outer = std::exchange(prefix_, prefix_ + std::string(name) + ".");
    const std::size_t first = all_.size();
    action();
    // The figures of nothing are not 0.
    const std::string count = prefix_ + "count";
    const auto counted =
        std::ranges::find(all_.begin() + static_cast<std::ptrdiff_t>(first), all_.end(), count, &Column::name);
    for (std::size_t i = first; in_view_ && counted != all_.end() && i < all_.size(); ++i) {
      if (all_[i].name != count) all_[i].of = counted->series;
    }
    prefix_ = outer;
    in_view_ = was_in_view;
  }
  template <class Values, class Action>
  void list(std::string_view name, const Values& values, Action action) {
    constexpr bool kProviders = std::is_same_v<typename Values::value_type, sim::ProviderSeries>;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::string of;
      if (kProviders)
        of = timeline_.provider_names[i].name;
      else if (name == "versions")
        of = timeline_.version_names[i].feature + "/" + timeline_.version_names[i].prompt;
      else if (name == "routes")
        of = timeline_.route_names[i];
      else
        of = timeline_.variant_names[i].id;
      const std::string outer = std::exchange(prefix_, prefix_ + std::string(name) + "." + of + ".");
      action(values[i]);
      prefix_ = outer;
    }
  }

  [[nodiscard]] const std::vector<Column>& all() const { return all_; }

 private:
  static void replace_ending(Column& column, std::string_view from, std::string_view to, int decimals) {
    if (!column.name.ends_with(from)) return;
    column.name.replace(column.name.size() - from.size(), from.size(), to);
    column.decimals = decimals;
  }

  const Timeline& timeline_;
  std::string prefix_;
  bool in_view_ = false;
  std::vector<Column> all_;
};

// In quotes if it needs them.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string seconds_text(Instant at) { return exact_decimal(at.time_since_epoch().count(), kSecondDecimals); }

void append_value(std::string& row, const Column& column, const Timeline& timeline, std::size_t step) {
  row += ',';
  std::size_t place = step;
  if (column.per_view) {
    const bool ends_view = (step + 1) % timeline.view_steps == 0 || step + 1 == timeline.steps;
    if (!ends_view) return;
    place = step / timeline.view_steps;
  }
  const auto value_of = [place](const auto* series) -> Int128 { return sim::value_at(*series, place); };
  if (column.of && std::visit(value_of, *column.of) == 0) return;
  const Int128 value =
      std::visit([&](const auto* series) -> Int128 { return sim::value_at(*series, place); }, column.series);
  row += exact_decimal(value, column.decimals);
}

}  // namespace

CsvWritten write_timeline_csv(const Timeline& timeline, OutputFile& file) {
  const Columns columns{timeline};
  std::string row = "time,from_s,to_s";
  for (const Column& column : columns.all()) row += "," + field(column.name);
  file.append(row + "\r\n");
  for (std::size_t step = 0; step < timeline.steps; ++step) {
    const Instant from = Instant{} + timeline.step * static_cast<std::int64_t>(step);
    const Instant to = step + 1 == timeline.steps ? std::max(from, timeline.ended) : from + timeline.step;
    row = iso8601(timeline.start + to.time_since_epoch()) + "," + seconds_text(from) + "," + seconds_text(to);
    for (const Column& column : columns.all()) append_value(row, column, timeline, step);
    file.append(row + "\r\n");
  }
  return {.columns = columns.all().size() + 3, .rows = timeline.steps};
}

}  // namespace windtunnel::reports
