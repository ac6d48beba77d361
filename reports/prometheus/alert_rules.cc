#include "reports/prometheus/alert_rules.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/prometheus/openmetrics.h"
#include "reports/prometheus/rule_probes.h"

namespace windtunnel::reports {
namespace {

constexpr std::string_view kQuestion = "ALERTS{alertstate=\"firing\"} * ";
constexpr std::size_t kSamplesMost = 8000;  // that one question of probes reads

// Values as promtool writes series down: "a+bxn" is a and n more, each b above the one before; "axn" repeats a.
std::string values_text(const MetricSeries& series) {
  const std::vector<Int128>& values = series.values;
  std::string text;
  for (std::size_t i = 0; i < values.size();) {
    // A step that is no whole number would add up its rounding.
    const Int128 step = i + 1 < values.size() && series.decimals == 0 ? values[i + 1] - values[i] : 0;
    std::size_t end = i + 1;
    while (end < values.size() && values[end] - values[end - 1] == step) ++end;
    if (!text.empty()) text += ' ';
    text += exact_decimal(values[i], series.decimals);
    if (end - i > 1) {
      if (step != 0) text += (step < 0 ? "-" : "+") + exact_decimal(step < 0 ? -step : step, 0);
      text += "x" + std::to_string(end - i - 1);
    }
    i = end;
  }
  return text;
}

std::string shown_question() { return std::string("count_over_time(") + kShownMetric; }

std::string milliseconds_text(Duration duration) {
  return std::to_string(duration / std::chrono::milliseconds{1}) + "ms";
}

class RuleTestWriter final : public MetricSink {
 public:
  explicit RuleTestWriter(OutputFile& file) : file_(file) {}

  void family(const MetricFamily& family) override { name_ = family.name; }
  void metric(const MetricLabels& labels, std::span<const MetricSeries> series) override {
    for (const MetricSeries& curve : series) {
      std::string line;
      JsonWriter json{line, JsonWriter::Form::line};
      json.begin_object().key("series").text(series_name(name_ + curve.suffix, labels, curve.label));
      json.key("values").text(values_text(curve)).end_object();
      add(line);
    }
  }
  // One more object of a list, in a line of its own.
  void add(const std::string& object) {
    file_.append(std::exchange(first_, false) ? "\n" : ",\n");
    file_.append(object);
  }
  void begin_list() { first_ = true; }

 private:
  OutputFile& file_;
  std::string name_;
  bool first_ = true;
};

// --- promtool's answer ---------------------------------------------------------------------------------------------

// Reads `{name="value", ...} 1.7E+01, {...} ...` from the front of what is left.
class AnswerLine {
 public:
  explicit AnswerLine(std::string_view text) : text_(text) {}

  // False at the end, and where the text is none of promtool's.
  bool next(MetricLabels& labels, double& value) {
    labels.clear();
    skip(", ");
    if (!skip("{")) return false;
    while (!skip("}")) {
      skip(", ");
      const std::size_t equals = text_.find("=\"");
      if (equals == std::string_view::npos) return false;
      MetricLabel label{std::string(text_.substr(0, equals)), {}};
      text_.remove_prefix(equals + 2);
      if (!read_quoted(label.value)) return false;
      labels.push_back(std::move(label));
    }
    skip(" ");
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc{}) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }

 private:
  bool skip(std::string_view what) {
    if (!text_.starts_with(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }
  // To the closing quote; Go's escapes of characters that have a name, others stay as they are.
  bool read_quoted(std::string& value) {
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\' || text_.empty()) {
        value += c;
        continue;
      }
      const char escaped = text_.front();
      text_.remove_prefix(1);
      switch (escaped) {
        case 'n':
          value += '\n';
          break;
        case 't':
          value += '\t';
          break;
        case '"':
        case '\\':
          value += escaped;
          break;
        default:
          value += '\\';
          value += escaped;
      }
    }
    return false;
  }

