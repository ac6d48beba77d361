#include "reports/logs/log_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/exact_decimal.h"
#include "base/stable_hash.h"
#include "base/visible_text.h"
#include "reports/logs/billed_usage.h"
#include "reports/logs/log_samples.h"

namespace windtunnel::reports {
namespace {

// More requests than that in sums are not made into single ones.
constexpr std::int64_t kSharesMost = 5'000'000;

// What the rows of a log have.
struct LogHoldings {
  std::int64_t rows = 0;
  std::int64_t with_status = 0;
  std::int64_t with_provider = 0;
  std::int64_t priced = 0;
  std::int64_t counted = 0;  // buckets that count their requests
  std::int64_t buckets = 0;
  std::int64_t answers = 0;    // single ones, those without tokens too
  std::int64_t countless = 0;  // of them those without a count of input or output
  std::int64_t cancelled = 0;
  std::int64_t larger = 0;  // rows whose sum of tokens is larger than input and output

  void add(const LogRow& row) {
    ++rows;
    if (row.answered) ++with_status;
    if (row.names_provider) ++with_provider;
    if (row.requests) ++counted;
    if (row.is_bucket) ++buckets;
    if (row.is_cancelled) ++cancelled;
    if (row.total && row.input && row.output && *row.total > *row.input + *row.output) ++larger;
  }
};

std::vector<std::string> notes_on(const LogHoldings& log, const LogFormat& format, const FitRequest& request,
                                  std::uint64_t others, std::uint64_t joined) {
  std::vector<std::string> notes;
  if (!format.lacks.empty()) notes.push_back(fmt::format("{}: the format {}", format.title, format.lacks));
  if (others > 0)
    notes.push_back(fmt::format("{} records of the log are no call of a model; they were passed over", others));
  if (joined > 0) {
    notes.push_back(fmt::format(
        "{} records of the log are calls that another one followed in their request; they are attempts of it",
        with_thousands(static_cast<Int128>(joined))));
  }
  if (log.priced > 0) {
    notes.push_back(
        fmt::format("{} of {} records have no cost: theirs is by {}", log.priced, log.rows, request.price_source));
  }
  if (log.countless > 0) {
    notes.push_back(fmt::format(
        "{} of {} answered records do not have both input and output tokens: they count for the rate, have no lengths "
        "and, without a cost of their own, cost what the others do on average",
        with_thousands(log.countless), with_thousands(log.answers)));
  }
  if (log.cancelled > 0) {
    notes.push_back(fmt::format(
        "{} of {} requests were cancelled by their callers: they count as answered, with the tokens that had "
        "come and their cost",
        with_thousands(log.cancelled), with_thousands(log.rows)));
  }
  if (log.larger > 0) {
    notes.push_back(fmt::format(
        "{} of {} records have more tokens in all than input and output: the log has kinds of tokens that are "
        "not read, and whose cost by a price list is missing",
        with_thousands(log.larger), with_thousands(log.rows)));
  }
  if (log.buckets > 0) {
    notes.emplace_back(
        "the log has sums of many requests: counts, tokens and spend of days are its own; hours, lengths of single "
        "requests, failures and users are not known, and each request is taken for the mean of its sum");
  }
  if (log.buckets > log.counted) {
    notes.push_back(
        fmt::format("the log does not count requests: {} tokens each are ASSUMED; spend does not depend on it",
                    kTokensAssumed.count()));
  }
  if (log.with_status == 0 && log.buckets == 0) {
    notes.emplace_back("the log has no status: every request counts as answered, so that no failures are fitted");
  }
  if (log.with_provider == 0) notes.emplace_back("the log names no providers: each model is a target of its own");
  return notes;
}

class LogFitting {
 public:
  explicit LogFitting(const FitRequest& request) : request_(request), reader_(request.log) {}

  FittedLog done() {
    LogRow row;
    while (reader_.next(row)) {
      if (!billed_.keep(row, reader_.number())) add(row, reader_.number());
    }
    add_billed();
    FittedLog log{.file = request_.log.file, .title = std::string(reader_.format().title), .unit = reader_.unit()};
    log.unrecognised = reader_.unrecognised();
    log.unpriced = std::move(unpriced_);
    log.bad_count = reader_.bad_count() + useless_count_;
    std::ranges::merge(reader_.bad_lines(), useless_, std::back_inserter(log.bad_lines), {}, &BadLine::line,
                       &BadLine::line);
    log.fit = fit();
    if (log.fit.problem) return log;
    doubt(log);
    const unsigned threads = request_.threads;
    log.backtest = sim::backtest(fitter_, threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency()));
    describe(log.fit.scenario, log.fit.doubts, log.backtest);
    if (!log.backtest) {
      log.fit.notes.emplace_back(
          "the log has fewer than 12 whole days or 20 requests a day, or costs more than a million USD: it is not "
          "backtested");
    }
    return log;
  }

