// What TensorZero takes from an answer to price it: numbers by JSON pointer, each times a rate.

#include <algorithm>
#include <array>
#include <map>

#include "scenarios/import/tensorzero_import.h"

namespace windtunnel::scenarios {
namespace {

// What of an answer is priced; input and output stand first.
struct UsageField {
  std::string_view pointer;
  bool is_input = false;
  std::optional<Price> Tariff::*of = nullptr;  // null: input or output itself
  bool is_contained = false;                   // in input or output
};
constexpr std::array<UsageField, 8> kUsageFields{{
    {"/usage/prompt_tokens", true},
    {"/usage/input_tokens", true},
    {"/usage/completion_tokens"},
    {"/usage/output_tokens"},
    {"/usage/prompt_tokens_details/cached_tokens", true, &Tariff::cached_input, true},
    {"/usage/cache_read_input_tokens", true, &Tariff::cached_input},
    {"/usage/cache_creation_input_tokens", true, &Tariff::cache_write},
    {"/usage/completion_tokens_details/reasoning_tokens", false, &Tariff::reasoning, true},
}};

}  // namespace

// [{pointer = "/usage/prompt_tokens", cost_per_million = 2.5}, ...]
std::optional<Tariff> tensorzero_tariff(const JsonValue& provider, ConfigReading& in) {
  const JsonValue* costs = in.list(provider, "cost");
  if (costs == nullptr) return std::nullopt;
  std::map<std::string, std::int64_t> picos;  // by the field of the answer
  std::vector<const JsonValue*> used;
  for (const JsonValue& cost : costs->items) {
    const JsonValue* pointer = ConfigReading::find(cost, "pointer");
    if (pointer == nullptr) pointer = ConfigReading::find(cost, "pointer_nonstreaming");
    if (pointer == nullptr || ConfigReading::find(cost, "cost_per_million") == nullptr) continue;
    if (std::ranges::find(kUsageFields, pointer->text, &UsageField::pointer) == kUsageFields.end()) continue;
    const auto price = in.number(cost, "cost_per_million", 6, -kPriceMostPicos);
    if (!price || *price > kPriceMostPicos) continue;
    picos[pointer->text] = *price;
    used.push_back(&cost);
  }
  Tariff tariff;
  bool has_input = false;
  bool has_output = false;
  bool is_valid = true;
  for (const UsageField& field : kUsageFields) {
    const auto found = picos.find(std::string(field.pointer));
    if (found == picos.end()) continue;
    // What is contained in input or output is paid as that, and then more or less.
    std::int64_t price = found->second;
    if (field.is_contained) price += (field.of == &Tariff::reasoning ? tariff.output : tariff.input).per_token.picos();
    is_valid = is_valid && price >= 0 && price <= kPriceMostPicos;
    if (!is_valid) break;
    const Price paid{Usd::from_picos(price)};
    if (field.of != nullptr) {
      tariff.*field.of = paid;
    } else {
      (field.is_input ? tariff.input : tariff.output) = paid;
      (field.is_input ? has_input : has_output) = true;
    }
  }
  if (!has_input || !has_output || !is_valid) {
    in.keys().drop(*costs, is_valid ? "a price needs both input and output tokens; both are assumed"
                                    : "a kind of tokens costs less than nothing; all prices are assumed");
    return std::nullopt;
  }
  for (const JsonValue* cost : used) in.keys().carry(*cost, "price_usd_per_million of the deployment");
  in.keys().drop(*costs, "no word for it: a price of anything but tokens");
  return tariff;
}

}  // namespace windtunnel::scenarios
