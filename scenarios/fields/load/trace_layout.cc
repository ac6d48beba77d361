#include "scenarios/fields/load/trace_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/calendar.h"
#include "base/stable_hash.h"

namespace windtunnel::scenarios {
namespace {

const std::vector<TraceLayout>& layouts() {
  using C = TraceColumn;
  static const std::vector<TraceLayout> all{
      {"ours",
       {{"t_us", C::microseconds},
        {"input_tokens", C::input},
        {"output_tokens", C::output},
        {"prompt_key", C::prompt},
        {"user", C::user},
        {"team", C::team},
        {"key", C::key},
        {"model", C::model},
        {"route", C::route},
        {"cached_input_tokens", C::cached},
        {"latency_ms", C::unused},
        {"outcome", C::unused}},
       "t_us,input_tokens,output_tokens[,prompt_key,user,team,key,model,route,cached_input_tokens]"},
      {"Azure",
       {{"TIMESTAMP", C::calendar}, {"ContextTokens", C::input}, {"GeneratedTokens", C::output}},
       "TIMESTAMP,ContextTokens,GeneratedTokens"},
      {"BurstGPT",
       {{"Timestamp", C::seconds},
        {"Request tokens", C::input},
        {"Response tokens", C::output},
        {"Model", C::model},
        {"Total tokens", C::unused},
        {"Log Type", C::unused},
        {"Session ID", C::unused},
        {"Elapsed time", C::unused}},
       "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type"},
      {"Vidur",
       {{"arrived_at", C::seconds},
        {"num_prefill_tokens", C::input},
        {"num_decode_tokens", C::output},
        {"num_total_tokens", C::unused},
        {"pd_ratio", C::unused}},
       "arrived_at,num_prefill_tokens,num_decode_tokens"}};
  return all;
}

}  // namespace

const NamedColumn* TraceLayout::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &NamedColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

const TraceLayout& layout_of(const std::vector<std::string_view>& header) {
  for (const TraceLayout& layout : layouts()) {
    if (std::ranges::find(header, layout.columns.front().name) != header.end()) return layout;
  }
  return layouts().front();
}

std::optional<Duration> calendar_time_of(std::string_view text) {
  std::string iso{text};
  if (iso.ends_with("+00:00")) iso.resize(iso.size() - 6);
  if (iso.size() > 10 && iso[10] == ' ') iso[10] = 'T';
  if (!iso.ends_with('Z')) iso += 'Z';
  const auto wall = parse_iso8601(iso);
  if (!wall) return std::nullopt;
  return wall->time_since_epoch();
}

std::optional<sim::ListedRequest> mooncake_row(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto whole = [&](const char* key, std::int64_t most) -> std::optional<std::int64_t> {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_integer()) return std::nullopt;
    const auto value = found->get<std::int64_t>();
    return value >= 0 && value <= most ? std::optional{value} : std::nullopt;
  };
  const auto milliseconds = whole("timestamp", std::int64_t{100} * 365 * 86'400 * 1'000);
  const auto input = whole("input_length", kTokensMax.count());
  const auto output = whole("output_length", kTokensMax.count());
  if (!milliseconds || !input || !output) return std::nullopt;
  sim::ListedRequest request{.at = std::chrono::milliseconds{*milliseconds},
                             .input = Tokens{*input},
                             .output = Tokens{*output},
                             .max_tokens = Tokens{*output}};
  if (const auto blocks = json.find("hash_ids"); blocks != json.end()) {
    const std::string question = blocks->dump() + std::to_string(*input);
    request.prompt = fmt::format("{:016x}{:016x}", stable_hash(question), stable_hash(question, 1));
  }
  return request;
}

}  // namespace windtunnel::scenarios
