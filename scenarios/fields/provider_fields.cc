// Providers: latency, price, errors, capacity.

#include <algorithm>

#include "base/exact_decimal.h"
#include "monitor/record.h"
#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/exact_numbers.h"
#include "scenarios/profiles/model_prices.h"
#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::DatedTariff;
using monitor::ReplyKind;
using sim::Disconnect;
using sim::FailureBill;
using sim::TimeoutBill;

const Words<ReplyKind>& failure_words() {
  static const Words<ReplyKind> words = [] {
    Words<ReplyKind> result;
    for (const ReplyKind kind :
         {ReplyKind::timeout, ReplyKind::connection_error, ReplyKind::server_error, ReplyKind::overloaded,
          ReplyKind::rate_limited, ReplyKind::malformed, ReplyKind::truncated, ReplyKind::auth_or_quota,
          ReplyKind::client_error, ReplyKind::context_length, ReplyKind::content_policy, ReplyKind::not_found,
          ReplyKind::auth, ReplyKind::quota_exhausted}) {
      result.emplace_back(monitor::name_of(kind), kind);
    }
    return result;
  }();
  return words;
}

Kind<Price> price() {
  const auto as_share = share(0, kPriceMostPicos);
  return {[](Reading& reading, const JsonValue& json, Price& value) {
            std::int64_t picos = 0;  // a dollar per million tokens is a million pico-dollars a token
            if (!read_millionths(reading, json, 0, kPriceMostPicos, picos)) return false;
            value.per_token = Usd::from_picos(picos);
            return true;
          },
          [](const Writing&, const Price& value) {
            return JsonValue::of_number(exact_decimal(value.per_token.picos(), 6));
          },
          [](const Price& a, const Price& b) { return a == b; }, as_share.schema};
}

const Table<DatedTariff>& tariff_table() {
  using T = DatedTariff;
  static const Table<T> table{
      "price",
      "USD per million tokens.",
      {
          field<T>("from", &T::from, wall_time(), "The first instant at which it holds.")
              .defaults_to("from the beginning")
              .such_as("\"2025-06-01\"")
              .left_out(),
          field<T>(
              "input", [](auto& t) -> auto& { return t.tariff.input; }, price(), "USD per million input tokens.")
              .required()
              .in("USD per million tokens")
              .such_as("2.5"),
          field<T>(
              "output", [](auto& t) -> auto& { return t.tariff.output; }, price(), "USD per million output tokens.")
              .required()
              .in("USD per million tokens")
              .such_as("10"),
          field<T>(
              "cached_input", [](auto& t) -> auto& { return t.tariff.cached_input; }, optional(price()),
              "USD per million input tokens that come from the provider's cache of prompts; null: it has no such "
              "cache, and they are plain input.")
              .in("USD per million tokens")
              .such_as("1.25"),
          field<T>(
              "cache_write", [](auto& t) -> auto& { return t.tariff.cache_write; }, optional(price()),
              "USD per million input tokens that are written into that cache; null: writing is plain input.")
              .in("USD per million tokens")
              .such_as("3.75"),
          field<T>(
              "reasoning", [](auto& t) -> auto& { return t.tariff.reasoning; }, optional(price()),
              "USD per million output tokens that the model thinks; null: they are plain output.")
              .in("USD per million tokens")
              .such_as("3"),
      },
      {}};
  return table;
}

