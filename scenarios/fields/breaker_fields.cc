// The settings of a circuit breaker: one list of them for scenario files and for the breaker protocol.

#include <algorithm>
#include <type_traits>
#include <utility>

#include "monitor/breaker/breaker_presets.h"
#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::BreakerCompare;
using monitor::BreakerConfig;

// Where an object of each table keeps them.
template <class T>
auto& breaker_of(T& object) {
  if constexpr (std::is_same_v<std::remove_const_t<T>, Scenario>) {
    return object.monitor.circuit_breaker;
  } else if constexpr (std::is_same_v<std::remove_const_t<T>, monitor::NamedBreaker>) {
    return object.config;
  } else {
    return object;
  }
}

template <class T>
struct BreakerField {
  template <class V>
  Field<T> operator()(std::string name, V BreakerConfig::*member, Kind<V> kind, std::string doc) const {
    return field<T>(
        std::move(name), [member](auto& object) -> auto& { return breaker_of(object).*member; }, std::move(kind),
        std::move(doc));
  }
};

Kind<std::string> preset_kind() {
  std::vector<std::string> words;
  for (const auto& preset : monitor::breaker_presets()) words.emplace_back(preset.name);
  return {[words](Reading& reading, const JsonValue& json, std::string& value) {
            const std::size_t i = read_word(reading, json, words);
            if (i < words.size()) value = words[i];
            return i < words.size();
          },
          [](const Writing&, const std::string& value) { return JsonValue::of_string(value); },
          [](const std::string& a, const std::string& b) { return a == b; }, [words] { return word_schema(words); }};
}

template <class T>
Field<T> preset_field(std::string T::*name) {
  Field<T> preset = field<T>("preset", name, preset_kind(), "The settings to start from.");
  preset.is_early = true;
  preset.read = [read = preset.read, name](Reading& reading, const JsonValue& json, T& object) {
    if (!read(reading, json, object)) return false;
    breaker_of(object) = *monitor::breaker_preset(object.*name);
    return true;
  };
  return preset;
}

Field<Scenario> held_to_field() {
  return field<Scenario>("held_to", &Scenario::breaker_held_to, optional(preset_kind()),
                         "The preset whose claims the checks hold this breaker to; null: these settings.")
      .such_as("\"polly\"");
}

