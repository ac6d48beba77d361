#pragma once
// How quantities stand in a file: durations with units, money and shares as exact decimals, tokens, times, laws.

#include <cstdint>
#include <limits>
#include <string>

#include "base/units.h"
#include "scenarios/fields/fields.h"
#include "sim/kernel/law.h"

namespace windtunnel::scenarios {

// Nothing in a file lasts longer: with a start before 2160 no instant overflows.
inline constexpr Duration kDurationMax = std::chrono::hours{24 * 365 * 100};
inline constexpr std::int64_t kCountMax = 1'000'000'000'000;

// The unit of every duration that a file holds as a text.
inline constexpr const char* kDurationUnit = "duration: a number and d, h, m, s, ms, us or ns";

struct DurationRange {
  Duration least{0};
  Duration most = kDurationMax;
};
struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = kCountMax;
};
struct DecimalRange {
  double least = 0;
  double most = 1e12;
};

// "90s".
Kind<Duration> duration(DurationRange range = {});
// A whole number of milliseconds, as the breaker protocol writes it.
Kind<Duration> milliseconds(DurationRange range = {});
Kind<std::int64_t> integer(IntegerRange range = {});
Kind<std::int32_t> small_integer(IntegerRange range);
Kind<std::uint64_t> seed_number();
Kind<std::size_t> size(IntegerRange range = {});
Kind<Tokens> tokens(Tokens least = Tokens{0}, Tokens most = kTokensMax);
// US dollars, a number or a string, exact to the pico-dollar.
Kind<Usd> money(Usd most);
// A decimal of at most 6 places, between bounds in millionths.
Kind<Millionths> share(std::int64_t least = 0, std::int64_t most = 1'000'000);
// The same for a value that is held as a double.
Kind<double> share_double(std::int64_t least = 0, std::int64_t most = 1'000'000);
Kind<double> decimal(DecimalRange range = {});
Kind<bool> boolean();
// Anything, over as many lines as it likes: reports do not print it.
Kind<std::string> text();
// A text that reports print on one line: see base/visible_text.h for what it must not hold.
Kind<std::string> line();
// A word that other places refer to: such a line, not empty, at most 200 characters.
Kind<std::string> name();
// False, with an error at this place, if `text` is no such line.
bool check_line(Reading& reading, Place place, std::string_view text);
// "2026-01-20T10:00:00Z", 1970 to 2159.
Kind<WallTime> wall_time();

// What a law's values are measured in: durations (nanoseconds, written with units) or plain numbers.
enum class LawUnit : std::uint8_t { duration, number };
// A bare value is fixed; {"p50","p95"} or {"mu","sigma"} lognormal; {"min","max"} uniform; {"mean"} exponential;
// {"weibull": {"shape","scale"}}; {"quantiles": [...]}; "shift" beside any of them is added. mu is the natural
// logarithm of seconds, or of the number.
Kind<sim::Law> law(LawUnit unit);
// Reads the keys of a law out of an object that may hold others too, which are in `besides`.
bool read_law(Reading& reading, const JsonValue& json, LawUnit unit, sim::Law& value,
              const std::vector<std::string>& besides = {});
JsonValue write_law(const sim::Law& value, LawUnit unit);
// `unit_words` is the unit of the law's values for people.
JsonValue law_schema(LawUnit unit, const std::string& unit_words, JsonValue besides = JsonValue::object());

// Of a number with at most 6 places.
bool read_millionths(Reading& reading, const JsonValue& json, std::int64_t least, std::int64_t most,
                     std::int64_t& value);
bool read_decimal(Reading& reading, const JsonValue& json, DecimalRange range, double& value);
bool read_duration(Reading& reading, const JsonValue& json, DurationRange range, Duration& value);
JsonValue type_schema(const char* type);

}  // namespace windtunnel::scenarios