bool read_tariffs(Reading& reading, const JsonValue& json, std::vector<DatedTariff>& value) {
  if (json.kind == JsonKind::string) {
    std::vector<std::string> models;
    std::optional<Tariff> tariff;
    if (reading.names.prices) {
      for (const auto& [model, price] : *reading.names.prices) models.push_back(model);
      const auto found = reading.names.prices->find(json.text);
      if (found != reading.names.prices->end()) tariff = found->second;
    } else {
      for (const ListedPrice& listed : price_list()) models.emplace_back(listed.model);
      tariff = listed_tariff(json.text);
    }
    if (tariff) {
      value.assign(1, {WallTime::min(), *tariff});
      return true;
    }
    return reading.error(json.place, "no model \"" + excerpt(json.text) + "\" in the price list",
                         help_with_words(json.text, models));
  }
  if (json.kind == JsonKind::object) {
    value.assign(1, {});
    return read_object(reading, json, value.front(), tariff_table());
  }
  if (json.kind != JsonKind::array) {
    return reading.error(
        json.place,
        std::string("a price is {\"input\", \"output\"}, a list of them with \"from\", or a model's name, not ") +
            name_of(json.kind));
  }
  if (!list(object(tariff_table), 1, 64).read(reading, json, value)) return false;
  for (std::size_t i = 1; i < value.size(); ++i) {
    const Reading::Step step(reading, std::to_string(i));
    if (value[i].from <= value[i - 1].from)
      return reading.error(json.items[i].place, "prices are listed by \"from\", the earliest first");
  }
  return true;
}

Kind<std::vector<DatedTariff>> tariffs() {
  return {read_tariffs,
          [](const Writing& writing, const std::vector<DatedTariff>& value) {
            const auto write_one = [&](const DatedTariff& tariff) {
              return write_object(writing, tariff, tariff_table());
            };
            if (value.size() == 1) return write_one(value.front());
            JsonValue json = JsonValue::array();
            for (const DatedTariff& tariff : value) json.items.push_back(write_one(tariff));
            return json;
          },
          [](const std::vector<DatedTariff>& a, const std::vector<DatedTariff>& b) { return a == b; },
          [] {
            JsonValue choices = JsonValue::array();
            choices.items = {schema_of(tariff_table()), list_schema(schema_of(tariff_table()), 1, 64),
                             type_schema("string")};
            JsonValue schema = JsonValue::object();
            schema.add("anyOf", std::move(choices));
            return schema;
          }};
}

Kind<std::string> profile_kind() {
  std::vector<std::string> words;
  for (const ProfileInfo& info : profiles()) words.emplace_back(info.name);
  return {[words](Reading& reading, const JsonValue& json, std::string& value) {
            value.clear();
            if (json.kind == JsonKind::null) return true;
            const std::size_t i = read_word(reading, json, words);
            if (i < words.size()) value = words[i];
            return i < words.size();
          },
          [](const Writing&, const std::string& value) {
            return value.empty() ? JsonValue{} : JsonValue::of_string(value);
          },
          [](const std::string& a, const std::string& b) { return a == b; },
          [words] {
            JsonValue schema = word_schema(words);
            add_null_to(schema);
            return schema;
          }};
}

Field<ProviderSpec> profile_field() {
  Field<ProviderSpec> result =
      field<ProviderSpec>("profile", &ProviderSpec::profile, profile_kind(),
                          "A shipped provider to start from; any key beside it overrides it.")
          .defaults_to(
              "seed/gpt-4 of a provider named openai, seed/claude-3-5-sonnet of one named anthropic, else none")
          .such_as("\"measured/gpt-4o\"");
  result.is_early = true;
  result.read = [kind = profile_kind()](Reading& reading, const JsonValue& json, ProviderSpec& provider) {
    std::string word;
    if (!kind.read(reading, json, word)) return false;
    provider = start_from(provider.name, word);
    return true;
  };
  return result;
}

}  // namespace

ProviderSpec start_from(const std::string& provider_name, const std::string& profile_name) {
  ProviderSpec result;
  if (auto found = profile(profile_name)) {
    result = std::move(*found);
  } else {
    result.model = provider_name;
  }
  result.name = provider_name;
  return result;
}

Kind<ReplyKind> failure() { return word(failure_words()); }

