#pragma once
// Logs of a gateway that are audited, and what is found in them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "runs/audit/audit_job.h"

namespace windtunnel::runs::audit_test {

// Of a record of telemetry, as it is written.
struct Attempt {
  std::string provider = "a";
  std::string outcome = "ok";
  std::int64_t latency_ms = 1000;
  std::int64_t cost_nanos = 0;  // 10^-9 USD
};

struct Record {
  std::string id;
  std::int64_t end_ms = 0;  // since the start
  std::int64_t latency_ms = 1000;
  std::int64_t ttft_ms = 200;
  std::int64_t input = 100;
  std::int64_t output = 10;
  std::int64_t total = 110;
  std::int64_t cost_nanos = 0;
  bool success = true;
  std::string outcome = "served";
  bool cache_hit = false;
  std::vector<Attempt> attempts;
};

// 1 and 10 USD per million tokens.
constexpr std::int64_t cost_nanos(std::int64_t input, std::int64_t output) { return input * 1000 + output * 10'000; }

inline std::string usd(std::int64_t nanos) { return exact_decimal(nanos, 9); }

inline std::string text_of(const Record& record) {
  const WallTime end = *parse_iso8601("2026-04-01T10:00:00Z") + std::chrono::milliseconds{record.end_ms};
  std::string attempts;
  for (const Attempt& attempt : record.attempts) {
    attempts += fmt::format(R"({}{{"provider":"{}","outcome":"{}","latency_ms":{},"cost_usd":{}}})",
                            attempts.empty() ? "" : ",", attempt.provider, attempt.outcome, attempt.latency_ms,
                            usd(attempt.cost_nanos));
  }
  return fmt::format(
      R"({{"timestamp":"{}","request_id":"{}","provider":{},"model":"m","latency_ms":{},"tokens":{{"input":{},"output":{},"total":{}}},"cost_usd":{},"success":{},"outcome":"{}","cache_hit":{},"ttft_ms":{},"attempts":[{}]}})"
      "\n",
      iso8601(end), record.id, record.attempts.empty() ? "null" : "\"" + record.attempts.back().provider + "\"",
      record.latency_ms, record.input, record.output, record.total, usd(record.cost_nanos), record.success,
      record.outcome, record.cache_hit, record.success && !record.cache_hit ? std::to_string(record.ttft_ms) : "null",
      attempts);
}

inline Record served(int number, std::int64_t end_ms) {
  const std::int64_t cost = cost_nanos(100, 10);
  return {.id = fmt::format("r-{}", number), .end_ms = end_ms, .cost_nanos = cost, .attempts = {{.cost_nanos = cost}}};
}

inline Record failed(int number, std::int64_t end_ms) {
  return {.id = fmt::format("r-{}", number),
          .end_ms = end_ms,
          .input = 0,
          .output = 0,
          .total = 0,
          .success = false,
          .outcome = "failed",
          .attempts = {{.outcome = "server_error"}}};
}

using Log = std::vector<Record>;

// Twelve answers, a hit, a refusal, a failover, and five failures in a row, after which no request calls `a` for 30 s.
inline Log clean_log() {
  Log log;
  int number = 1;
  std::int64_t now = 0;
  for (int i = 0; i < 12; ++i) log.push_back(served(number++, now += 2000));
  log.push_back({.id = fmt::format("r-{}", number++),
                 .end_ms = now += 2000,
                 .latency_ms = 0,
                 .input = 0,
                 .output = 0,
                 .total = 0,
                 .outcome = "cache_hit",
                 .cache_hit = true});
  log.push_back({.id = fmt::format("r-{}", number++),
                 .end_ms = now += 2000,
                 .latency_ms = 0,
                 .input = 0,
                 .output = 0,
                 .total = 0,
                 .success = false,
                 .outcome = "refused_rate"});
  Record over = served(number++, now += 3000);
  over.latency_ms = 2500;
  over.ttft_ms = 1700;
  over.attempts = {{.outcome = "overloaded"}, {.provider = "b", .cost_nanos = over.cost_nanos}};
  log.push_back(over);
  now += 100'000;
  for (int i = 0; i < 5; ++i) log.push_back(failed(number++, now += 2000));
  log.push_back(served(number, now += 40'000));
  return log;
}

inline constexpr const char* kConfig = R"({"version": 1, "start": "2026-04-01T10:00:00Z",
  "monitor": {"cost_limiter": {"monthly_usd": 1, "daily_usd": 0.5}, "provider_call": {"timeout": "5s", "max_attempts": 2}},
  "providers": {"a": {"model": "m", "price_usd_per_million": {"input": 1, "output": 10}},
                "b": {"model": "m", "price_usd_per_million": {"input": 1, "output": 10}}},
  "workload": {"chat": {"executor": "constant-arrival-rate", "rate": 1}},
  "thresholds": {"request_duration": ["p(90)<3s"]}})";

class AuditTest : public testing::Test {
 protected:
  AuditTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "windtunnel-audit-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    write("config.json", kConfig);
  }
  ~AuditTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  [[nodiscard]] AuditDone audited(const std::string& text, const std::string& ledger = "") const {
    write("log.jsonl", text);
    AuditRequest request{.log = {.file = path("log.jsonl")}, .config = path("config.json")};
    if (!ledger.empty()) {
      write("ledger", ledger);
      request.ledger = path("ledger");
    }
    return audit(request);
  }

  [[nodiscard]] AuditDone audited(const Log& log, const std::string& ledger = "") const {
    std::string text;
    for (const Record& record : log) text += text_of(record);
    return audited(text, ledger);
  }

 private:
  std::string folder_;
};

// "records.once 3": the broken claims, each with the record of its first finding.
inline std::vector<std::string> broken(const AuditDone& done) {
  if (done.problem) return {done.problem->text};
  std::vector<std::string> claims;
  for (const AuditClaim& claim : done.claims) {
    if (claim.broken > 0) claims.push_back(fmt::format("{} {}", claim.name, claim.findings.front().record));
  }
  return claims;
}

using Claims = std::vector<std::string>;

}  // namespace windtunnel::runs::audit_test
