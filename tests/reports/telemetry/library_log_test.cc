// A run keeps the texts of its records, the real-time monitor makes them for each. Both write the same line for the
// same record.

#include <gtest/gtest.h>

#include "base/uuid.h"
#include "monitor/text/record_text.h"
#include "reports/telemetry/telemetry.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::library_log_test {
namespace {

using monitor::Outcome;
using monitor::Record;
using monitor::ReplyKind;

constexpr std::uint64_t kSeed = 42;
// Quotes, control characters, bytes that are not UTF-8, overlong forms, a surrogate, and what is beyond U+10FFFF.
const std::string kOdd =
    "v\"\\\n\x01 \xff\xc3 \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82\xac "
    "\xf0\x9f\x9f\xa2/";

sim::Scenario odd_world() {
  sim::Scenario scenario = small_world();
  scenario.providers[0].name = "open\tai";
  scenario.workloads[0].feature_version = kOdd;
  scenario.workloads[0].users.count = 100;
  scenario.monitor.ab_router = {"provider_comparison", {{"variant_a", monitor::ProviderId{0}, 1}}};
  return scenario;
}

std::string line_of_a_run(const sim::Scenario& scenario, const Record& record) {
  const ScratchFolder folder;
  OutputFile file{folder.file("telemetry.jsonl")};
  TelemetryWriter writer{scenario, kSeed, file};
  writer.on(record);
  file.finish();
  return text_in(folder.file("telemetry.jsonl"));
}

std::string line_of_a_monitor(const sim::Scenario& scenario, const Record& record) {
  std::vector<monitor::ProviderConfig> providers;
  for (const sim::ProviderSpec& spec : scenario.providers) providers.push_back({spec.name, spec.model, spec.tariffs});
  const Uuid id = request_uuid(kSeed, record.request.id);
  monitor::RecordTexts texts{.timestamp = scenario.start + record.finished.time_since_epoch(),
                             .request_id = id.view(),
                             .providers = providers};
  if (record.request.labels != monitor::LabelsId{}) {
    texts.feature_version = scenario.workloads[0].feature_version;
    texts.prompt_version = scenario.workloads[0].prompt_version;
  }
  if (record.variant) {
    texts.experiment_id = "provider_comparison";
    texts.variant_id = "variant_a";
  }
  if (record.request.user_id != monitor::UserId{}) texts.user = "user-5";
  return monitor::record_line(record, texts);
}

// One with every field, spoilt in `choice` different ways.
Record record_of(std::size_t choice) {
  Record record;
  record.request.id = RequestId{17 + choice};
  record.request.prompt_length = static_cast<std::uint32_t>(choice * 997);
  if (choice % 2 == 0) record.request.labels = monitor::LabelsId{1};
  if (choice % 4 == 0) record.request.user_id = monitor::UserId{5};
  if (choice % 3 == 0) record.variant = std::uint16_t{0};
  record.arrived = Instant{1s};
  record.finished = Instant{2'234'560'001ns + choice * 999'999'999ns};
  record.outcome = static_cast<Outcome>(choice % monitor::kOutcomes);
  record.breaker = static_cast<monitor::BreakerState>(choice % 3);
  record.response_length = static_cast<std::uint32_t>(choice);
  record.time_to_first_token = 300'500us;
  if (record.outcome == Outcome::served) {
    record.input = Tokens{150};
    record.output = Tokens{12'345};
  }
  record.attempt_count = static_cast<std::uint8_t>(choice % 4);
  for (std::size_t i = 0; i < record.attempt_count; ++i) {
    monitor::Attempt& attempt = record.attempt_storage[i];
    attempt.provider = monitor::ProviderId{static_cast<std::uint8_t>(i % 2)};
    attempt.kind = static_cast<ReplyKind>((choice + i) % monitor::kReplyKinds);
    attempt.latency = (i + 1) * 100'000'001ns;
    attempt.usage_known = i != 1;
    attempt.cost = Usd::from_picos(static_cast<std::int64_t>(choice * 1'234'567'891 + i));
  }
  return record;
}

TEST(LibraryLog, writes_the_line_that_a_run_writes) {
  const sim::Scenario scenario = odd_world();
  for (std::size_t choice = 0; choice < 120; ++choice) {
    const Record record = record_of(choice);
    ASSERT_EQ(line_of_a_monitor(scenario, record), line_of_a_run(scenario, record)) << choice;
  }
}

}  // namespace
}  // namespace windtunnel::reports::library_log_test