 private:
  // What the log itself says against a forecast of it.
  void doubt(FittedLog& log) {
    std::ranges::sort(ids_);
    const auto repeated = ids_.end() - std::unique(ids_.begin(), ids_.end());
    if (repeated > 0) {
      log.fit.doubts.push_back(
          fmt::format("{} of {} records have the id of an earlier one, and each of them counts: a log that was written "
                      "twice has twice the requests and the cost",
                      with_thousands(repeated), with_thousands(static_cast<Int128>(ids_.size()))));
      log.fit.notes.push_back(log.fit.doubts.back());
    }
    if (100 * static_cast<std::int64_t>(log.bad_count) > holdings_.rows) {
      log.fit.doubts.push_back(fmt::format("{} {}s were left out, because they are no records",
                                           with_thousands(static_cast<Int128>(log.bad_count)), log.unit));
    }
  }

  void add_billed() {
    if (!billed_.has_usage()) return;
    for (NumberedRow& usage : billed_.take(request_.price)) add(usage.row, usage.number);
  }

  void add(LogRow& row, std::uint64_t number) {
    const bool has_tokens = row.input || row.output;
    if (!row.is_bucket && !row.id.empty()) ids_.push_back(stable_hash(row.id));
    if (row.is_bucket && has_tokens && requests_of(row) == 0) return;
    if (row.is_bucket && (shares_ += requests_of(row)) > kSharesMost) return;
    if (!row.is_bucket && needs_tokens(row)) {
      ++holdings_.answers;
      if (!has_counts(row)) ++holdings_.countless;
    }
    const bool needs_price = !row.cost;
    if (needs_price && !price(row, number)) return;
    LogHoldings holdings = holdings_;
    holdings.add(row);
    if (needs_price && row.cost) ++holdings.priced;
    if (auto why = add_samples(row, [this](const sim::FitSample& sample) { fitter_.add(sample); })) {
      return note(std::move(*why), number);
    }
    holdings_ = holdings;
  }

  // Whether the row is of use: its cost is set, or is not needed.
  bool price(LogRow& row, std::uint64_t number) {
    if (!row.answered.value_or(true) || row.cache_hit == true) return true;
    if (!has_counts(row)) return true;  // it cannot be priced, and add_samples() decides what it is of use for
    if (!request_.price) {
      note("it has no cost", number);
      return false;
    }
    row.cost = request_.price(row);
    if (!row.cost) ++unpriced_[row.model];
    return row.cost.has_value();
  }

  void note(std::string why, std::uint64_t number) {
    ++useless_count_;
    if (useless_.size() < LogReader::kBadLinesKept) useless_.push_back({number, std::move(why)});
  }

  sim::Fit fit() {
    sim::Fit fit;
    if (shares_ > kSharesMost) {
      fit.problem = fmt::format("the log's sums are of {} requests, and of at most {} they are fitted",
                                with_thousands(shares_), with_thousands(kSharesMost));
      return fit;
    }
    if (billed_.has_amounts() && !billed_.has_usage()) {
      fit.problem = fmt::format(
          "{} has amounts, and neither requests nor tokens, which a fit needs: put the usage report of the same days "
          "into the log too, a report a line (jq -c . usage.json costs.json)",
          reader_.format().title);
      return fit;
    }
    fit = fitter_.fit();
    if (fit.problem) return fit;
    if (billed_.has_amounts()) fit.notes.push_back(billed_note());
    for (std::string& note : notes_on(holdings_, reader_.format(), request_, reader_.others(), reader_.joined())) {
      fit.notes.push_back(std::move(note));
    }
    return fit;
  }

  [[nodiscard]] std::string billed_note() const {
    std::string note =
        "the cost of a day's usage is what the cost report bills for the day and model, divided by the price list";
    constexpr std::size_t kShown = 3;
    Usd unused;
    std::string lines;
    std::size_t shown = 0;
    for (const auto& [line, amount] : billed_.unused()) {
      unused += amount;
      if (++shown > kShown) continue;
      lines += (lines.empty() ? "" : ", ") + (line.empty() ? "a day without usage" : line);
    }
    if (shown == 0) return note;
    return fmt::format("{}; {} USD of it is for no usage of the log and left out ({}{})", note,
                       exact_decimal(unused.picos(), kDollarDecimals), visible_text(lines),
                       shown > kShown ? fmt::format(" and {} more lines", shown - kShown) : "");
  }

  const FitRequest& request_;
  LogReader reader_;
  BilledUsage billed_;
  sim::Fitter fitter_;
  LogHoldings holdings_;
  std::int64_t shares_ = 0;
  std::vector<std::uint64_t> ids_;  // of records, as hashes
  std::map<std::string, std::int64_t> unpriced_;
  std::uint64_t useless_count_ = 0;
  std::vector<BadLine> useless_;
};

}  // namespace

FittedLog read_fit(const FitRequest& request) { return LogFitting{request}.done(); }

FittedLog read_fit(const std::string& file, unsigned threads) {
  return read_fit(FitRequest{.log = {.file = file}, .threads = threads});
}

}  // namespace windtunnel::reports