  std::string_view text_;
};

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view{}
                                         : line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

template <class Action>
void each_line(std::string_view text, Action action) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    action(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::string taken(MetricLabels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &MetricLabel::name);
  if (found == labels.end()) return {};
  std::string value = std::move(found->value);
  labels.erase(found);
  return value;
}

bool same_labels(const MetricLabels& a, const MetricLabels& b) {
  return std::ranges::equal(
      a, b, [](const MetricLabel& x, const MetricLabel& y) { return x.name == y.name && x.value == y.value; });
}

void add_seen(std::vector<AlertSeen>& alerts, MetricLabels labels, std::size_t scrape) {
  const std::string name = taken(labels, "alertname");
  taken(labels, "alertstate");
  const auto found = std::ranges::find_if(
      alerts, [&](const AlertSeen& seen) { return seen.name == name && same_labels(seen.labels, labels); });
  AlertSeen& seen = found != alerts.end() ? *found : alerts.emplace_back(AlertSeen{name, std::move(labels), {}});
  seen.scrapes.push_back(scrape);
}

}  // namespace

void write_rule_test(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added,
                     const std::vector<std::string>& rules, std::size_t probes, OutputFile& file) {
  std::string head;
  const std::string interval = milliseconds_text(scrapes.interval);
  JsonWriter names{head, JsonWriter::Form::line};
  names.begin_array();
  for (const std::string& rule : rules) names.text(rule);
  names.end_array();
  file.append("{\"rule_files\": " + head + ",\n\"evaluation_interval\": \"" + interval +
              "\",\n\"tests\": [{\"interval\": \"" + interval + "\",\n\"input_series\": [");
  RuleTestWriter writer{file};
  write_metrics(timeline, scrapes, added, writer);
  file.append("\n],\n\"promql_expr_test\": [");
  writer.begin_list();
  const auto ask = [&](const std::string& expression, std::size_t scrape) {
    std::string line;
    JsonWriter json{line, JsonWriter::Form::line};
    json.begin_object().key("expr").text(expression);
    json.key("eval_time").text(milliseconds_text(scrapes.after_start(scrape)));
    json.key("exp_samples").begin_array().end_array().end_object();
    writer.add(line);
  };
  for (std::size_t i = 0; i < scrapes.count; ++i) ask(std::string(kQuestion) + std::to_string(i), i);
  const std::size_t at_once = std::max<std::size_t>(kSamplesMost / std::max<std::size_t>(probes, 1), 1);
  for (std::size_t i = 0; probes > 0 && i < scrapes.count; i += at_once) {
    const std::size_t last = std::min(i + at_once, scrapes.count) - 1;
    const Duration range = (last - i + 1) * scrapes.interval;
    ask(shown_question() + "[" + milliseconds_text(range) + "])", last);
  }
  file.append("\n]}]}\n");
}

RuleTestAnswer read_rule_test_answer(std::string_view output, std::size_t scrapes) {
  RuleTestAnswer answer;
  enum class Asked : std::uint8_t { nothing, alerts, shown } asked = Asked::nothing;  // by the latest question
  each_line(output, [&](std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text == "FAILED:" || text == "SUCCESS" || text.starts_with("Unit Testing:")) return;
    if (text.starts_with("expr: \"ALERTS{alertstate=\\\"firing\\\"} * ") && text.ends_with(',')) {
      asked = Asked::alerts;
      return;
    }
    if (text.starts_with("expr: \"" + shown_question()) && text.ends_with(',')) {
      asked = Asked::shown;
      return;
    }
    if (asked != Asked::nothing && text.starts_with("exp:")) return;
    if (asked != Asked::nothing && text.starts_with("got:")) {
      AnswerLine got{trimmed(text.substr(4))};
      MetricLabels labels;
      double value = 0;
      while (got.next(labels, value)) {
        if (asked == Asked::shown) {
          answer.shown.insert(taken(labels, kShownLabel));
        } else if (const auto scrape = static_cast<std::size_t>(std::lround(value)); scrape < scrapes) {
          add_seen(answer.alerts, std::move(labels), scrape);
        }
      }
      asked = Asked::nothing;
      return;
    }
    answer.rest += std::string(line) + "\n";
  });
  return answer;
}

}  // namespace windtunnel::reports