template <class T>
std::vector<Field<T>> breaker_fields() {
  using B = BreakerConfig;
  const Words<BreakerCompare> compare{{"gt", BreakerCompare::gt}, {"ge", BreakerCompare::ge}};
  const Kind<std::int64_t> count = integer({0, monitor::kBreakerCountMax});
  const Kind<std::int64_t> some = integer({1, monitor::kBreakerCountMax});
  const BreakerField<T> breaker_field;
  return {
      breaker_field("consecutive_threshold", &B::consecutive_threshold, optional(some),
                    "Opens at this many failures in a row; null turns the rule off.")
          .in("failures"),
      breaker_field("consecutive_scope", &B::consecutive_scope,
                    word<monitor::ConsecutiveScope>({{"unbounded", monitor::ConsecutiveScope::unbounded},
                                                     {"window", monitor::ConsecutiveScope::window}}),
                    "window: of a run of failures only those that are still in the window count."),
      breaker_field("failure_rate_threshold", &B::failure_rate_threshold, optional(share()),
                    "Opens when failures exceed this fraction of the outcomes in the window; null turns the rule off.")
          .in("share of the outcomes"),
      breaker_field("failure_rate_compare", &B::failure_rate_compare, word(compare),
                    "gt: above the fraction; ge: at it."),
      breaker_field("rate_rounding", &B::rate_rounding,
                    word<monitor::RateRounding>(
                        {{"none", monitor::RateRounding::none}, {"percent_int", monitor::RateRounding::percent_int}}),
                    "percent_int: each rate is rounded to whole percent, half up, before it is compared."),
      breaker_field("failure_count_threshold", &B::failure_count_threshold, optional(some),
                    "Opens at this many failures in the window; null turns the rule off.")
          .in("failures")
          .such_as("20"),
      breaker_field("allowed_fails", &B::allowed_fails, optional(count),
                    "Opens at a failure beyond this many, each of which came within `open` of the one before; "
                    "successes between them change nothing. null turns the rule off.")
          .in("failures")
          .such_as("3"),
      breaker_field("slow_call_duration", &B::slow_call_duration, duration({0s, monitor::kBreakerDurationMax}),
                    "A call that takes longer than this is slow, whether it succeeds or fails; slow_call_rate says how "
                    "many may be."),
      breaker_field("slow_call_ms", &B::slow_call_duration, milliseconds({0s, monitor::kBreakerDurationMax}),
                    "The same in milliseconds.")
          .another_spelling_of("slow_call_duration"),
      breaker_field(
          "slow_call_rate", &B::slow_call_rate, optional(share()),
          "Opens when slow calls exceed this fraction of the outcomes in the window (failure_rate_compare ge: "
          "reach it), and lets HALF_OPEN reopen instead of close when those of its probes do; null turns the "
          "rule off.")
          .in("share of the outcomes")
          .such_as("0.8"),
      breaker_field("minimum_calls", &B::minimum_calls, count,
                    "Below this many outcomes the failure rate and the rate of slow calls are not judged.")
          .in("outcomes"),
      breaker_field(
          "volume", &B::volume,
          word<monitor::Volume>({{"outcomes", monitor::Volume::outcomes}, {"attempts", monitor::Volume::attempts}}),
          "What minimum_calls and the failure rate count: the outcomes in the window, or the calls that "
          "asked for admission in it, admitted or not (window_type time with window_buckets)."),
      breaker_field("window_type", &B::window_type,
                    optional(word<monitor::WindowType>({{"count", monitor::WindowType::count},
                                                        {"time", monitor::WindowType::time},
                                                        {"fixed", monitor::WindowType::fixed},
                                                        {"lifetime", monitor::WindowType::lifetime}})),
                    "count: the last window_size outcomes; time: those of the last `window`; fixed: tumbling windows; "
                    "lifetime: all since the last close; null: none."),
      breaker_field("window_size", &B::window_size, integer({0, monitor::kBreakerWindowSizeMax}),
                    "Outcomes in a count window.")
          .in("outcomes"),
      breaker_field("window", &B::window, duration({0s, monitor::kBreakerDurationMax}),
                    "Length of a time or fixed window."),
      breaker_field("window_ms", &B::window, milliseconds({0s, monitor::kBreakerDurationMax}),
                    "The same in milliseconds.")
          .another_spelling_of("window"),
      breaker_field("window_buckets", &B::window_buckets, integer({0, monitor::kBreakerWindowSizeMax}),
                    "Equal buckets of a time window; 0 is exact.")
          .in("buckets"),
      breaker_field("window_origin", &B::window_origin,
                    word<monitor::WindowOrigin>({{"epoch", monitor::WindowOrigin::epoch},
                                                 {"closed_start", monitor::WindowOrigin::closed_start},
                                                 {"rotate_one", monitor::WindowOrigin::rotate_one},
                                                 {"stamped_ring", monitor::WindowOrigin::stamped_ring}}),
                    "Where bucket edges lie: at multiples since the start of the run, or since the last close. "
                    "rotate_one: an outcome after a bucket's time begins the next one, and only the oldest leaves, "
                    "however long the pause was; stamped_ring: buckets have stamps, which run a window ahead after a "
                    "pause of more than a window."),
      breaker_field(
          "bucket_of", &B::bucket_of,
          word<monitor::BucketOf>({{"result", monitor::BucketOf::result}, {"start", monitor::BucketOf::start}}),
          "The instant that chooses an outcome's bucket."),
      breaker_field(
          "evaluate_on", &B::evaluate_on,
          word<monitor::EvaluateOn>({{"failure", monitor::EvaluateOn::failure}, {"any", monitor::EvaluateOn::any}}),
          "Whether a success can open the breaker too."),
      breaker_field("open", &B::open, duration({0s, monitor::kBreakerDurationMax}),
                    "How long it stays open before it lets a probe through."),
      breaker_field("open_ms", &B::open, milliseconds({0s, monitor::kBreakerDurationMax}), "The same in milliseconds.")
          .another_spelling_of("open"),
      breaker_field("open_compare", &B::open_compare, word(compare),
                    "ge: OPEN ends when that time has passed; gt: when more has."),
      breaker_field(
          "state_view", &B::state_view,
          word<monitor::StateView>({{"eager", monitor::StateView::eager},
                                    {"lazy", monitor::StateView::lazy},
                                    {"on_read", monitor::StateView::on_read}}),
          "eager: OPEN ends by itself; lazy: at the first call after that time, which is then a probe; on_read: the "
          "same, or where its state is asked for, which `windtunnel breaker` and `verify` do and a run does not."),
      breaker_field("half_open_max_calls", &B::half_open_max_calls, count, "Probes per HALF_OPEN; 0 is unlimited.")
          .in("calls"),
      breaker_field("half_open_success_threshold", &B::half_open_success_threshold, some,
                    "Probe successes that close it.")
          .in("successes"),
      breaker_field(
          "half_open_failure_rate", &B::half_open_failure_rate, optional(share()),
          "Judges half_open_max_calls probes together: at this fraction of failures (failure_rate_compare gt: "
          "above it) they reopen it, else they close it; null: the first failure reopens it.")
          .in("share of probes")
          .such_as("0.5"),
      breaker_field("half_open_failure", &B::half_open_failure,
                    word<monitor::HalfOpenFailure>(
                        {{"reopen", monitor::HalfOpenFailure::reopen}, {"ignore", monitor::HalfOpenFailure::ignore}}),
                    "What a failed probe does."),
      breaker_field("half_open_timeout", &B::half_open_timeout, optional(duration({1ns, monitor::kBreakerDurationMax})),
                    "HALF_OPEN that has not ended so long after its first probe began opens again, and the results of "
                    "its probes are late; null: it waits for them for ever.")
          .such_as("\"30s\""),
      breaker_field("half_open_timeout_ms", &B::half_open_timeout,
                    optional(milliseconds({1ms, monitor::kBreakerDurationMax})), "The same in milliseconds.")
          .such_as("30000")
          .another_spelling_of("half_open_timeout"),
      breaker_field(
          "late_results", &B::late_results,
          word<monitor::LateResults>({{"ignore", monitor::LateResults::ignore},
                                      {"current_state", monitor::LateResults::current_state},
                                      {"origin_counts", monitor::LateResults::origin_counts},
                                      {"origin_counts_stale_probe", monitor::LateResults::origin_counts_stale_probe},
                                      {"origin_forces", monitor::LateResults::origin_forces}}),
          "The fate of a result whose call started in an earlier state. current_state: the present state "
          "takes it for its own. origin_counts: it counts as in the state in which its call started, OPEN stays as "
          "it is, and an earlier probe counts nowhere; origin_counts_stale_probe: such a probe decides a later "
          "HALF_OPEN; origin_forces: also in OPEN, which a failure prolongs and the "
          "success of an earlier probe closes (needs state_view lazy)."),
      breaker_field("late_success_in_open", &B::late_success_in_open,
                    word<monitor::LateSuccessInOpen>(
                        {{"drop", monitor::LateSuccessInOpen::drop}, {"count", monitor::LateSuccessInOpen::count}}),
                    "Whether counters that live through a close take a late success that comes while OPEN, where late "
                    "results act; a late failure they take."),
      breaker_field("on_open", &B::on_open,
                    word<monitor::OnOpen>({{"keep", monitor::OnOpen::keep}, {"reset", monitor::OnOpen::reset}}),
                    "The counters when it opens: kept as they stood, or cleared."),
      breaker_field("on_close", &B::on_close,
                    word<monitor::OnClose>({{"reset", monitor::OnClose::reset},
                                            {"reset_plus_probe", monitor::OnClose::reset_plus_probe},
                                            {"keep", monitor::OnClose::keep},
                                            {"reset_failures", monitor::OnClose::reset_failures}}),
                    "The counters when it closes: cleared; cleared but for the probe; kept; kept without their "
                    "failures. What is kept covers the calls of OPEN and HALF_OPEN too."),
      breaker_field("open_backoff_multiplier", &B::open_backoff_multiplier,
                    share(1'000'000, 1'000'000 * monitor::kBreakerCountMax),
                    "Each reopening in a row waits this much longer.")
          .in("factor"),
      breaker_field("open_max", &B::open_max, optional(duration({0s, monitor::kBreakerDurationMax})),
                    "The longest such wait; null is none.")
          .such_as("\"5m\""),
      breaker_field("open_ms_max", &B::open_max, optional(milliseconds({0s, monitor::kBreakerDurationMax})),
                    "The same in milliseconds.")
          .such_as("300000")
          .another_spelling_of("open_max"),
      breaker_field("open_jitter", &B::open_jitter, share(),
                    "Each time it opens it stays open longer, by up to this fraction of the time: an even share, "
                    "which depends on the instant alone, so that breakers that open at different instants do not "
                    "probe together. open_max bounds the time without it.")
          .in("share of the time"),
  };
}

