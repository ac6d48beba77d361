#include "scenarios/profiles/model_prices.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/histogram.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"
#include "scenarios/json/json_document.h"
#include "scenarios/json/reading.h"
#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

constexpr int kPerMillion = 6;  // decimals: a pico-dollar a token is a millionth of that
constexpr std::int64_t kTierMost = 1'000'000'000;

std::optional<Price> listed(std::int64_t picos) {
  return picos < 0 ? std::nullopt : std::optional{Price{Usd::from_picos(picos)}};
}

// A key of a model that holds a price.
struct PriceKey {
  const char* key;
  std::optional<Price>& (*price)(ModelPrice& model);
};
constexpr std::array<PriceKey, 6> kOptionalPrices{
    {{"cached_input", [](ModelPrice& model) -> auto& { return model.tariff.cached_input; }},
     {"cache_write", [](ModelPrice& model) -> auto& { return model.tariff.cache_write; }},
     {"cache_write_1h", [](ModelPrice& model) -> auto& { return model.cache_write_1h; }},
     {"batch_input", [](ModelPrice& model) -> auto& { return model.batch_input; }},
     {"batch_output", [](ModelPrice& model) -> auto& { return model.batch_output; }},
     {"reasoning", [](ModelPrice& model) -> auto& { return model.tariff.reasoning; }}}};

// Words in the names of sellers, and what their models begin with.
struct Seller {
  std::string_view word;
  std::string_view prefix;
};
constexpr std::array<Seller, 9> kSellers{{{"azure", "azure/"},
                                          {"bedrock", "bedrock/"},
                                          {"fireworks", "fireworks_ai/"},
                                          {"fireworks", "fireworks_ai/accounts/fireworks/models/"},
                                          {"gemini", "gemini/"},
                                          {"groq", "groq/"},
                                          {"mistral", "mistral/"},
                                          {"together", "together_ai/"},
                                          {"vertex", "vertex_ai/"}}};

std::optional<std::int64_t> read_number(Reading& reading, const JsonValue& json, int decimals, std::int64_t most) {
  if (!require_kind(reading, json, JsonKind::number)) return std::nullopt;
  const ExactNumber number = exact_number(json.text, decimals);
  if (number.problem == NumberProblem::none && number.value >= 0 && number.value <= most) return number.value;
  reading.error(json.place, decimals == 0 ? "a number of tokens is whole and at most a billion"
                                          : "a price is 0 to 40000 USD per million tokens, with at most 6 decimals");
  return std::nullopt;
}

std::optional<Price> read_price(Reading& reading, const JsonValue& json, const std::string& key, bool is_required) {
  const JsonMember* member = json.find(key);
  if (member == nullptr) {
    if (is_required) reading.error(json.place, "a model needs \"" + key + "\", in USD per million tokens");
    return std::nullopt;
  }
  const Reading::Step step(reading, key);
  const auto picos = read_number(reading, member->value, kPerMillion, kPriceMostPicos);
  return picos ? listed(*picos) : std::nullopt;
}

std::string read_text(Reading& reading, const JsonValue& json, const std::string& key) {
  const JsonMember* member = json.find(key);
  if (member == nullptr) return {};
  const Reading::Step step(reading, key);
  return require_kind(reading, member->value, JsonKind::string) ? member->value.text : std::string{};
}

ModelPrice read_model(Reading& reading, const std::string& name, const JsonValue& json) {
  ModelPrice model{.model = name};
  if (!require_kind(reading, json, JsonKind::object)) return model;
  std::vector<std::string> known{"provider", "source", "input", "output", "first_tier_tokens"};
  for (const PriceKey& key : kOptionalPrices) known.emplace_back(key.key);
  refuse_unknown_keys(reading, json, known);
  model.vendor = read_text(reading, json, "provider");
  model.tariff.input = read_price(reading, json, "input", true).value_or(Price{});
  model.tariff.output = read_price(reading, json, "output", true).value_or(Price{});
  for (const PriceKey& key : kOptionalPrices) key.price(model) = read_price(reading, json, key.key, false);
  if (const JsonMember* tier = json.find("first_tier_tokens")) {
    const Reading::Step step(reading, "first_tier_tokens");
    if (const auto tokens = read_number(reading, tier->value, 0, kTierMost)) model.first_tier = Tokens{*tokens};
  }
  return model;
}

// The prices of a batch as those of single requests.
ModelPrice batch_price(const ModelPrice& price) {
  const auto discounted = [&](const std::optional<Price>& of) -> std::optional<Price> {
    const std::int64_t input = price.tariff.input.per_token.picos();
    if (!of || !price.tariff.cache_write || input == 0) return std::nullopt;
    const Int128 picos = Int128{of->per_token.picos()} * price.batch_input->per_token.picos() / input;
    return Price{Usd::from_picos(static_cast<std::int64_t>(picos))};
  };
  return {.model = price.model,
          .tariff = {.input = *price.batch_input,
                     .output = *price.batch_output,
                     .cached_input = discounted(price.tariff.cached_input),
                     .cache_write = discounted(price.tariff.cache_write)},
          .cache_write_1h = discounted(price.cache_write_1h)};
}

}  // namespace

