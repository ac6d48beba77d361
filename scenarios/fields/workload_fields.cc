// The load: executors, rates, prompts, users, token lengths.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::Arrival;
using sim::Executor;
using sim::ListedRequest;
using sim::TokenModel;

constexpr std::int64_t kRateMost = 1'000'000'000'000'000;  // a billion per unit, in millionths

Kind<TokenModel> token_model() {
  const std::vector<std::string> bounds{"least", "most"};
  return {[bounds](Reading& reading, const JsonValue& json, TokenModel& value) {
            value = TokenModel{};
            bool good = read_law(reading, json, LawUnit::number, value.law, bounds);
            if (json.kind != JsonKind::object) return good;
            const auto read_bound = [&](const char* key, Tokens& bound) {
              const JsonMember* member = json.find(key);
              if (member == nullptr) return;
              const Reading::Step step(reading, key);
              reading.note(member->value.place);
              good = tokens().read(reading, member->value, bound) && good;
            };
            read_bound("least", value.least);
            read_bound("most", value.most);
            if (good && value.most < value.least) good = reading.error(json.place, "\"most\" is below \"least\"");
            return good;
          },
          [](const Names&, const TokenModel& value) {
            const TokenModel defaults;
            JsonValue json = write_law(value.law, LawUnit::number);
            if (value.least == defaults.least && value.most == defaults.most) return json;
            if (json.kind != JsonKind::object) {
              JsonValue fixed = JsonValue::object();
              fixed.add("value", std::move(json));
              json = std::move(fixed);
            }
            if (value.least != defaults.least)
              json.add("least", JsonValue::of_number(std::to_string(value.least.count())));
            if (value.most != defaults.most) json.add("most", JsonValue::of_number(std::to_string(value.most.count())));
            return json;
          },
          [](const TokenModel& a, const TokenModel& b) { return a == b; },
          [] {
            JsonValue bound_keys = JsonValue::object();
            bound_keys.add("least", tokens().schema());
            bound_keys.add("most", tokens().schema());
            return law_schema(LawUnit::number, std::move(bound_keys));
          }};
}

const Table<WorkloadSpec>& tokens_table() {
  using W = WorkloadSpec;
  static const Table<W> table{"tokens",
                              "Lengths in tokens: a value, or a law, with bounds `least` and `most` beside it.",
                              {
                                  field<W>("input", &W::input, token_model(), "Of the prompt."),
                                  field<W>("output", &W::output, token_model(), "Of the answer that nobody cuts."),
                              },
                              {}};
  return table;
}