Kind<std::vector<std::pair<ReplyKind, double>>> failure_rates(std::int64_t most_millionths, const std::string& unit) {
  using Rates = std::vector<std::pair<ReplyKind, double>>;
  const Kind<double> rate = share_double(0, most_millionths);
  std::vector<std::string> words;
  for (const auto& [word, kind] : failure_words()) words.push_back(word);
  return {[rate, words](Reading& reading, const JsonValue& json, Rates& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            bool good = refuse_unknown_keys(reading, json, words);
            value.clear();
            // In the order of ReplyKind, whatever the file's: the law is the same.
            for (const auto& [word, kind] : failure_words()) {
              const JsonMember* member = json.find(word);
              if (member == nullptr) continue;
              const Reading::Step step(reading, word);
              reading.note(member->value.place);
              good = rate.read(reading, member->value, value.emplace_back(kind, 0.0).second) && good;
            }
            return good;
          },
          [rate](const Writing& writing, const Rates& value) {
            JsonValue json = JsonValue::object();
            for (const auto& [kind, share] : value) json.add(monitor::name_of(kind), rate.write(writing, share));
            return json;
          },
          [](const Rates& a, const Rates& b) { return a == b; },
          [rate, words, unit] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", JsonValue::of_bool(false));
            JsonValue& properties = schema.add("properties", JsonValue::object());
            for (const std::string& word : words) {
              annotate(properties.add(word, rate.schema()), {.description = "How often a call fails so: " + word + ".",
                                                             .default_value = JsonValue::of_number("0"),
                                                             .unit = unit,
                                                             .example = "0.01"});
            }
            return schema;
          }};
}

