#include "reports/prometheus/openmetrics.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/exact_decimal.h"

namespace windtunnel::reports {

const char* name_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
    case MetricType::state_set:
      return "stateset";
    case MetricType::info:
      return "info";
  }
  return "unknown";
}

namespace {

void append_label_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

class OpenMetricsWriter final : public MetricSink {
 public:
  OpenMetricsWriter(const Scrapes& scrapes, OutputFile& file) : file_(file) {
    const std::int64_t start = scrapes.start.time_since_epoch() / std::chrono::milliseconds{1};
    for (std::size_t i = 0; i < scrapes.count; ++i) {
      const std::int64_t ms = start + scrapes.after_start(i) / std::chrono::milliseconds{1};
      times_.push_back(" " + exact_decimal(ms, 3) + "\n");
    }
  }

  void family(const MetricFamily& family) override {
    name_ = family.name;
    line_ = "# TYPE " + name_ + " " + name_of(family.type) + "\n";
    if (*family.unit != '\0') line_ += "# UNIT " + name_ + " " + family.unit + "\n";
    line_ += "# HELP " + name_ + " ";
    append_label_text(line_, family.help);
    line_ += '\n';
    file_.append(line_);
  }

  // All series of one scrape before those of the next: they are one point of one metric.
  void metric(const MetricLabels& labels, std::span<const MetricSeries> series) override {
    std::vector<std::string> names;
    for (const MetricSeries& curve : series)
      names.push_back(series_name(name_ + curve.suffix, labels, curve.label) + " ");
    for (std::size_t i = 0; i < times_.size(); ++i) {
      for (std::size_t k = 0; k < series.size(); ++k) {
        line_ = names[k];
        line_ += exact_decimal(series[k].values[i], series[k].decimals);
        line_ += times_[i];
        file_.append(line_);
      }
    }
    written_.series += series.size();
    written_.samples += series.size() * times_.size();
  }

  OpenMetricsWritten end() {
    file_.append("# EOF\n");
    return written_;
  }

 private:
  OutputFile& file_;
  std::vector<std::string> times_;  // the end of a line, by scrape
  std::string name_;
  std::string line_;
  OpenMetricsWritten written_;
};

}  // namespace

std::string series_name(const std::string& name, const MetricLabels& labels, const std::optional<MetricLabel>& last) {
  std::string text = name;
  char before = '{';
  const auto add = [&](const MetricLabel& label) {
    text += before;
    text += label.name + "=\"";
    append_label_text(text, label.value);
    text += '"';
    before = ',';
  };
  for (const MetricLabel& label : labels) add(label);
  if (last) add(*last);
  if (before == ',') text += '}';
  return text;
}

OpenMetricsWritten write_openmetrics(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added,
                                     OutputFile& file) {
  OpenMetricsWriter writer{scrapes, file};
  write_metrics(timeline, scrapes, added, writer);
  return writer.end();
}

}  // namespace windtunnel::reports
