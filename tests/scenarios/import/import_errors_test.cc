// A configuration that cannot be read, or has no meaning, is an error with file, line, column and remedy; hostile texts
// end in one too.

#include <gtest/gtest.h>

#include <string>

#include "scenarios/import/gateway_import.h"

namespace windtunnel::scenarios::import_errors_test {
namespace {

std::string error_of(GatewayFormat format, const std::string& text) {
  try {
    static_cast<void>(import_gateway({.format = format, .file = "config", .text = text}, PriceList::shipped()));
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

std::string litellm_error(const std::string& text) { return error_of(GatewayFormat::litellm, text); }

void expect_error(const std::string& error, const std::string& place, const std::string& words,
                  const std::string& help) {
  EXPECT_TRUE(error.starts_with(place)) << error;
  EXPECT_NE(error.find(words), std::string::npos) << error;
  EXPECT_NE(error.find("help: " + help), std::string::npos) << error;
}

const std::string kModel = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]\n";

TEST(ImportErrors, bad_yaml_names_the_place) {
  expect_error(litellm_error("a: [1, 2\nb: 3\n"), "config:", "this is no YAML", "see what stands at");
}

TEST(ImportErrors, bad_toml_names_the_place_even_where_the_parser_does_not) {
  const auto error = [](const std::string& text) { return error_of(GatewayFormat::tensorzero, text); };
  expect_error(error("a = 1\nb = \n"), "config:2:5", "this is no TOML", "see what stands at");
  for (const std::string bad : {"[= 1]", "[[= 1]]", "[ ]", "[[]]", "[.a]", "[", "[#]", "= 1", "a. = 1", "[a.=]"}) {
    expect_error(error("a = 1\n\n" + bad + "\n[b]\nc = 2\n"), "config:3:", "this is no TOML", "");
    expect_error(error("a = 1\n\n" + bad), "config:3:", "this is no TOML", "");
  }
  // No blank, though toml++ has no answer to whether it is one.
  for (const std::string word : {"\u00a1", "caf\u00e9", "\u022b", "\u2070", "\ufefe", "\U0001f600"}) {
    expect_error(error("a = 1\n\n" + word + " = 2\n"), "config:3:", "this is no TOML", "see what stands at");
    expect_error(error("a = 1\n\nb." + word + " = 2\n"), "config:3:", "this is no TOML", "see what stands at");
    EXPECT_EQ(error("a = \"" + word + "\" # " + word).find("this is no TOML"), std::string::npos);
  }
}

TEST(ImportErrors, wrong_type_names_key_and_remedy) {
  expect_error(litellm_error("model_list: 5\n"), "config:1:13: model_list", "a list is needed here, not a number",
               "write a list");
  expect_error(litellm_error(kModel + "router_settings:\n  cooldown_time: soon\n"),
               "config:3:18: router_settings.cooldown_time", "\"soon\" is no number", "write a number");
  expect_error(litellm_error(kModel + "router_settings: [a]\n"), "config:2:18: router_settings", "a map is needed here",
               "write keys");
}

TEST(ImportErrors, unknown_strategy_lists_the_known_ones) {
  expect_error(litellm_error(kModel + "router_settings:\n  routing_strategy: round-robin\n"),
               "config:3:21: router_settings.routing_strategy", "\"round-robin\" is no routing strategy",
               "the strategies are");
  expect_error(
      error_of(GatewayFormat::portkey, R"({"strategy": {"mode": "random"}, "targets": [{"provider": "openai"}]})"),
      "config:1:23: strategy.mode", "\"random\" is no mode", "the modes are");
}

TEST(ImportErrors, limits_of_tensorzero_that_it_refuses_are_errors) {
  const auto error = [](const std::string& rule) {
    return error_of(GatewayFormat::tensorzero,
                    "[models.m]\nrouting = [\"p\"]\n[models.m.providers.p]\ntype = \"openai\"\nmodel_name = "
                    "\"gpt-4o\"\n[[rate_limiting.rules]]\n" +
                        rule + "\n");
  };
  EXPECT_EQ(error("always = true\ntokens_per_hour = 5"), "no error");
  expect_error(error("tokens_per_hour = 5"), "config:6:1: rate_limiting.rules.0", "a rule needs \"priority\"",
               "write priority = 0");
  expect_error(error("priority = 1\nalways = true\ntokens_per_hour = 5"), "config:6:1", "not both", "write priority");
  expect_error(error("always = true\ntokens_per_fortnight = 5"), "config:8:", "\"tokens_per_fortnight\" is no limit",
               "the limits are");
  expect_error(error("always = true\nwords_per_hour = 5"), "config:8:", "\"words_per_hour\" is no limit",
               "the limits are");
  expect_error(error("always = true\ntokens_per_hour = {capacity = 5}"),
               "config:8:", "a bucket needs capacity and refill_rate", "write both");
  expect_error(error("always = true\ntokens_per_hour = -5"), "config:8:", "", "");
  expect_error(error("always = true\ntokens_per_hour = 5\nscope = [{tag_key = \"a\"}]"),
               "config:9:", "a scope names a tag and its value, or a key", "write { tag_key");
}

TEST(ImportErrors, missing_names_are_errors) {
  expect_error(litellm_error("litellm_settings: {}\n"), "config:1:1", "model_list is missing",
               "it names what callers ask for");
  expect_error(litellm_error("model_list: [{model_name: a}]\n"), "config:1:14: model_list.0",
               "needs \"litellm_params\"", "write");
  expect_error(litellm_error("model_list: [{model_name: 'openai/*', litellm_params: {model: 'openai/*'}}]\n"),
               "config:1:13", "no entry of model_list names a model", "write the models");
  expect_error(error_of(GatewayFormat::tensorzero,
                        "[models.a]\nrouting = [\"opena\"]\n[models.a.providers.openai]\ntype = \"openai\"\n"),
               "config:2:12: models.a.routing.0", "no provider \"opena\"", "did you mean \"openai\"?");
  expect_error(error_of(GatewayFormat::envoy_ai, "kind: Gateway\n"), "config:1:1", "no AIGatewayRoute",
               "put the route");
}

TEST(ImportErrors, condition_names_a_target_that_exists) {
  expect_error(
      error_of(GatewayFormat::portkey, R"({"strategy": {"mode": "conditional", "conditions": [], "default": "bas"},
 "targets": [{"name": "base", "provider": "openai"}]})"),
      "config:1:", "no target is named \"bas\"", "did you mean \"base\"?");
}

TEST(ImportErrors, alias_inside_of_what_it_names_is_a_cycle) {
  expect_error(litellm_error("model_list: &a [*a]\n"), "config:1:17", "this alias stands inside of what it names",
               "write the value out");
}

TEST(ImportErrors, aliases_of_aliases_do_not_grow_without_bound) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  expect_error(litellm_error(bomb), "config:", "with its aliases expanded", "a configuration holds");
}

TEST(ImportErrors, nesting_is_bounded_in_every_format) {
  const std::string deep(100'000, '[');
  EXPECT_NE(litellm_error("model_list: " + deep), "no error");
  EXPECT_NE(error_of(GatewayFormat::envoy_ai, deep), "no error");
  EXPECT_NE(error_of(GatewayFormat::portkey, deep), "no error");
  EXPECT_NE(error_of(GatewayFormat::tensorzero, "a = " + deep), "no error");
}

TEST(ImportErrors, control_characters_and_bytes_that_are_no_text_name_their_place) {
  expect_error(litellm_error(std::string("model_list:\n  a: \0b\n", 20)), "config:2:6", "a control character (byte 0)",
               "delete it");
  expect_error(litellm_error("a: \x04rest\n"), "config:1:4", "a control character (byte 4)", "delete it");
  expect_error(error_of(GatewayFormat::tensorzero, "a = \"\xff\"\n"), "config:1:6", "no UTF-8", "save the file");
}

TEST(ImportErrors, file_beyond_the_limit_is_refused_unread) {
  EXPECT_NE(litellm_error(std::string(kConfigBytesMax + 1, ' ')).find("larger than 16 MB"), std::string::npos);
}

TEST(ImportErrors, empty_files_and_second_documents_are_errors) {
  EXPECT_NE(litellm_error("").find("the file is empty"), std::string::npos);
  expect_error(litellm_error("a: 1\n---\nb: 2\n"), "config:3:1", "a second document", "give each its own file");
  EXPECT_NE(error_of(GatewayFormat::portkey, ""), "no error");
  EXPECT_NE(error_of(GatewayFormat::tensorzero, ""), "no error");
  EXPECT_NE(error_of(GatewayFormat::envoy_ai, ""), "no error");
}

TEST(Import, version_that_was_not_read_is_named) {
  const ImportedGateway gateway =
      import_gateway({.format = GatewayFormat::litellm, .file = "config", .text = kModel, .semantics = "1.40.0"},
                     PriceList::shipped());
  EXPECT_NE(gateway.keys.find("those of version 1.40.0 were not read for this import"), std::string::npos);
}

TEST(Import, list_prints_no_value) {
  const ImportedGateway gateway = import_gateway(
      {.format = GatewayFormat::litellm,
       .file = "config",
       .text = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o, api_key: sk-secret}}]\n"},
      PriceList::shipped());
  EXPECT_EQ(gateway.keys.find("sk-secret"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::scenarios::import_errors_test