const Table<sim::PromptCatalogue>& prompts_table() {
  using P = sim::PromptCatalogue;
  static const Table<P> table{
      "prompts",
      "What requests ask.",
      {
          field<P>("count", &P::count, integer({0, 1'000'000'000}),
                   "Different prompts; 0: every request asks something new."),
          field<P>("zipf", &P::zipf, decimal({0, 10}), "The exponent of their popularity; 0: all alike."),
          field<P>("count_cv", &P::count_cv, decimal({0, 10}),
                   "The coefficient of variation of the count from run to run, whose mean is count: the more different "
                   "prompts, the fewer hits of the cache."),
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
          field<U>("count", &U::count, integer({0, 1'000'000'000}), "Different users; 0: requests carry no user id."),
          field<U>("zipf", &U::zipf, decimal({0, 10}), "The exponent of their activity; 0: all alike."),
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
          field<S>("duration", &S::duration, duration(), "How long it takes.").required(),
          field<S>("target", &S::target, share(0, kRateMost), "The rate at its end, per time_unit.").required(),
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
          field<M>("factors", &M::factors, list(decimal({0, 1e6}), 2, 2), "Of the rate, one per state."),
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
          field<R>("at", &R::at, duration(), "When it arrives, from the workload's start.").required(),
          field<R>("input_tokens", &R::input, optional(tokens()), "Tokens of the prompt."),
          field<R>("output_tokens", &R::output, optional(tokens()), "Tokens of the answer that nobody cuts."),
          field<R>("max_tokens", &R::max_tokens, optional(tokens()), "The most output tokens asked for."),
          field<R>("prompt", &R::prompt, optional(text()), "Requests with the same word ask the same."),
          field<R>("user", &R::user, optional(text()), "The user id."),
          field<R>("provider", &R::provider, optional(name()), "An explicit choice of provider."),
      },
      {}};
  return table;
}

std::vector<Field<WorkloadSpec>> workload_fields() {
  using W = WorkloadSpec;
  const auto itself = [](auto& workload) -> auto& { return workload; };
  const auto of_diurnal = [](auto member) {
    return [member](auto& workload) -> auto& { return workload.diurnal.*member; };
  };
  const Words<Executor> executors{{"constant-arrival-rate", Executor::constant_arrival_rate},
                                  {"ramping-arrival-rate", Executor::ramping_arrival_rate},
                                  {"diurnal", Executor::diurnal},
                                  {"replay", Executor::replay},
                                  {"constant-vus", Executor::constant_vus},
                                  {"script", Executor::script}};
  const Words<Arrival> arrivals{
      {"uniform", Arrival::uniform}, {"poisson", Arrival::poisson}, {"gamma", Arrival::gamma}, {"mmpp", Arrival::mmpp}};
  const std::vector<std::string> rated{"constant-arrival-rate", "ramping-arrival-rate", "diurnal"};
  const std::vector<std::string> timed{"constant-arrival-rate", "diurnal", "replay", "constant-vus", "script"};
  const std::vector<std::string> drawn{"constant-arrival-rate", "ramping-arrival-rate", "diurnal", "constant-vus",
                                       "script"};
  const std::string executor = "executor";
  return {
      field<W>(executor, &W::executor, word(executors), "How requests come about.").early(),
      field<W>("arrival", &W::arrival, word(arrivals), "How arrivals lie in time.").only_with(executor, rated),
      field<W>(
          "rate", [](auto& w) -> auto& { return w.rate.count; }, share(0, kRateMost),
          "Requests per time_unit; of a ramp, at its start; of a diurnal load, where its factors are 1.")
          .only_with(executor, rated),
      field<W>(
          "time_unit", [](auto& w) -> auto& { return w.rate.unit; }, duration({1ns}), "The unit of rates.")
          .only_with(executor, rated),
      field<W>("start", &W::start, duration(), "When the load begins, from the start of the run."),
      field<W>("duration", &W::duration, optional(duration({1ns})), "How long it lasts; null: to the end of the run.")
          .only_with(executor, timed),
      field<W>("gamma_shape", &W::gamma_shape, decimal({0.001, 1000}),
               "The shape of the gaps of gamma arrivals: 1 is poisson, less is burstier.")
          .only_with("arrival", {"gamma"}),
      field<W>("mmpp", &W::mmpp, object(mmpp_table), "The states of mmpp arrivals.").only_with("arrival", {"mmpp"}),
      field<W>("stages", &W::stages, list(object(stage_table), 1, 10'000), "The legs of a ramp.")
          .only_with(executor, {"ramping-arrival-rate"}),
      field<W>("hourly", of_diurnal(&sim::Diurnal::hourly), list(decimal({0, 1e6}), 24, 24),
               "The factor of each UTC hour.")
          .only_with(executor, {"diurnal"}),
      field<W>("weekday", of_diurnal(&sim::Diurnal::weekday), list(decimal({0, 1e6}), 7, 7),
               "The factor of each day, Monday first.")
          .only_with(executor, {"diurnal"}),
      field<W>("growth_per_day", of_diurnal(&sim::Diurnal::growth_per_day), decimal({-1, 10}),
               "0.01: each day a percent more than the one before.")
          .only_with(executor, {"diurnal"}),
      field<W>("day_factor_cv", of_diurnal(&sim::Diurnal::day_factor_cv), decimal({0, 10}),
               "The coefficient of variation of a factor drawn for each day.")
          .only_with(executor, {"diurnal"}),
      field<W>("level_cv", of_diurnal(&sim::Diurnal::level_cv), decimal({0, 10}),
               "The same of a factor drawn once for the run.")
          .only_with(executor, {"diurnal"}),
      field<W>("vus", &W::vus, integer({1, 1'000'000}), "Users who each wait for the answer before they ask again.")
          .only_with(executor, {"constant-vus"}),
      field<W>("think_time", &W::think_time, law(LawUnit::duration), "The pause of such a user after an answer.")
          .only_with(executor, {"constant-vus"}),
      field<W>("trace", &W::trace, name(),
               "A CSV file, named from the scenario's folder: t_us,input_tokens,output_tokens[,prompt_key].")
          .only_with(executor, {"replay"}),
      field<W>("time_scale", &W::time_scale, decimal({1e-6, 1e6}), "Of the trace's times: 2 plays it at half speed.")
          .only_with(executor, {"replay"}),
      field<W>("rate_scale", &W::rate_scale, decimal({0, 1e4}),
               "Of the trace's rate: 0.5 keeps each row with that chance, 2 plays each twice.")
          .only_with(executor, {"replay"}),
      field<W>("requests", &W::requests, list(object(request_table)), "The listed requests, by time.")
          .only_with(executor, {"script"}),
      field<W>("provider", &W::provider, optional(name()), "An explicit choice of provider, outside the experiment."),
      field<W>("prompts", &W::prompts, object(prompts_table), "What requests ask."),
      field<W>("users", &W::users, object(users_table), "Who asks."),
      field<W>("tokens", itself, object(tokens_table), "Lengths in tokens.").only_with(executor, drawn),
      field<W>("max_tokens", &W::max_tokens, optional(tokens()),
               "The most output tokens asked for; null: 500, or with token_limiter mode per_request what its limit "
               "leaves, and "
               "of a trace's row exactly its output tokens."),
      field<W>("feature_version", &W::feature_version, text(), "A label for reports."),
      field<W>("prompt_version", &W::prompt_version, text(), "A label for reports."),
  };
}

}  // namespace

const Table<WorkloadSpec>& workload_table() {
  static const Table<WorkloadSpec> table{"workload", "One stream of requests.", workload_fields(), {}};
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
              value.emplace_back().name = member.key;
              good = read_object(reading, member.value, value.back(), workload_table()) && good;
            }
            return good;
          },
          [](const Names& names, const Workloads& value) {
            JsonValue json = JsonValue::object();
            for (const WorkloadSpec& workload : value)
              json.add(workload.name, write_object(names, workload, workload_table()));
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
