#include "wire/trial/provider_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/world_fixture.h"
#include "wire/trial/admin.h"
#include "wire/trial/request_tag.h"

namespace windtunnel::wire::provider_host_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;
using sim::Scenario;

// Keeps what a host puts out.
class KeptOutput final : public HostOutput {
 public:
  struct Part {
    Instant at{};
    std::string bytes;
  };
  std::map<PeerId, std::vector<Part>> parts;
  std::map<PeerId, ResponseHead> heads;
  std::vector<CallLine> lines;
  Instant now{};

  void on_head(PeerId peer, const ResponseHead& head) override { heads[peer] = head; }
  void on_body(PeerId peer, std::string_view bytes) override { parts[peer].push_back({now, std::string(bytes)}); }
  void on_end(PeerId /*peer*/, CallEnd /*end*/) override {}
  void on_line(const CallLine& line) override { lines.push_back(line); }
};

// A host and the time, which passes event by event.
struct Hosted {
  KeptOutput kept;
  ProviderHost host;

  explicit Hosted(const Scenario& scenario, std::uint64_t seed = 1) : host(scenario, seed, kept) {}
  void pass(Instant until) {
    for (auto at = host.next_at(); at && *at <= until; at = host.next_at()) {
      kept.now = *at;
      host.advance(*at);
    }
    kept.now = until;
    host.advance(until);
  }
  CallId call(Instant at, std::uint64_t peer, const std::string& text, bool stream = false) {
    pass(at);
    return host.begin(at, {.provider = 0,
                           .peer = PeerId{peer},
                           .request = {.api = Api::chat, .model = "m", .stream = stream, .last_text = text}});
  }
  [[nodiscard]] const CallLine& line(std::uint64_t call) const {
    return *std::ranges::find(kept.lines, call, &CallLine::call);
  }
};

// 100 ms to the first token, 1 ms for each of 100.
sim::ProviderSpec quick() {
  sim::ProviderSpec spec = sim::provider("alpha", sim::Law::fixed(100e6));
  spec.time_per_output_token = sim::Law::fixed(1e6);
  return spec;
}

Scenario eventful() {
  sim::ProviderSpec spec = sim::provider("alpha", sim::Law::lognormal_p50_p95(200e6, 900e6));
  spec.time_per_output_token = sim::Law::lognormal_p50_p95(2e6, 5e6);
  spec.errors.rates = {{ReplyKind::server_error, 0.1},
                       {ReplyKind::overloaded, 0.05},
                       {ReplyKind::rate_limited, 0.05},
                       {ReplyKind::client_error, 0.05}};
  spec.concurrency = 12;
  spec.queue = 6;
  sim::WorkloadSpec load = sim::workload("chat", sim::per_second(20), sim::Arrival::poisson);
  load.output.law = sim::Law::lognormal_p50_p95(80, 400);
  Scenario scenario = sim::world(120s, load, spec);
  scenario.monitor.provider_call.timeout = 20s;
  sim::FaultSpec cuts = sim::fault("cuts", sim::Truncated{.bill_fraction = 0.4}, 10s, 30s);
  cuts.fraction = 0.5;
  sim::FaultSpec garbage = sim::fault("garbage", sim::Malformed{}, 20s, 30s);
  garbage.fraction = 0.3;
  sim::FaultSpec hangs = sim::fault("hangs", sim::Outage{.mode = sim::OutageMode::hang}, 70s, 10s);
  hangs.fraction = 0.2;
  sim::FaultSpec stalls = sim::fault("stalls", sim::StreamStall{.bill_fraction = 0.3}, 60s, 8s);
  stalls.fraction = 0.2;
  sim::FaultSpec errors = sim::fault("errors", sim::StreamError{}, 50s, 5s);
  scenario.faults = {stalls,
                     errors,
                     sim::fault("ends", sim::EarlyEnd{}, 56s, 2s),
                     cuts,
                     garbage,
                     hangs,
                     sim::fault("slow", sim::LatencySpike{.factor = 3}, 40s, 20s),
                     sim::fault("down", sim::Outage{}, 90s, 5s)};
  return scenario;
}

