// The kinds of tokens in what a gateway leaves: its store and its spans.

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "wire/gateway/storage/gateway_store.h"
#include "wire/gateway/telemetry/otlp_spans.h"

namespace windtunnel::wire::token_kinds_kept_test {
namespace {

using namespace std::chrono_literals;

constexpr TokenKinds kKinds{.cached_input = Tokens{60}, .cache_write = Tokens{20}, .reasoning = Tokens{7}};

// Deletes its file at the end.
class StoreFile {
 public:
  explicit StoreFile(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / ("windtunnel-" + name + ".db")).string()) {
    remove();
  }
  StoreFile(const StoreFile&) = delete;
  StoreFile& operator=(const StoreFile&) = delete;
  ~StoreFile() { remove(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void remove() const {
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + ending);
  }
  std::string path_;
};

void store_call(GatewayStore& store, RequestId request, const TokenKinds& kinds) {
  store.on(monitor::MoneyReserved{.request = request});
  store.on(monitor::AttemptStarted{.at = Instant{1s}, .request = request});
  monitor::AttemptEnded ended{.at = Instant{3s}, .request = request, .latency = 2s};
  ended.reply.usage = monitor::Usage{.input = Tokens{100}, .output = Tokens{10}, .kinds = kinds};
  store.on(ended);
}

TEST(GatewayStore, keeps_the_kinds_of_tokens_of_the_attempts_that_have_some) {
  const StoreFile file{"kinds"};
  GatewayStore store{file.path(), {"openai"}, 7, 24h};
  store.open(WallTime{});
  store_call(store, RequestId{1}, {});
  store_call(store, RequestId{2}, kKinds);
  store.commit();
  Database database{file.path()};
  Database::Statement rows{database,
                           "SELECT cached_input, cache_write, reasoning, input_tokens, started_ns = attempts_started "
                           "FROM token_kinds JOIN (SELECT request_id, ordinal, input_tokens, started_ns AS "
                           "attempts_started FROM attempts) USING (request_id, ordinal)"};
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.integer(0), 60);
  EXPECT_EQ(rows.integer(1), 20);
  EXPECT_EQ(rows.integer(2), 7);
  EXPECT_EQ(rows.integer(3), 100);
  EXPECT_EQ(rows.integer(4), 1);
  EXPECT_FALSE(rows.step()) << "plain tokens have no row";
}

TEST(GatewayStore, forgets_kinds_with_their_attempt) {
  const StoreFile file{"old-kinds"};
  GatewayStore store{file.path(), {"openai"}, 7, 24h};
  store.open(WallTime{});
  store_call(store, RequestId{2}, kKinds);
  const auto rows_at = [&](Duration now) {
    store.forget(WallTime{now});
    Database database{file.path()};
    Database::Statement rows{database, "SELECT count(*) FROM token_kinds"};
    EXPECT_TRUE(rows.step());
    return rows.integer(0);
  };
  EXPECT_EQ(rows_at(24h + 1s), 1);
  EXPECT_EQ(rows_at(24h + 1s + 1ns), 0);
}

// The numbers among the attributes of a request's span and of its attempt's.
std::vector<std::map<std::string, std::int64_t>> attributes_of(const TokenKinds& kinds) {
  sim::Scenario scenario;
  scenario.providers.resize(1);
  scenario.providers[0].name = "anthropic";
  scenario.providers[0].model = "claude";
  monitor::Record record;
  record.answered_by = monitor::ProviderId{0};
  record.input = Tokens{100};
  record.output = Tokens{10};
  record.kinds = kinds;
  FrontRequest front;
  const std::vector<AttemptNote> attempts{
      {.usage = monitor::Usage{.input = Tokens{100}, .output = Tokens{10}, .kinds = kinds}}};
  const JourneyEnd end{.record = record, .front = front, .attempts = attempts, .request_id = "a-b"};
  std::vector<std::map<std::string, std::int64_t>> all;
  for (const OtlpSpan& span : spans_of(end, {.scenario = scenario})) {
    auto& values = all.emplace_back();
    for (const OtlpAttribute& each : span.attributes) {
      if (const auto* const number = std::get_if<std::int64_t>(&each.value)) values[each.key] = *number;
    }
  }
  return all;
}

TEST(Spans, have_the_kinds_of_tokens_by_the_names_of_the_conventions) {
  const auto spans = attributes_of(kKinds);
  ASSERT_EQ(spans.size(), 2U);
  for (auto span : spans) {
    EXPECT_EQ(span["gen_ai.usage.input_tokens"], 100);
    EXPECT_EQ(span["gen_ai.usage.cache_read.input_tokens"], 60);
    EXPECT_EQ(span["gen_ai.usage.cache_creation.input_tokens"], 20);
    EXPECT_EQ(span["gen_ai.usage.reasoning.output_tokens"], 7);
  }
}

TEST(Spans, have_no_attribute_of_a_kind_without_tokens) {
  for (const auto& span : attributes_of({.cached_input = Tokens{60}})) {
    EXPECT_TRUE(span.contains("gen_ai.usage.cache_read.input_tokens"));
    EXPECT_FALSE(span.contains("gen_ai.usage.cache_creation.input_tokens"));
    EXPECT_FALSE(span.contains("gen_ai.usage.reasoning.output_tokens"));
  }
}

}  // namespace
}  // namespace windtunnel::wire::token_kinds_kept_test
