#include "scenarios/profiles/profiles.h"

#include <gtest/gtest.h>

#include <string>

#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::scenarios::profiles_test {
namespace {

using sim::Law;

JsonValue data(const std::string& file) {
  const std::string path = std::string(WINDTUNNEL_ROOT) + "/scenarios/data/" + file;
  Diagnostics diagnostics(path, read_whole_file(path));
  JsonValue value = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  return value;
}

const JsonValue& at(const JsonValue& json, const std::string& key) {
  const JsonMember* member = json.find(key);
  if (member == nullptr) throw std::runtime_error("no " + key);
  return member->value;
}

TEST(ListedTariff, recognizes_what_it_lists_and_nothing_else) {
  EXPECT_EQ(listed_tariff("gpt-4o")->input.per_token, Usd::from_picos(2'500'000));
  EXPECT_EQ(listed_tariff("gpt-4o")->output.per_token, Usd::from_picos(10'000'000));
  EXPECT_FALSE(listed_tariff("gpt-4o "));
}

TEST(Profiles, all_of_the_list_exist_and_name_their_source) {
  EXPECT_EQ(profiles().size(), 5U);
  for (const ProfileInfo& info : profiles()) {
    const auto spec = profile(info.name);
    ASSERT_TRUE(spec) << info.name;
    EXPECT_EQ(spec->profile, info.name);
    EXPECT_EQ(spec->tariffs.size(), 1U);
    EXPECT_FALSE(info.status.empty());
    EXPECT_TRUE(spec->name.empty());
  }
  EXPECT_FALSE(profile("seed/gpt-5"));
  EXPECT_FALSE(profile(""));
}

TEST(Profiles, of_the_seed_are_its_mocks) {
  const auto gpt = *profile("seed/gpt-4");
  EXPECT_EQ(gpt.time_to_first_token, Law::uniform(1e9, 1.7e9));
  EXPECT_EQ(gpt.time_per_output_token, Law::fixed(0));
  EXPECT_EQ(gpt.tariffs[0].tariff.input.per_token, Usd::from_picos(30'000'000));
  EXPECT_EQ(gpt.tariffs[0].tariff.output.per_token, Usd::from_picos(60'000'000));
  const auto claude = *profile("seed/claude-3-5-sonnet");
  EXPECT_EQ(claude.time_to_first_token, Law::uniform(6e8, 1.3e9));
  EXPECT_EQ(claude.tariffs[0].tariff.input.per_token, Usd::from_picos(3'000'000));
  EXPECT_EQ(claude.tariffs[0].tariff.output.per_token, Usd::from_picos(15'000'000));
}

Law lognormal_of(const JsonValue& json, double unit_ns) {
  return Law::lognormal(std::stod(at(json, "mu").text) + sim::log(unit_ns), std::stod(at(json, "sigma").text));
}

TEST(Profiles, that_were_measured_are_the_data_file) {
  const JsonValue json = data("provider_profiles.json");
  for (const auto& [name, key] :
       {std::pair{"measured/gpt-4", "openai/gpt-4"}, std::pair{"measured/gpt-4o", "openai/gpt-4o"},
        std::pair{"measured/claude-3-5-sonnet", "anthropic/claude-3-5-sonnet"}}) {
    const JsonValue& measured = at(at(json, "providers"), key);
    const auto spec = *profile(name);
    EXPECT_EQ(spec.time_to_first_token, lognormal_of(at(measured, "ttft_ln_s"), 1e9)) << name;
    EXPECT_EQ(spec.time_per_output_token, lognormal_of(at(measured, "tpot_ln_s"), 1e9)) << name;
  }
}

TEST(Profiles, outages_that_were_measured_are_the_data_file) {
  const JsonValue json = data("provider_profiles.json");
  for (const auto& [vendor, key] : {std::pair{"openai", "openai_api"}, std::pair{"anthropic", "anthropic_api"}}) {
    const JsonValue& page = at(at(at(json, "outages"), key), "uptime_page_outages");
    const auto outages = *measured_outages(vendor);
    EXPECT_EQ(outages.up, Law::exponential(std::stod(at(page, "mean_days_between").text) * 86400e9));
    EXPECT_EQ(outages.down, lognormal_of(at(page, "minutes_ln"), 60e9));
    const double major = std::stod(at(page, "share_major").text);
    EXPECT_NEAR(outages.severity, major + (1 - major) * std::stod(at(page, "error_rate_partial").text), 1e-9);
    // What the laws say about availability is what the page published, within a day's rounding.
    const double down_share = outages.severity * outages.down.mean() / outages.up.mean();
    EXPECT_NEAR(1 - down_share, std::stod(at(page, "published_availability").text), 0.001) << vendor;
  }
  EXPECT_FALSE(measured_outages("mistral"));
}

TEST(Profiles, name_the_vendor_of_a_provider) {
  sim::ProviderSpec spec;
  EXPECT_EQ(vendor_of(*profile("measured/claude-3-5-sonnet")), "anthropic");
  EXPECT_EQ(vendor_of(*profile("seed/gpt-4")), "openai");
  spec.name = "anthropic";
  spec.model = "own";
  EXPECT_EQ(vendor_of(spec), "anthropic");
  spec.name = "own";
  EXPECT_EQ(vendor_of(spec), "");
}

}  // namespace
}  // namespace windtunnel::scenarios::profiles_test
