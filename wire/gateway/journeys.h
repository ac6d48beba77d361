#pragma once
// The requests of a gateway on their way: each is led by the pipeline, its calls go to the providers, and what its
// caller gets comes out. The driver of monitor::Pipeline for real traffic; sim/world/driver is the one for a virtual
// world, and both perform the same steps.
//
//   begin -> pipeline.begin -> CallProvider -> bytes to the provider
//   bytes of the provider -> a reply -> pipeline.on_reply -> CallProvider | WaitUntil | Finished -> bytes to the caller
//   a deadline -> a reply of kind timeout;  a caller that goes -> the call is reset, pipeline.abandon
//
// A stream passes as it comes, from its first text on. What fails before that may be tried again; what fails after it
// is a broken stream for the pipeline and an error for the caller, because no other answer can take its place.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "monitor/pipeline.h"
#include "sim/world/scenario.h"
#include "wire/gateway/front_reply.h"
#include "wire/gateway/front_request.h"
#include "wire/gateway/gateway_clock.h"
#include "wire/gateway/translation/stream_relay.h"
#include "wire/gateway/upstream_pool.h"
#include "wire/http/http_parser.h"

namespace windtunnel::wire {

// The caller's connection, as its owner numbers it.
enum class CallerId : std::uint64_t {};

class CallerOutput {
 public:
  CallerOutput() = default;
  CallerOutput(const CallerOutput&) = delete;
  CallerOutput& operator=(const CallerOutput&) = delete;
  virtual ~CallerOutput() = default;
  virtual void on_caller_head(CallerId caller, const ResponseHead& head) = 0;
  virtual void on_caller_body(CallerId caller, std::string_view bytes) = 0;
  // False: it breaks off, so that the caller sees that it is not whole.
  virtual void on_caller_end(CallerId caller, bool is_whole) = 0;
};

// One attempt beside its record: what the provider answered.
struct AttemptNote {
  Instant started{};
  Instant ended{};
  monitor::ProviderId provider{};
  monitor::ReplyKind kind = monitor::ReplyKind::ok;
  int status = 0;  // 0: none came
  std::optional<monitor::Usage> usage;
  std::string answer_id;            // that the provider gave; empty: none, or one of ours stands for it
  monitor::RetryAfter retry_after;  // as the provider sent it
};

// A request that has ended.
struct JourneyEnd {
  const monitor::Record& record;
  const FrontRequest& front;
  const std::vector<AttemptNote>& attempts;
  std::string request_id;
  int status = 0;  // that the caller got; 0: it had gone
  bool caller_left = false;
};

struct JourneySettings {
  std::uint64_t seed = 0;
  bool is_trial = false;
  monitor::Observer observer;                         // gets every event of the pipeline
  std::function<void(const JourneyEnd& end)> on_end;  // may be empty
};

class Journeys final : private UpstreamEvents {
 public:
  // All must outlive it.
  Journeys(const sim::Scenario& scenario, const std::vector<Upstream>& upstreams, GatewayClock& clock, SocketLoop& loop,
           CallerOutput& output, JourneySettings settings);

  // Goes on where `former`, which begins nothing more, stands: with its budget and what else means the same under both
  // settings. What is open there ends under the settings that it began with, on the same budget, breakers and limits.
  // This must outlive `former`'s last event.
  void succeed(Journeys& former);

  void begin(CallerId caller, FrontRequest front);
  // The caller of an open request has gone.
  void leave(CallerId caller);
  // Everything that is due before now, and with `at_alarm` what is due now: until then an answer may still come at this
  // very instant.
  void advance(bool at_alarm);
  // The next instant at which something is due; nothing: only bytes can bring that.
  [[nodiscard]] std::optional<Instant> next_due() const;
  // Makes the calls that were decided since the last time, and what follows of those that cannot be made. What must be
  // stored before a call is made is stored between the decision and this. False: there was none.
  bool make_calls();
  // Ends all that is open, as if its callers had gone.
  void stop();
  // The names of providers may have other addresses by now.
  void resolve() { pool_.resolve(); }

  [[nodiscard]] std::size_t open() const { return open_; }
  [[nodiscard]] const monitor::Pipeline& pipeline() const { return pipeline_; }
  [[nodiscard]] monitor::Pipeline& pipeline() { return pipeline_; }
  [[nodiscard]] Instant now();