// A pipeline that has every stage off makes one call for each request, so long as no reply states a Retry-After.
// The proof that a call on the wire meets what the simulator makes for it: the same kinds, instants and bills, whole
// and streamed.
void expect_the_simulation(const Scenario& scenario) {
  const sim::KeptRun run{scenario};
  ASSERT_GT(run.records.size(), 2000U);
  for (const bool stream : {false, true}) {
    Hosted hosted{scenario};
    std::map<Instant, CallId> hanging;  // by the instant at which its caller leaves
    const auto leave_until = [&](Instant until) {
      for (; !hanging.empty() && hanging.begin()->first <= until; hanging.erase(hanging.begin())) {
        hosted.pass(hanging.begin()->first);
        hosted.host.leave(hanging.begin()->first, hanging.begin()->second);
      }
    };
    for (const monitor::Record& record : run.records) {
      const std::uint64_t ordinal = number_of(record.request.id);
      leave_until(record.arrived);
      const CallId call =
          hosted.call(record.arrived, ordinal, text_of(RequestTag{.workload = {}, .ordinal = ordinal}), stream);
      hanging.emplace(record.arrived + 20s, call);
    }
    leave_until(Instant{} + 1h);
    ASSERT_EQ(hosted.kept.lines.size(), run.records.size());
    std::map<RequestId, Usd> bills;
    for (const sim::LedgerEntry& entry : run.ledger) bills[entry.request] = entry.billed;
    std::map<ReplyKind, int> kinds;
    for (const monitor::Record& record : run.records) {
      const CallLine& line = hosted.line(number_of(record.request.id));
      ASSERT_EQ(record.attempt_count, 1);
      ASSERT_EQ(line.kind, record.attempts()[0].kind) << line.call;
      ASSERT_EQ(line.ended - line.arrived, record.attempts()[0].latency) << line.call;
      ASSERT_EQ(line.cost, bills[record.request.id]) << line.call;
      ASSERT_EQ(line.name.ordinal, line.call);
      ++kinds[line.kind];
    }
    EXPECT_EQ(kinds.size(), 9U) << "every kind but auth_or_quota occurs";
  }
}

TEST(ProviderHost, gives_each_call_the_reply_the_instant_and_the_bill_of_the_simulation) {
  expect_the_simulation(eventful());
}

TEST(ProviderHost, sends_calls_away_that_have_waited_for_too_long_as_the_simulation_does) {
  Scenario scenario = eventful();
  scenario.providers[0].queue = 60;
  scenario.providers[0].queue_timeout = 150ms;
  expect_the_simulation(scenario);
}

TEST(ProviderHost, streams_each_token_at_its_instant) {
  const Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), quick());
  Hosted hosted{scenario};
  hosted.call(Instant{} + 1s, 5, "hello", true);
  hosted.pass(Instant{} + 10s);
  const auto& parts = hosted.kept.parts[PeerId{5}];
  ASSERT_EQ(parts.size(), 102U);  // what comes before the tokens, each token, and the end
  EXPECT_FALSE(hosted.kept.heads[PeerId{5}].length);
  EXPECT_EQ(parts[0].at, Instant{} + 1s + 100ms);
  for (std::size_t i = 1; i <= 100; ++i) {
    EXPECT_EQ(parts[i].at, Instant{} + 1s + 100ms + Duration{1ms} * static_cast<int>(i - 1));
  }
  EXPECT_EQ(parts[101].at, Instant{} + 1s + 200ms);
}

// A host that is asked late writes all that is due, in order, and loses nothing.
TEST(ProviderHost, catches_up_after_a_pause) {
  const Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), quick());
  Hosted prompt{scenario};
  Hosted late{scenario};
  const auto text_after = [](Hosted& hosted, bool at_once) {
    hosted.call(Instant{} + 1s, 5, "hello", true);
    if (at_once) hosted.host.advance(Instant{} + 10s);
    hosted.pass(Instant{} + 10s);
    std::string text;
    for (const auto& part : hosted.kept.parts[PeerId{5}]) text += part.bytes;
    return text;
  };
  EXPECT_EQ(text_after(prompt, false), text_after(late, true));
}

TEST(ProviderHost, bills_a_caller_that_leaves_for_what_was_made_if_the_provider_stops) {
  for (const auto on_disconnect : {sim::Disconnect::stop, sim::Disconnect::go_on}) {
    sim::ProviderSpec spec = quick();
    spec.on_disconnect = on_disconnect;
    const Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), spec);
    Hosted hosted{scenario};
    const CallId call = hosted.call(Instant{} + 1s, 5, "[wt 3]", true);
    hosted.pass(Instant{} + 1s + 150ms);
    hosted.host.leave(Instant{} + 1s + 150ms, call);
    const CallLine& line = hosted.line(0);
    EXPECT_EQ(line.end, CallEnd::left);
    EXPECT_EQ(line.billed.output, on_disconnect == sim::Disconnect::stop ? Tokens{50} : Tokens{100});
    EXPECT_EQ(line.tokens_sent, 51);
    hosted.host.leave(Instant{} + 2s, call);
    EXPECT_EQ(hosted.kept.lines.size(), 1U) << "a call ends once";
  }
}