using monitor::OutcomesByReply;
using monitor::ReplyKind;

const Table<OutcomesByReply>& outcomes_table() {
  static const Table<OutcomesByReply> table = [] {
    std::vector<Field<OutcomesByReply>> fields;
    for (std::size_t i = index_of(ReplyKind::ok) + 1; i < monitor::kReplyKinds; ++i) {
      fields.push_back(field<OutcomesByReply>(
          monitor::name_of(static_cast<ReplyKind>(i)), [i](auto& outcomes) -> auto& { return outcomes[i]; },
          optional(word<monitor::BreakerOutcome>({{"failure", monitor::BreakerOutcome::failure},
                                                  {"ignored", monitor::BreakerOutcome::ignored},
                                                  {"opens", monitor::BreakerOutcome::fatal}})),
          "failure; ignored: says nothing about the provider; opens: a failure that opens the breaker at once; null: "
          "as usual."));
      fields.back().is_stated = true;  // null undoes what a preset says
    }
    return Table<OutcomesByReply>{
        "outcomes",
        "What the replies of a kind count as. As usual, client_error is ignored and the others are failures; for "
        "rate_limited, provider_call.rate_limited.counts decides.",
        std::move(fields),
        {}};
  }();
  return table;
}

const Table<monitor::FailsByReply>& allowed_fails_table() {
  using F = monitor::FailsByReply;
  static const Table<F> table = [] {
    std::vector<Field<F>> fields;
    for (std::size_t i = index_of(ReplyKind::ok) + 1; i < monitor::kReplyKinds; ++i) {
      fields.push_back(field<F>(
                           monitor::name_of(static_cast<ReplyKind>(i)), [i](auto& fails) -> auto& { return fails[i]; },
                           optional(integer({0, monitor::kBreakerCountMax})),
                           "A failure of this kind opens it where so many of any kind came before; null: as "
                           "allowed_fails has it.")
                           .in("failures")
                           .such_as("3"));
    }
    return Table<F>{"allowed_fails_by", "allowed_fails by the kind of failure.", std::move(fields), {}};
  }();
  return table;
}

