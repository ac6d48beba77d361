// The load: executors, rates, prompts, users, token lengths.
//
// This file is long because every key of a workload stands beside the others.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/fields/variant_fields.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::Arrival;
using sim::ListedRequest;

constexpr std::int64_t kRateMost = 1'000'000'000'000'000;  // a billion per unit, in millionths

const Table<sim::PromptCatalogue>& prompts_table() {
  using P = sim::PromptCatalogue;
  static const Table<P> table{
      "prompts",
      "What requests ask.",
      {
          field<P>("count", &P::count, integer({0, 1'000'000'000}),
                   "Different prompts; 0: every request asks something new.")
              .in("prompts")
              .such_as("1000"),
          field<P>("zipf", &P::zipf, decimal({0, 10}), "The exponent of their popularity; 0: all alike.")
              .in("exponent")
              .such_as("1.1"),
          field<P>("count_cv", &P::count_cv, decimal({0, 10}),
                   "The coefficient of variation of the count from run to run, whose mean is count: the more different "
                   "prompts, the fewer hits of the cache.")
              .in("coefficient of variation")
              .such_as("0.3"),
      },
      {}};
  return table;
}

const Table<sim::UserCatalogue>& users_table() {
  using U = sim::UserCatalogue;
  static const Table<U> table{
      "users",
      "Who asks.",
      {
          field<U>("count", &U::count, integer({0, 1'000'000'000}), "Different users; 0: requests carry no user id.")
              .in("users")
              .such_as("500"),
          field<U>("zipf", &U::zipf, decimal({0, 10}), "The exponent of their activity; 0: all alike.")
              .in("exponent")
              .such_as("1.1"),
      },
      {}};
  return table;
}

const Table<sim::Stage>& stage_table() {
  using S = sim::Stage;
  static const Table<S> table{
      "stage",
      "One leg of a ramp.",
      {
          field<S>("duration", &S::duration, duration(), "How long it takes.").required().such_as("\"5m\""),
          field<S>("target", &S::target, share(0, kRateMost),
                   "The rate at its end, per time_unit; of a ramping-vus the users at its end.")
              .required()
              .in("requests per time_unit, or users")
              .such_as("50"),
      },
      {}};
  return table;
}

const Table<sim::Mmpp>& mmpp_table() {
  using M = sim::Mmpp;
  static const Table<M> table{
      "mmpp",
      "A Poisson process whose rate jumps between states.",
      {
          field<M>("factors", &M::factors, list(decimal({0, 1e6}), 2, 2), "Of the rate, one per state.")
              .in("factor of the rate"),
          field<M>("mean_sojourn", &M::mean_sojourn, list(duration({1ns}), 2, 2), "The mean stay in each state."),
      },
      {}};
  return table;
}

const Table<ListedRequest>& request_table() {
  using R = ListedRequest;
  static const Table<R> table{
      "request",
      "One listed request; what it leaves out comes from the workload.",
      {
          field<R>("at", &R::at, duration(), "When it arrives, from the workload's start.")
              .required()
              .such_as("\"1s\""),
          field<R>("input_tokens", &R::input, optional(tokens()), "Tokens of the prompt.").such_as("150"),
          field<R>("output_tokens", &R::output, optional(tokens()), "Tokens of the answer that is not cut.")
              .such_as("80"),
          field<R>("cached_input_tokens", &R::cached_input, optional(tokens()),
                   "Of the prompt, what the provider's cache holds.")
              .such_as("100"),
          field<R>("max_tokens", &R::max_tokens, optional(tokens()), "The most output tokens asked for.")
              .such_as("300"),
          field<R>("prompt", &R::prompt, optional(line()), "Requests with the same word ask the same.")
              .such_as("\"weather\""),
          field<R>("user", &R::user, optional(line()), "The user id.").such_as("\"ada\""),
          field<R>("team", &R::team, optional(name()), "The team, for limits.").such_as("\"red\""),
          field<R>("key", &R::key, optional(name()), "The key, for limits.").such_as("\"key-1\""),
          field<R>("provider", &R::provider, optional(name()), "An explicit choice of provider.").such_as("\"openai\""),
      },
      {}};
  return table;
}

// The settings of each executor.
std::vector<Field<WorkloadSpec>> executor_fields() {
  using namespace sim;  // the executors
  const Words<FactorLaw> factor_laws{{"lognormal", FactorLaw::lognormal}, {"gamma", FactorLaw::gamma}};
  const Settings<WorkloadSpec, Executor> settings{"executor", &WorkloadSpec::executor};
  return {
      settings
          .of<RampingArrivalRate, RampingVus>(
              "stages", [](auto& ramp) -> auto& { return ramp.stages; }, list(object(stage_table), 1, 10'000),
              "The legs of a ramp.")
          .needed()
          .such_as(R"([{"duration": "5m", "target": 50}])"),
      settings.of<Diurnal>("hourly", &Diurnal::hourly, list(decimal({0, 1e6}), 24, 24), "The factor of each UTC hour.")
          .in("factor of the rate"),
      settings
          .of<Diurnal>("weekday", &Diurnal::weekday, list(decimal({0, 1e6}), 7, 7),
                       "The factor of each day, Monday first.")
          .in("factor of the rate"),
      settings
          .of<Diurnal>("growth_per_day", &Diurnal::growth_per_day, decimal({-1, 10}),
                       "0.01: each day a percent more than the one before.")
          .in("share a day")
          .such_as("0.01"),
      settings
          .of<Diurnal>("day_factor_cv", &Diurnal::day_factor_cv, decimal({0, 10}),
                       "The coefficient of variation of a factor of mean 1 drawn for each day.")
          .in("coefficient of variation")
          .such_as("0.2"),
      settings.of<Diurnal>("day_factor_law", &Diurnal::day_factor_law, word(factor_laws),
                           "The law of that factor: gamma has fewer days of very much traffic than lognormal."),
      settings
          .of<Diurnal>("level_cv", &Diurnal::level_cv, decimal({0, 10}),
                       "The same of a lognormal factor drawn once for the run.")
          .in("coefficient of variation")
          .such_as("0.1"),
      settings
          .of<Diurnal>("growth_sd", &Diurnal::growth_sd, decimal({0, 10}),
                       "The standard deviation of growth_per_day from run to run.")
          .in("share a day")
          .such_as("0.002"),
      settings
          .of<Diurnal>("growth_known_days", &Diurnal::growth_known_days, integer({0, 100'000}),
                       "So many days before the start the level did not depend on growth_sd.")
          .in("days")
          .such_as("30"),
      settings
          .of<ConstantVus>("vus", &ConstantVus::vus, integer({1, 1'000'000}),
                           "Users who each wait for the answer before they ask again.")
          .in("users"),
      settings.of<RampingVus>("start_vus", &RampingVus::start_vus, integer({0, 1'000'000}), "The users at first.")
          .in("users"),
      settings.of<RampingVus>("startVUs", &RampingVus::start_vus, integer({0, 1'000'000}), "The users at first.")
          .in("users")
          .another_spelling_of("start_vus"),
      settings
          .of<ConstantVus, RampingVus>(
              "think_time", [](auto& users) -> auto& { return users.think_time; }, law(LawUnit::duration),
              "The pause of such a user after an answer.")
          .such_as(R"({"mean": "5s"})"),
      settings
          .of<TraceReplay>("trace", &TraceReplay::trace, name(),
                           "A file of requests, named from the scenario's folder: CSV of "
                           "t_us,input_tokens,output_tokens[,prompt_key,"
                           "user,team,key,model,route,cached_input_tokens], or a trace of Azure, BurstGPT, Vidur or "
                           "Mooncake as it is "
                           "published; gzip and zstd are unpacked.")
          .needed()
          .such_as("\"../data/azure2023_conv.csv\""),
      settings
          .of<TraceReplay>("until", &TraceReplay::until, optional(duration({1ns})),
                           "The rows before this time of the trace are played and the others left out; null: all.")
          .such_as("\"1h\""),
      settings
          .of<TraceReplay>("time_scale", &TraceReplay::time_scale, decimal({1e-6, 1e6}),
                           "Of the trace's times: 2 plays it at half speed.")
          .in("factor"),
      settings
          .of<TraceReplay>("rate_scale", &TraceReplay::rate_scale, decimal({0, 1e4}),
                           "Of the trace's rate: 0.5 keeps each row with that chance, 2 plays each twice.")
          .in("factor"),
  };
}

std::vector<std::string> executors_with(bool (*is_one)(const sim::Executor&)) {
  return names_of_kinds<sim::ExecutorKind>(sim::kExecutorKinds,
                                           [is_one](sim::ExecutorKind kind) { return is_one(sim::executor_of(kind)); });
}

std::vector<Field<WorkloadSpec>> workload_fields() {
  using W = WorkloadSpec;
  const auto itself = [](auto& workload) -> auto& { return workload; };
  const Words<Arrival> arrivals{
      {"uniform", Arrival::uniform}, {"poisson", Arrival::poisson}, {"gamma", Arrival::gamma}, {"mmpp", Arrival::mmpp}};
  const auto executors = words_of_kinds<sim::ExecutorKind>(sim::kExecutorKinds);
  const auto rated = executors_with(
      [](const sim::Executor& executor) { return sim::source_of(executor) == sim::ArrivalSource::rate; });
  const std::string executor = "executor";
  std::vector<Field<W>> fields{
      kind_field(executor, &W::executor, word(executors), sim::executor_of, "How requests come about.")
          .stated_where([](const W& workload) { return workload.executor.index() != W{}.executor.index(); }),
      field<W>("arrival", &W::arrival, word(arrivals), "How arrivals lie in time.").only_with(executor, rated),
      field<W>(
          "rate", [](auto& w) -> auto& { return w.rate.count; }, share(0, kRateMost),
          "Requests per time_unit; of a ramp, at its start; of a diurnal load, where its factors are 1.")
          .in("requests per time_unit")
          .only_with(executor, rated),
      field<W>(
          "startRate", [](auto& w) -> auto& { return w.rate.count; }, share(0, kRateMost), "The rate, as k6 names it.")
          .in("requests per time_unit")
          .only_with(executor, {sim::RampingArrivalRate::kName})
          .another_spelling_of("rate"),
      field<W>(
          "time_unit", [](auto& w) -> auto& { return w.rate.unit; }, duration({1ns}), "The unit of rates.")
          .only_with(executor, rated),
      field<W>(
          "timeUnit", [](auto& w) -> auto& { return w.rate.unit; }, duration({1ns}),
          "The unit of rates, as k6 names it.")
          .only_with(executor, rated)
          .another_spelling_of("time_unit"),
      field<W>("start", &W::start, duration(), "When the load begins, from the start of the run."),
      field<W>("duration", &W::duration, optional(duration({1ns})), "How long it lasts; null: to the end of the run.")
          .such_as("\"5m\"")
          .only_with(executor, executors_with(sim::has_duration)),
      field<W>("gamma_shape", &W::gamma_shape, decimal({0.001, 1000}),
               "The shape of the gaps of gamma arrivals: 1 is poisson, less is burstier.")
          .in("shape of the gamma law")
          .only_with("arrival", {"gamma"}),
      field<W>("mmpp", &W::mmpp, object(mmpp_table), "The states of mmpp arrivals.").only_with("arrival", {"mmpp"}),
  };
  for (Field<W>& executor_field : executor_fields()) fields.push_back(std::move(executor_field));
  std::vector<Field<W>> rest{
      field<W>("requests", &W::requests, list(object(request_table)), "The listed requests, by time.")
          .needed()
          .such_as(R"([{"at": "0s"}, {"at": "1s"}])")
          .only_with(executor, {sim::Script::kName}),
      field<W>("provider", &W::provider, optional(name()), "An explicit choice of provider, outside the experiment.")
          .such_as("\"openai\""),
      field<W>("route", &W::route, optional(name()), "The route that its requests ask for; null: the first.")
          .such_as("\"chat\""),
      field<W>(
          "tags", itself, caller_tags(),
          "Words that its requests carry, for the rules of routes and for limits. {\"count\", \"zipf\"} in place of "
          "a word: each request draws one of so many values, \"plan-1\" and so on, which only limits look at.")
          .such_as(R"({"plan": "paid"})"),
      field<W>("key", &W::key, line(), "The key of all its requests, for limits; empty: one of `keys`.")
          .such_as("\"key-1\""),
      field<W>("keys", &W::keys, object(caller_table),
               "Keys of which each request has one, for limits: \"key-1\" and so on; with teams each team has so many: "
               "\"team-1/key-1\"."),
      field<W>("team", &W::team, line(), "The team of all its requests, for limits; empty: one of `teams`.")
          .such_as("\"red\""),
      field<W>("teams", &W::teams, object(caller_table),
               "Teams of which each request has one, for limits: \"team-1\" and so on."),
      field<W>("prompts", &W::prompts, object(prompts_table), "What requests ask."),
      field<W>("users", &W::users, object(users_table), "Who asks."),
      field<W>("tokens", itself, object(tokens_table), "Lengths in tokens.")
          .only_with(executor, executors_with(sim::draws_tokens)),
      field<W>("max_tokens", &W::max_tokens, optional(tokens()),
               "The most output tokens asked for; null: 500, or with token_limiter mode per_request what its limit "
               "leaves, and "
               "of a trace's row exactly its output tokens.")
          .such_as("300"),
      field<W>(
          "stream", &W::stream, boolean(),
          "true: callers read answers as they come, so that a reply which breaks off (truncated) is a failure that "
          "they have seen: it is neither retried nor replaced."),
      field<W>("demand", &W::demand, line(),
               "Workloads with the same word draw the same level, growth, days, bursts, prompts and lengths; empty: "
               "their own.")
          .such_as("\"web\""),
      field<W>("client", &W::client, optional(object(client_table)),
               "How its callers try again; null: one try, and they wait for whatever comes.")
          .such_as(R"({"preset": "openai-python", "timeout": "30s"})"),
      field<W>("feature_version", &W::feature_version, line(), "A label for reports.").such_as("\"v2\""),
      field<W>("prompt_version", &W::prompt_version, line(), "A label for reports.").such_as("\"p7\""),
  };
  for (Field<W>& entry : rest) fields.push_back(std::move(entry));
  return fields;
}

// A workload that states nothing but its executor.
WorkloadSpec plain_workload(const WorkloadSpec& workload) {
  WorkloadSpec plain;
  plain.executor = sim::executor_of(sim::kind_of(workload.executor));
  return plain;
}

std::vector<WorkloadSpec> workloads_of_each_executor() {
  std::vector<WorkloadSpec> workloads(sim::kExecutorKinds);
  for (int i = 0; i < sim::kExecutorKinds; ++i) {
    workloads[static_cast<std::size_t>(i)].executor = sim::executor_of(static_cast<sim::ExecutorKind>(i));
  }
  return workloads;
}

}  // namespace

const Table<WorkloadSpec>& workload_table() {
  static const Table<WorkloadSpec> table{"workload", "One stream of requests.", workload_fields(), plain_workload,
                                         workloads_of_each_executor()};
  return table;
}

std::vector<WorkloadSpec> default_workloads() {
  WorkloadSpec workload;
  workload.name = "default";
  workload.arrival = Arrival::poisson;
  workload.rate.count = Millionths{10'000'000};
  return {std::move(workload)};
}

Kind<std::vector<WorkloadSpec>> workloads_kind() {
  using Workloads = std::vector<WorkloadSpec>;
  constexpr std::size_t kMost = 64;
  return {[](Reading& reading, const JsonValue& json, Workloads& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            if (json.members.empty()) return reading.error(json.place, "at least one workload is needed");
            if (json.members.size() > kMost) {
              return reading.error(json.members[kMost].place,
                                   "at most " + std::to_string(kMost) + " workloads are possible");
            }
            value.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              if (member.key.empty()) good = reading.error(member.place, "a name is not empty");
              good = check_line(reading, member.place, member.key) && good;
              value.emplace_back().name = member.key;
              good = read_object(reading, member.value, value.back(), workload_table()) && good;
            }
            return good;
          },
          [](const Writing& writing, const Workloads& value) {
            JsonValue json = JsonValue::object();
            for (const WorkloadSpec& workload : value)
              json.add(workload.name, write_object(writing, workload, workload_table()));
            return json;
          },
          [](const Workloads& a, const Workloads& b) {
            return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const WorkloadSpec& x, const WorkloadSpec& y) {
              return x.name == y.name && same_object(x, y, workload_table());
            });
          },
          [] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", schema_of(workload_table()));
            schema.add("minProperties", JsonValue::of_number("1"));
            schema.add("maxProperties", JsonValue::of_number(std::to_string(kMost)));
            return schema;
          }};
}

}  // namespace windtunnel::scenarios
