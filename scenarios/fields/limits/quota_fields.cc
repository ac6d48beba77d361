// What a provider allows an account.

#include <string>
#include <string_view>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {

using sim::QuotaAlgorithm;
using sim::QuotaDay;
using sim::RateLimit;

const Table<RateLimit>& rate_limit_table() {
  using R = RateLimit;
  const Words<sim::RetryAfterOn> refusals{{"rate_limited", sim::RetryAfterOn::rate_limited},
                                          {"every_refusal", sim::RetryAfterOn::every_refusal}};
  const Words<sim::RetryAfterForm> forms{
      {"seconds", sim::RetryAfterForm::seconds}, {"date", sim::RetryAfterForm::date},
      {"absent", sim::RetryAfterForm::absent},   {"unreadable", sim::RetryAfterForm::unreadable},
      {"nan", sim::RetryAfterForm::nan},         {"negative", sim::RetryAfterForm::negative},
      {"days", sim::RetryAfterForm::days}};
  const Words<QuotaAlgorithm> algorithms{{"fixed_window", QuotaAlgorithm::fixed_window},
                                         {"sliding_window", QuotaAlgorithm::sliding_window},
                                         {"token_bucket", QuotaAlgorithm::token_bucket}};
  const Words<QuotaDay> day_ends{{"utc", QuotaDay::utc}, {"pacific", QuotaDay::pacific}};
  const auto quota = [](const char* key, std::optional<Tokens> R::*member, const std::string& what,
                        const char* example) {
    const bool daily = std::string_view(key).ends_with("day");
    return field<R>(key, member, optional(tokens(Tokens{0}, Tokens{kCountMax})), what + "; null is unlimited.")
        .in(daily ? "tokens a day" : "tokens a minute")
        .such_as(example);
  };
  static const Table<R> table{
      "rate_limit",
      "The provider's own quota, in true time; beyond it a 429. A call takes its input, and as its output the most "
      "that it may write.",
      {
          field<R>("requests_per_minute", &R::requests_per_minute, optional(integer()),
                   "Calls per minute; null is unlimited.")
              .in("calls a minute")
              .such_as("600"),
          field<R>("tokens_per_minute", &R::tokens_per_minute, optional(tokens(Tokens{0}, Tokens{kCountMax})),
                   "Tokens per minute; null is unlimited.")
              .in("tokens a minute")
              .such_as("90000"),
          quota("input_tokens_per_minute", &R::input_tokens_per_minute, "Input tokens per minute", "40000"),
          quota("output_tokens_per_minute", &R::output_tokens_per_minute, "Output tokens per minute", "8000"),
          field<R>("requests_per_day", &R::requests_per_day, optional(integer()), "Calls per day; null is unlimited.")
              .in("calls a day")
              .such_as("10000"),
          quota("tokens_per_day", &R::tokens_per_day, "Tokens per day", "1000000"),
          quota("input_tokens_per_day", &R::input_tokens_per_day, "Input tokens per day", "1000000"),
          quota("output_tokens_per_day", &R::output_tokens_per_day, "Output tokens per day", "200000"),
          field<R>(
              "algorithm", &R::algorithm, word(algorithms),
              "fixed_window counts each UTC minute and each day; sliding_window the latest minute and day in steps "
              "of a sixtieth; token_bucket begins with the whole amount and refills it evenly."),
          field<R>("day_ends", &R::day_ends, word(day_ends),
                   "The midnight at which a day of a fixed window ends: of UTC, or of California."),
          field<R>(
              "retry_after", &R::retry_after, optional(duration()),
              "The Retry-After of each of its 429s; null: the time until every limit would admit the call, and none "
              "where no limit was met.")
              .such_as("\"10s\""),
          field<R>("retry_after_on", &R::retry_after_on, word(refusals),
                   "Which refusals carry `retry_after`: its 429s, or also 529 and the other 5xx."),
          field<R>("retry_after_form", &R::retry_after_form, word(forms),
                   "How it writes each Retry-After: in seconds, as an HTTP date, which has whole seconds, not at all, "
                   "in words "
                   "that are no time, as NaN, below 0, or with days in place of the seconds."),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
