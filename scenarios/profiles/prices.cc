// The price list of data/prices.json, compiled in so that the program needs no file beside it. A test holds them equal.

#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

// Pico-dollars a token.
constexpr ListedPrice kPrices[] = {
    {"gpt-4", "openai", 30000000, 60000000},
    {"gpt-4-0613", "openai", 30000000, 60000000},
    {"gpt-4-32k", "openai", 60000000, 120000000},
    {"gpt-4-turbo", "openai", 10000000, 30000000},
    {"gpt-4-turbo-2024-04-09", "openai", 10000000, 30000000},
    {"gpt-4-1106-preview", "openai", 10000000, 30000000},
    {"gpt-4-0125-preview", "openai", 10000000, 30000000},
    {"gpt-4o", "openai", 2500000, 10000000},
    {"gpt-4o-2024-05-13", "openai", 5000000, 15000000},
    {"gpt-4o-2024-08-06", "openai", 2500000, 10000000},
    {"gpt-4o-mini", "openai", 150000, 600000},
    {"gpt-3.5-turbo", "openai", 1500000, 2000000},
    {"gpt-3.5-turbo-0125", "openai", 500000, 1500000},
    {"gpt-3.5-turbo-1106", "openai", 1000000, 2000000},
    {"o1", "openai", 15000000, 60000000},
    {"o1-mini", "openai", 1100000, 4400000},
    {"o3-mini", "openai", 1100000, 4400000},
    {"gpt-4.1", "openai", 2000000, 8000000},
    {"gpt-4.1-mini", "openai", 400000, 1600000},
    {"gpt-4.1-nano", "openai", 100000, 400000},
    {"claude-3-5-sonnet-20240620", "anthropic", 3000000, 15000000},
    {"claude-3-5-sonnet-20241022", "anthropic", 3000000, 15000000},
    {"claude-3-opus-20240229", "anthropic", 15000000, 75000000},
    {"claude-3-haiku-20240307", "anthropic", 250000, 1250000},
    {"claude-3-5-haiku-20241022", "anthropic", 800000, 4000000},
    {"claude-3-7-sonnet-20250219", "anthropic", 3000000, 15000000},
    {"claude-sonnet-4-20250514", "anthropic", 3000000, 15000000},
    {"claude-opus-4-20250514", "anthropic", 15000000, 75000000},
};

}  // namespace

std::span<const ListedPrice> price_list() { return kPrices; }

}  // namespace windtunnel::scenarios
