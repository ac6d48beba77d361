// What models cost: the shipped list, and lists of users.

#include "scenarios/profiles/model_prices.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"

namespace windtunnel::scenarios::model_prices_test {
namespace {

constexpr const char* kFile = WINDTUNNEL_ROOT "/scenarios/data/prices.json";

Usd dollars_of(const ModelPrice& price, const PricedTokens& tokens) { return cost_of(price, tokens).value(); }

void expect_same(const ModelPrice& a, const ModelPrice& b) {
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.vendor, b.vendor) << a.model;
  EXPECT_EQ(a.tariff, b.tariff) << a.model;
  EXPECT_EQ(a.cache_write_1h, b.cache_write_1h) << a.model;
  EXPECT_EQ(a.batch_input, b.batch_input) << a.model;
  EXPECT_EQ(a.batch_output, b.batch_output) << a.model;
  EXPECT_EQ(a.first_tier, b.first_tier) << a.model;
}

std::string errors_of(const std::string& text) {
  try {
    (void)PriceList::of_text(text, "prices.json");
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

TEST(PriceList, shipped_is_the_data_file) {
  const PriceList shipped = PriceList::shipped();
  const PriceList file = PriceList::read(kFile);
  ASSERT_EQ(shipped.models().size(), file.models().size());
  ASSERT_GT(file.models().size(), 1'500U);
  for (std::size_t i = 0; i < file.models().size(); ++i) expect_same(shipped.models()[i], file.models()[i]);
}

TEST(PriceList, prices_cached_written_and_reasoning_tokens_apart) {
  const PriceList list = PriceList::of_text(
      R"({"models": {"m": {"input": 4, "cached_input": 1, "cache_write": 5, "output": 10, "reasoning": 20}}})",
      "p.json");
  const ModelPrice& price = *list.find("m");
  EXPECT_EQ(dollars_of(price, {.input = Tokens{1000}}), Usd::from_picos(4'000'000'000));
  EXPECT_EQ(dollars_of(price, {.input = Tokens{1000}, .cached = Tokens{1000}}), Usd::from_picos(1'000'000'000));
  EXPECT_EQ(dollars_of(price, {.input = Tokens{1000}, .cached = Tokens{400}, .cache_written = Tokens{100}}),
            Usd::from_picos((500 * 4 + 400 * 1 + 100 * 5) * std::int64_t{1'000'000}));
  EXPECT_EQ(dollars_of(price, {.output = Tokens{10}, .reasoning = Tokens{4}}),
            Usd::from_picos((6 * 10 + 4 * 20) * std::int64_t{1'000'000}));
}

TEST(PriceList, charges_what_it_does_not_list_as_input_and_output_and_never_as_nothing) {
  const PriceList list = PriceList::of_text(R"({"models": {"m": {"input": 4, "output": 10}}})", "p.json");
  const Usd plain = dollars_of(*list.find("m"), {.input = Tokens{100}, .output = Tokens{10}});
  EXPECT_EQ(dollars_of(*list.find("m"), {.input = Tokens{100},
                                         .output = Tokens{10},
                                         .cached = Tokens{60},
                                         .cache_written = Tokens{40},
                                         .reasoning = Tokens{9}}),
            plain);
}

TEST(PriceList, has_no_price_beyond_the_first_tier) {
  const PriceList list =
      PriceList::of_text(R"({"models": {"m": {"input": 4, "output": 10, "first_tier_tokens": 200}}})", "p.json");
  EXPECT_TRUE(cost_of(*list.find("m"), {.input = Tokens{200}}));
  EXPECT_FALSE(cost_of(*list.find("m"), {.input = Tokens{201}}));
  EXPECT_TRUE(cost_of(*list.find("m"), {.input = Tokens{400}, .requests = 2}));
}

TEST(PriceList, prices_a_batch_by_batch_prices_or_not_at_all) {
  const PriceList list = PriceList::of_text(
      R"({"models": {"m": {"input": 4, "output": 10, "batch_input": 2, "batch_output": 5}, "n": {"input": 4, "output": 10}}})",
      "p.json");
  const PricedTokens batch{.input = Tokens{100}, .output = Tokens{10}, .is_batch = true};
  EXPECT_EQ(dollars_of(*list.find("m"), batch), Usd::from_picos(250'000'000));
  EXPECT_FALSE(cost_of(*list.find("n"), batch));
}

TEST(PriceList, prices_what_a_cache_keeps_for_an_hour_by_its_own_price_or_not_at_all) {
  const PriceList list = PriceList::of_text(
      R"({"models": {"m": {"input": 4, "output": 10, "cache_write": 5, "cache_write_1h": 8}, "n": {"input": 4, "output": 10, "cache_write": 5}, "o": {"input": 4, "output": 10}}})",
      "p.json");
  const PricedTokens hour{
      .input = Tokens{100}, .output = Tokens{}, .cache_written = Tokens{60}, .cache_written_1h = Tokens{50}};
  EXPECT_EQ(dollars_of(*list.find("m"), hour), Usd::from_picos((40 * 4 + 10 * 5 + 50 * 8) * std::int64_t{1'000'000}));
  EXPECT_FALSE(cost_of(*list.find("n"), hour));
  EXPECT_EQ(dollars_of(*list.find("o"), hour), Usd::from_picos(400'000'000));
}

TEST(PriceList, discounts_the_cache_of_a_batch_where_writing_to_it_has_a_price) {
  const PriceList list = PriceList::of_text(
      R"({"models": {"m": {"input": 4, "output": 10, "cached_input": 1, "cache_write": 5, "cache_write_1h": 8, "batch_input": 2, "batch_output": 5}, "n": {"input": 4, "output": 10, "cached_input": 1, "batch_input": 2, "batch_output": 5}}})",
      "p.json");
  PricedTokens batch{.input = Tokens{100},
                     .output = Tokens{10},
                     .cached = Tokens{40},
                     .cache_written = Tokens{20},
                     .cache_written_1h = Tokens{8}};
  const Usd single = dollars_of(*list.find("m"), batch);
  batch.is_batch = true;
  EXPECT_EQ(2 * dollars_of(*list.find("m"), batch).picos(), single.picos());
  EXPECT_EQ(dollars_of(*list.find("n"), batch), Usd::from_picos(250'000'000));
}

TEST(PriceList, finds_a_model_behind_its_provider_and_names_the_nearest_of_an_unknown_one) {
  const PriceList list = PriceList::shipped();
  ASSERT_NE(list.find("openai/gpt-4o"), nullptr);
  EXPECT_EQ(list.find("openai/gpt-4o")->model, "gpt-4o");
  EXPECT_EQ(list.find("gpt-4oo"), nullptr);
  EXPECT_NE(list.help_with("gpt-4oo").find("\"gpt-4o\""), std::string::npos);
  EXPECT_NE(list.help_with("claude-sonnet-4-5-20990101").find("claude-sonnet-4-5"), std::string::npos);
  EXPECT_EQ(list.find(""), nullptr);
}

TEST(PriceList, holds_public_prices_of_what_each_provider_sells) {
  struct Golden {
    const char* model;
    const char* vendor;
    std::int64_t input;  // pico-dollars a token
    std::int64_t output;
    std::int64_t cached;  // -1: not listed
    std::int64_t written_1h;
    std::int64_t batch_output;
    std::int64_t first_tier;  // tokens; -1: no tiers
  };
  const std::vector<Golden> goldens{
      {"gpt-4o-mini", "openai", 150'000, 600'000, 75'000, -1, 300'000, -1},
      {"o3-mini", "openai", 1'100'000, 4'400'000, 550'000, -1, 2'200'000, -1},
      {"text-embedding-3-small", "openai", 20'000, 0, -1, -1, 0, -1},
      {"azure/eu/gpt-4o", "azure", 2'750'000, 11'000'000, 1'375'000, -1, 5'500'000, -1},
      {"claude-opus-4-5", "anthropic", 5'000'000, 25'000'000, 500'000, 10'000'000, 12'500'000, -1},
      {"us.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", 1'100'000, 5'500'000, 110'000, 2'200'000, 2'750'000,
       -1},
      {"vertex_ai/claude-opus-4-5@20251101", "vertex_ai", 5'000'000, 25'000'000, 500'000, 10'000'000, 12'500'000, -1},
      {"gemini-2.5-pro", "google", 1'250'000, 10'000'000, 125'000, -1, 5'000'000, 200'000},
      {"gemini-2.0-flash-lite", "google", 75'000, 300'000, 18'750, -1, -1, -1},
      {"deepseek-chat", "deepseek", 280'000, 420'000, 28'000, -1, -1, -1},
      {"mistral-large-latest", "mistral", 500'000, 1'500'000, 50'000, -1, -1, -1},
      {"grok-3", "xai", 3'000'000, 15'000'000, -1, -1, -1, -1},
      {"command-r-plus-08-2024", "cohere", 2'500'000, 10'000'000, -1, -1, -1, -1},
      {"groq/llama-3.3-70b-versatile", "groq", 590'000, 790'000, -1, -1, -1, -1},
      {"together_ai/deepseek-ai/DeepSeek-R1", "together_ai", 3'000'000, 7'000'000, -1, -1, -1, -1},
      {"fireworks_ai/accounts/fireworks/models/llama-v3p1-405b-instruct", "fireworks_ai", 3'000'000, 3'000'000, -1, -1,
       -1, -1},
  };
  const auto listed = [](std::int64_t picos) {
    return picos < 0 ? std::nullopt : std::optional{Price{Usd::from_picos(picos)}};
  };
  const PriceList list = PriceList::shipped();
  for (const Golden& golden : goldens) {
    const ModelPrice* price = list.find(golden.model);
    ASSERT_NE(price, nullptr) << golden.model;
    EXPECT_EQ(price->model, golden.model);
    EXPECT_EQ(price->vendor, golden.vendor) << golden.model;
    EXPECT_EQ(price->tariff.input.per_token, Usd::from_picos(golden.input)) << golden.model;
    EXPECT_EQ(price->tariff.output.per_token, Usd::from_picos(golden.output)) << golden.model;
    EXPECT_EQ(price->tariff.cached_input, listed(golden.cached)) << golden.model;
    EXPECT_EQ(price->cache_write_1h, listed(golden.written_1h)) << golden.model;
    EXPECT_EQ(price->batch_output, listed(golden.batch_output)) << golden.model;
    EXPECT_EQ(price->first_tier ? price->first_tier->count() : -1, golden.first_tier) << golden.model;
  }
}

TEST(PriceList, has_no_model_that_is_free) {
  const PriceList list = PriceList::shipped();
  for (const ModelPrice& price : list.models()) {
    EXPECT_GT(price.tariff.input.per_token, Usd{}) << price.model;
    EXPECT_EQ(price.batch_input.has_value(), price.batch_output.has_value()) << price.model;
  }
}

TEST(PriceList, finds_what_a_provider_sells_before_what_others_sell_by_the_same_name) {
  const PriceList list = PriceList::of_text(
      R"({"models": {"m": {"input": 4, "output": 10}, "groq/m": {"input": 1, "output": 1}, "together_ai/a/m": {"input": 2, "output": 2}}})",
      "p.json");
  EXPECT_EQ(list.find_at("", "m")->model, "m");
  EXPECT_EQ(list.find_at("openai", "m")->model, "m");
  EXPECT_EQ(list.find_at("GROQ", "m")->model, "groq/m");
  EXPECT_EQ(list.find_at("Together AI", "a/m")->model, "together_ai/a/m");
  EXPECT_EQ(list.find_at("together_ai", "together_ai/a/m")->model, "together_ai/a/m");
  EXPECT_EQ(list.find_at("groq", "n"), nullptr);
}

TEST(PriceList, refuses_a_file_with_errors_by_place) {
  EXPECT_NE(errors_of(R"({"models": {"m": {"input": 4}}})").find("a model needs \"output\""), std::string::npos);
  EXPECT_NE(errors_of(R"({"models": {"m": {"input": -4, "output": 1}}})").find("/models/m/input"), std::string::npos);
  EXPECT_NE(errors_of(R"({"models": {"m": {"input": 4, "output": 1, "cashed_input": 1}}})").find("cached_input"),
            std::string::npos);
  EXPECT_NE(errors_of(R"({"unit": "USD per token", "models": {}})").find("per million"), std::string::npos);
  EXPECT_NE(errors_of("{}").find("needs \"models\""), std::string::npos);
  EXPECT_THROW((void)PriceList::read("/no/such/prices.json"), FileError);
}

TEST(ScenarioPrices, come_from_the_files_own_list_and_an_unlisted_model_is_an_error) {
  const std::string file = R"({"version": 1, "prices": ")" + std::string(kFile) + R"(", "providers": {"a": )";
  const sim::Scenario scenario =
      read_scenario_text(file + R"({"price_usd_per_million": "claude-haiku-4-5"}}})", "s.json");
  EXPECT_EQ(scenario.providers[0].tariffs[0].tariff.output.per_token, Usd::from_picos(5'000'000));
  try {
    (void)read_scenario_text(file + R"({"price_usd_per_million": "claude-haiku-4-6"}}})", "s.json");
    FAIL() << "an unlisted model has a price";
  } catch (const ScenarioError& error) {
    EXPECT_NE(std::string(error.what()).find("claude-haiku-4-5"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::model_prices_test