 private:
  // While it lasts, what `journeys` has in common with its successor is here, and not there.
  class Loan {
   public:
    explicit Loan(Journeys& journeys) : journeys_(journeys) { journeys_.borrow(); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { journeys_.give_back(); }

   private:
    Journeys& journeys_;
  };
  // The outstanding call.
  struct OpenCall {
    std::optional<ConnectionId> connection;  // nothing: it is not made yet
    Api api = Api::chat;
    std::size_t provider = 0;
    Instant started{};
    Instant deadline{};
    ResponseReader response;
    std::string body;   // of a whole answer, or of an error
    StreamRelay relay;  // of a stream
    bool is_stream = false;
    std::string held;  // what the caller gets of a stream, before its first text
    std::optional<Duration> first_text;
  };
  struct Journey {
    monitor::Flow flow;
    FrontRequest front;
    CallerId caller{};
    bool has_caller = true;
    bool is_open = false;
    bool head_sent = false;
    bool text_sent = false;  // of a stream: no other answer can take its place
    std::uint32_t generation = 0;
    std::string request_id;
    std::optional<OpenCall> call;
    std::optional<NeutralAnswer> answer;  // of the reply that served
    std::optional<std::string> tail;      // of a stream that served: what its caller has not got yet
    LastReply last;
    Api last_api = Api::chat;
    std::vector<AttemptNote> attempts;
  };
  struct Timer {
    Instant at{};
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    bool operator>(const Timer& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };
  static constexpr std::uint32_t kBreakerSlot = UINT32_MAX;

  void on_upstream_bytes(CallSlot call, std::string_view bytes) override;
  void on_upstream_left(CallSlot call) override;

  void borrow() {
    if (successor_ != nullptr) [[unlikely]]
      borrow_from_successor();
  }
  void give_back() {
    if (successor_ != nullptr) [[unlikely]]
      give_back_to_successor();
  }
  void borrow_from_successor();
  void give_back_to_successor();
  void exchange_with_successor();

  void perform(std::uint32_t slot, monitor::Step step);
  std::optional<monitor::Reply> start_call(std::uint32_t slot, const monitor::CallProvider& step);
  [[nodiscard]] std::string call_text(const Journey& journey, const Upstream& upstream, Api api, Tokens output) const;
  void take_stream(std::uint32_t slot, std::string_view piece);
  void end_call(std::uint32_t slot, monitor::Reply reply, bool keep);
  [[nodiscard]] monitor::Reply whole_reply(Journey& journey, OpenCall& call) const;
  [[nodiscard]] monitor::Reply stream_reply(Journey& journey, OpenCall& call) const;
  [[nodiscard]] monitor::Reply failed_reply(Journey& journey, OpenCall& call, monitor::ReplyKind kind) const;
  void time_out(std::uint32_t slot);
  void conclude(std::uint32_t slot);
  void answer(Journey& journey);
  void answer_stream(Journey& journey, const NeutralAnswer& answer);
  void answer_error(Journey& journey);
  void send_head(Journey& journey, int status, std::string_view type, std::optional<std::size_t> length,
                 std::vector<HttpHeader> headers);
  void watch_breaker(monitor::ProviderId provider);
  void expect(std::uint32_t slot, Instant at);
  [[nodiscard]] Duration wait_of_callers();
  [[nodiscard]] std::uint32_t take_slot();

  const sim::Scenario& scenario_;
  const std::vector<Upstream>& upstreams_;
  GatewayClock& clock_;
  CallerOutput& output_;
  JourneySettings settings_;
  monitor::Pipeline pipeline_;
  UpstreamPool pool_;
  std::vector<std::unique_ptr<Journey>> journeys_;
  std::vector<std::uint32_t> free_;
  struct Decided {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    std::string text;
  };
  std::vector<Decided> decided_;  // calls that are not made yet
  std::map<CallerId, std::uint32_t> by_caller_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<std::optional<NeutralAnswer>> cached_;  // by slot of the pipeline's cache
  std::vector<std::optional<Instant>> wakeups_;       // of breakers, that a timer is for
  std::uint64_t timer_order_ = 0;
  std::uint64_t requests_ = 0;
  std::size_t open_ = 0;
  Instant latest_{};
  Journeys* successor_ = nullptr;  // nullptr: it begins requests itself
  monitor::PipelineBond bond_;     // with the successor's pipeline
};

}  // namespace windtunnel::wire