const Table<ProviderSpec>& provider_table() {
  using P = ProviderSpec;
  const Words<FailureBill> failure_bills{{"none", FailureBill::none}, {"input", FailureBill::input}};
  const Words<TimeoutBill> timeout_bills{
      {"full", TimeoutBill::full}, {"input", TimeoutBill::input}, {"none", TimeoutBill::none}};
  const Words<Disconnect> disconnects{{"continue", Disconnect::go_on}, {"stop", Disconnect::stop}};
  static const Table<P> table{
      "provider",
      "A mock provider.",
      {
          profile_field(),
          field<P>("model", &P::model, name(), "Its model, as reports name it.")
              .defaults_to("that of the profile; without one the name of the provider")
              .such_as("\"gpt-4o\""),
          field<P>("ttft", &P::time_to_first_token, law(LawUnit::duration), "The time to the first token.")
              .defaults_to("that of the profile; 0s without one")
              .such_as(R"({"p50": "600ms", "p95": "1500ms"})"),
          field<P>("tpot", &P::time_per_output_token, law(LawUnit::duration),
                   "The time per output token, drawn once per call.")
              .defaults_to("that of the profile; 0s without one")
              .such_as("\"15ms\""),
          field<P>("price_usd_per_million", &P::tariffs, tariffs(),
                   "USD per million tokens: input and output, a list of such with `from`, or the name of a model of "
                   "the price list.")
              .in("USD per million tokens")
              .defaults_to("that of the profile; required without one")
              .such_as(R"({"input": 2.5, "output": 10})"),
          field<P>(
              "errors", [](auto& p) -> auto& { return p.errors.rates; }, failure_rates(1'000'000, "share of calls"),
              "How likely each failure is for a call that no fault touches.")
              .in("share of calls")
              .such_as(R"({"server_error": 0.01})"),
          field<P>("errors_cv", &P::errors_cv, decimal({0, 10}),
                   "The coefficient of variation of a factor of all of these rates drawn once for the run.")
              .in("coefficient of variation")
              .such_as("0.3"),
          field<P>(
              "usage_missing", &P::usage_missing, share_double(),
              "The share of answers that come without their usage. They are billed as ever, and the gateway settles "
              "what it has reserved for them (`unknown_usage`).")
              .in("share of answers")
              .such_as("0.02"),
          field<P>("usage_late", &P::usage_late, share_double(),
                   "Of the answers that do not miss their usage, the share whose usage comes `usage_delay` after them. "
                   "Until then the gateway settles as for a missing one; then the bill takes its place in the budget.")
              .in("share of answers")
              .such_as("0.05"),
          field<P>("usage_delay", &P::usage_delay, duration({1ns}), "How long after its answer a late usage comes.")
              .such_as("\"30s\""),
          field<P>("bill_on_failure", &P::bill_on_failure, word(failure_bills),
                   "What a failed call bills whose usage is known."),
          field<P>(
              "bill_on_timeout", &P::bill_on_timeout, word(timeout_bills),
              "What a call bills whose caller gave up waiting: the work done for it, its input alone, or nothing."),
          field<P>("on_disconnect", &P::on_disconnect, word(disconnects),
                   "What becomes of a call whose caller gave up waiting: continue works on to the end, holds the place "
                   "until then and bills the whole answer; stop frees the place at once, bills what was generated by "
                   "then, and nothing for a call that was still in the queue."),
          field<P>("concurrency", &P::concurrency, optional(integer({1, 1'000'000'000})),
                   "Calls served at once; null is unlimited.")
              .in("calls")
              .such_as("50"),
          field<P>("queue", &P::queue, integer({0, 1'000'000'000}),
                   "Calls that may wait for a place; beyond it the provider is overloaded.")
              .in("calls"),
          field<P>("queue_timeout", &P::queue_timeout, optional(duration({1ns})),
                   "How long a call may wait for a place before the provider refuses it as overloaded; null: as long "
                   "as its caller does.")
              .such_as("\"5s\""),
          field<P>("rate_limit", &P::rate_limit, object(rate_limit_table),
                   "The provider's own rate limit, which its models share."),
          field<P>("quota", &P::quota, line(),
                   "Providers with the same word share one rate limit, such as two regions of one organisation; empty: "
                   "its own.")
              .such_as("\"org-1\"")
              .stated_where([](const P& provider) { return !provider.quota.empty(); }),
          field<P>("context_window", &P::context_window, optional(tokens(Tokens{1})),
                   "A call whose input and granted output exceed it is refused as context_length; null: no limit.")
              .such_as("128000"),
          field<P>("attempt_timeout", &P::attempt_timeout, optional(duration({1ns})),
                   "Of one call to it, in place of monitor.provider_call.timeout; null: that one.")
              .such_as("\"20s\""),
          field<P>("max_attempts", &P::max_attempts,
                   optional(small_integer({1, static_cast<std::int64_t>(monitor::kAttemptsMax)})),
                   "Attempts at it, in place of monitor.provider_call.max_attempts; null: that number.")
              .in("attempts")
              .such_as("2"),
          field<P>("endpoint", &P::endpoint, optional(object(endpoint_table)),
                   "Where `windtunnel gateway` calls this provider; null: a simulation alone can.")
              .such_as(R"({"key_env": "OPENAI_API_KEY"})"),
          field<P>("first_token_timeout", &P::first_token_timeout, optional(duration({1ns})),
                   "Of a streamed call to it, in place of monitor.provider_call.first_token_timeout; null: that one.")
              .such_as("\"8s\""),
          field<P>("idle_timeout", &P::idle_timeout, optional(duration({1ns})),
                   "Of a streamed call to it, in place of monitor.provider_call.idle_timeout; null: that one.")
              .such_as("\"5s\""),
          field<P>("backoff", &P::backoff, optional(object(backoff_table)),
                   "The waits before its retries, in place of monitor.provider_call.backoff; null: those.")
              .such_as(R"({"base": "1s", "jitter": "none"})"),
          field<P>("circuit_breaker", &P::breaker, optional(object(own_breaker_table)),
                   "Its breaker, in place of monitor.circuit_breaker; null: that one.")
              .such_as(R"({"preset": "polly"})"),
          models_field(),
      },
      [](const P& provider) { return start_from(provider.name, provider.profile); },
      {},
      [](const P& provider, const Field<P>& field) -> std::string {
        if (provider.profile.empty() || field.name == "profile") return "default";
        const P profiled = start_from(provider.name, provider.profile);
        return field.same(profiled, start_from(provider.name, "")) ? "default" : "profile " + provider.profile;
      }};
  return table;
}

}  // namespace windtunnel::scenarios