PriceList PriceList::shipped() {
  PriceList list;
  list.source_ = "the shipped price list (scenarios/data/prices.json)";
  for (const ListedPrice& price : price_list()) {
    list.add(
        {.model = std::string(price.model),
         .vendor = std::string(price.vendor),
         .tariff = tariff_of(price),
         .cache_write_1h = listed(price.cache_write_1h_picos),
         .batch_input = listed(price.batch_input_picos),
         .batch_output = listed(price.batch_output_picos),
         .first_tier = price.first_tier_tokens > 0 ? std::optional{Tokens{price.first_tier_tokens}} : std::nullopt});
  }
  return list;
}

PriceList PriceList::read(const std::string& path) { return of_text(read_whole_file(path, kTextBytesMax), path); }

PriceList PriceList::of_text(const std::string& text, const std::string& path) {
  Diagnostics diagnostics(path, text);
  const JsonValue root = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  Reading reading(diagnostics, "");
  reading.note(root.place);
  PriceList list;
  list.source_ = "the price list " + path;
  if (require_kind(reading, root, JsonKind::object)) {
    refuse_unknown_keys(reading, root, {"unit", "licence", "source", "sources", "models"});
    const std::string unit = read_text(reading, root, "unit");
    if (!unit.empty() && unit != "USD per million tokens") {
      reading.error(root.find("unit")->value.place, "the unit of prices is \"USD per million tokens\"");
    }
    const JsonMember* models = root.find("models");
    if (models == nullptr) {
      reading.error(root.place, "a price list needs \"models\"");
    } else {
      const Reading::Step step(reading, "models");
      if (require_kind(reading, models->value, JsonKind::object)) {
        for (const JsonMember& member : models->value.members) {
          const Reading::Step model(reading, member.key);
          list.add(read_model(reading, member.key, member.value));
        }
      }
    }
  }
  diagnostics.throw_if_errors();
  return list;
}

void PriceList::add(ModelPrice price) {
  places_.emplace(price.model, models_.size());
  models_.push_back(std::move(price));
}

const ModelPrice* PriceList::named(std::string_view model) const {
  const auto found = places_.find(model);
  return found == places_.end() ? nullptr : &models_[found->second];
}

const ModelPrice* PriceList::find(std::string_view model) const {
  for (;;) {
    if (const ModelPrice* found = named(model)) return found;
    const std::size_t slash = model.find('/');
    if (slash == std::string_view::npos) return nullptr;
    model.remove_prefix(slash + 1);
  }
}

const ModelPrice* PriceList::find_at(std::string_view provider, std::string_view model) const {
  std::string lower{provider};
  std::ranges::transform(lower, lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  for (const auto& [word, prefix] : kSellers) {
    if (lower.find(word) == std::string::npos) continue;
    if (const ModelPrice* found = named(std::string{prefix} + std::string{model})) return found;
  }
  return find(model);
}

std::string PriceList::help_with(std::string_view model) const {
  std::vector<std::string> names;
  for (const ModelPrice& price : models_) names.push_back(price.model);
  const std::string_view own = model.substr(model.rfind('/') + 1);
  std::string help = help_with_words(own, names, "models");
  if (!help.empty()) return help;
  // A dated name is far from the undated one in letters.
  std::size_t longest = 0;
  for (const std::string& name : names) {
    const auto [mine, theirs] = std::ranges::mismatch(own, name);
    const auto common = static_cast<std::size_t>(mine - own.begin());
    if (common <= longest || common < 5) continue;
    longest = common;
    help = "the nearest is \"" + name + "\"";
  }
  return help;
}

std::optional<Usd> cost_of(const ModelPrice& price, const PricedTokens& tokens) {
  if (price.first_tier &&
      tokens.input.count() / std::max<std::int64_t>(1, tokens.requests) > price.first_tier->count()) {
    return std::nullopt;
  }
  if (tokens.is_batch) {
    if (!price.batch_input || !price.batch_output) return std::nullopt;
    const ModelPrice batch = batch_price(price);
    PricedTokens single = tokens;
    single.is_batch = false;
    if (!batch.tariff.cached_input) single.cached = single.cache_written = single.cache_written_1h = Tokens{};
    return cost_of(batch, single);
  }
  if (tokens.cache_written_1h > Tokens{} && price.tariff.cache_write && !price.cache_write_1h) return std::nullopt;
  const Tariff& tariff = price.tariff;
  const auto part = [](Price each, Tokens count) { return Int128{each.per_token.picos()} * count.count(); };
  const Tokens plain = std::max(Tokens{}, tokens.input - tokens.cached - tokens.cache_written);
  const Tokens spoken = std::max(Tokens{}, tokens.output - tokens.reasoning);
  const Tokens written = std::max(Tokens{}, tokens.cache_written - tokens.cache_written_1h);
  const Int128 sum = part(tariff.input, plain) + part(tariff.cached_input.value_or(tariff.input), tokens.cached) +
                     part(tariff.cache_write.value_or(tariff.input), written) +
                     part(price.cache_write_1h.value_or(tariff.input), tokens.cache_written_1h) +
                     part(tariff.output, spoken) + part(tariff.reasoning.value_or(tariff.output), tokens.reasoning);
  if (sum > Usd::from_dollars(9'000'000).picos()) return std::nullopt;
  return Usd::from_picos(static_cast<std::int64_t>(sum));
}

}  // namespace windtunnel::scenarios