// The settings that start from a preset.
template <class T>
std::vector<Field<T>> preset_fields(std::string T::*name) {
  std::vector<Field<T>> fields = breaker_fields<T>();
  for (Field<T>& setting : fields) setting.default_note = "that of the preset; shown is that of seed-readme";
  fields.insert(fields.begin(), preset_field<T>(name));
  fields.push_back(field<T>(
      "outcomes", [](auto& object) -> auto& { return breaker_of(object).outcomes; }, object(outcomes_table),
      "What the replies of a kind count as."));
  fields.push_back(field<T>(
      "allowed_fails_by", [](auto& object) -> auto& { return breaker_of(object).allowed_fails_by; },
      object(allowed_fails_table), "allowed_fails by the kind of failure."));
  return fields;
}

}  // namespace

const Table<monitor::NamedBreaker>& own_breaker_table() {
  using N = monitor::NamedBreaker;
  static const Table<N> table{"circuit_breaker",
                              "A breaker in place of monitor.circuit_breaker: a preset, and what it changes of it.",
                              preset_fields<N>(&N::preset),
                              [](const N& breaker) {
                                const auto config = monitor::breaker_preset(breaker.preset);
                                return N{N{}.preset, config.value_or(monitor::seed_readme())};
                              },
                              {},
                              [](const N& breaker, const Field<N>& field) {
                                return field.name == "preset" ? "default" : "preset " + breaker.preset;
                              }};
  return table;
}

const Table<Scenario>& breaker_table() {
  static const Table<Scenario> table = [] {
    std::vector<Field<Scenario>> fields = preset_fields<Scenario>(&Scenario::breaker_preset);
    fields.insert(fields.begin() + 1, held_to_field());
    fields.push_back(field<Scenario>("command", &Scenario::breaker_command, list(text(), 1, 1000),
                                     "A program and its arguments that keep the breakers in place of ours, one process "
                                     "for each provider, through "
                                     "the breaker protocol. It works in the folder of this file. The settings beside "
                                     "this one are what it is asked "
                                     "for and judged by.")
                         .defaults_to("none: our own breakers")
                         .such_as(R"(["python3", "breaker.py"])")
                         .left_out());
    return Table<Scenario>{"circuit_breaker",
                           "Decides per provider whether it may be called.",
                           std::move(fields),
                           [](const Scenario& scenario) {
                             Scenario result;
                             const auto preset = monitor::breaker_preset(scenario.breaker_preset);
                             if (preset) result.monitor.circuit_breaker = *preset;
                             return result;
                           },
                           {},
                           [](const Scenario& scenario, const Field<Scenario>& field) {
                             const bool is_of_preset = field.name != "preset" && field.name != "held_to";
                             return is_of_preset ? "preset " + scenario.breaker_preset : "default";
                           }};
  }();
  return table;
}

// The protocol has the millisecond spellings alone.
const Table<BreakerConfig>& breaker_protocol_table() {
  static const Table<BreakerConfig> table = [] {
    std::vector<Field<BreakerConfig>> fields = breaker_fields<BreakerConfig>();
    std::vector<std::string> replaced;
    for (Field<BreakerConfig>& field : fields) {
      if (!field.alias_of.empty()) replaced.push_back(std::exchange(field.alias_of, {}));
    }
    std::erase_if(fields, [&](const auto& field) { return std::ranges::find(replaced, field.name) != replaced.end(); });
    return Table<BreakerConfig>{"config", "The settings of a breaker.", std::move(fields), {}};
  }();
  return table;
}

}  // namespace windtunnel::scenarios