TEST(ProviderHost, counts_the_attempts_of_a_tag_and_numbers_calls_without_one) {
  const Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), quick());
  Hosted hosted{scenario};
  for (const char* text : {"[wt 9]", "[wt chat 9]", "none", "[wt other 9]", "[wt x] [wt 4]", "[wt"}) {
    hosted.call(Instant{} + 1s, 1, text);
  }
  hosted.pass(Instant{} + 9s);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> names;
  for (const CallLine& line : hosted.kept.lines) names.emplace_back(line.name.ordinal, line.name.attempt);
  EXPECT_EQ(names,
            (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{9, 0}, {9, 1}, {0, 0}, {1, 0}, {4, 0}, {2, 0}}));
}

TEST(ProviderHost, begins_a_list_again_after_its_last_request) {
  sim::WorkloadSpec load = sim::workload("chat", sim::Rate{});
  load.executor = sim::Script{};
  load.requests = {{.output = Tokens{3}}, {.output = Tokens{5}}};
  const Scenario scenario = sim::world(60s, load, quick());
  Hosted hosted{scenario};
  for (int i = 0; i < 3; ++i) hosted.call(Instant{} + 1s * (i + 1), 1, "");
  hosted.pass(Instant{} + 9s);
  EXPECT_EQ(hosted.line(0).billed.output, Tokens{3});
  EXPECT_EQ(hosted.line(1).billed.output, Tokens{5});
  EXPECT_EQ(hosted.line(2).billed.output, Tokens{3});
}

TEST(ProviderHost, writes_a_line_for_every_call_when_it_is_stopped) {
  sim::ProviderSpec spec = quick();
  spec.concurrency = 1;
  spec.queue = 5;
  const Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), spec);
  Hosted hosted{scenario};
  for (std::uint64_t i = 0; i < 3; ++i) hosted.call(Instant{} + 1s, i, "");
  hosted.host.stop(Instant{} + 1s + 50ms);
  ASSERT_EQ(hosted.kept.lines.size(), 3U);
  for (const CallLine& line : hosted.kept.lines) EXPECT_EQ(line.end, CallEnd::open);
}

TEST(ProviderHost, keeps_a_place_for_work_whose_waiting_caller_has_gone) {
  sim::ProviderSpec spec = quick();
  spec.concurrency = 1;
  spec.queue = 5;
  const Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), spec);
  Hosted hosted{scenario};
  hosted.call(Instant{} + 1s, 0, "");
  const CallId second = hosted.call(Instant{} + 1s, 1, "");
  hosted.call(Instant{} + 1s, 2, "");
  hosted.pass(Instant{} + 1s + 50ms);
  hosted.host.leave(Instant{} + 1s + 50ms, second);
  hosted.pass(Instant{} + 9s);
  EXPECT_EQ(hosted.line(1).billed.output, Tokens{100});
  EXPECT_EQ(hosted.line(2).ended, Instant{} + 1s + 600ms) << "after the first call and the work of the second";
}

TEST(FaultSwitch, acts_until_it_is_switched_again_whatever_the_timeline_holds) {
  Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)), quick());
  scenario.faults = {sim::fault("down", sim::Outage{}, 10s, 10s), sim::fault("jump", sim::WallClockStep{}, 10s)};
  Hosted hosted{scenario};
  const auto kind_at = [&](Duration at) {
    hosted.call(Instant{} + at, 0, "");
    hosted.pass(Instant{} + at + 900ms);
    return hosted.kept.lines.back().kind;
  };
  EXPECT_EQ(kind_at(11s), ReplyKind::connection_error);
  EXPECT_TRUE(hosted.host.set_fault(Instant{} + 12s, 0, false));
  EXPECT_EQ(kind_at(13s), ReplyKind::ok);
  EXPECT_TRUE(hosted.host.set_fault(Instant{} + 14s, 0, true));
  EXPECT_EQ(kind_at(25s), ReplyKind::connection_error) << "its own end is not obeyed";
  EXPECT_TRUE(hosted.host.set_fault(Instant{} + 26s, 0, false));
  EXPECT_EQ(kind_at(27s), ReplyKind::ok);
  EXPECT_FALSE(hosted.host.set_fault(Instant{} + 28s, 1, true)) << "a jump of the clock cannot be switched";
  EXPECT_EQ(fault_switch(hosted.host, R"({"id":"down","on":true})").fault, 0U);
  EXPECT_FALSE(fault_switch(hosted.host, R"({"id":"up","on":true})").problem.empty());
}

TEST(RequestTag, is_read_as_it_is_written) {
  for (const RequestTag& tag : {RequestTag{"", 0}, RequestTag{"chat", 17}, RequestTag{"a b", UINT64_MAX}}) {
    EXPECT_EQ(tag_in("x " + text_of(tag) + " y"), tag);
  }
  EXPECT_EQ(tag_in("[wt -1] [wt 1x] [wt ]"), std::nullopt);
}

}  // namespace
}  // namespace windtunnel::wire::provider_host_test
