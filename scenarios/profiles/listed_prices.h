#pragma once
// The parts of the shipped price list, in the order of data/prices.json. A part is a table of its own, because the list
// is too long for one file.

#include <span>

#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {

std::span<const ListedPrice> openai_prices();
std::span<const ListedPrice> azure_prices();
std::span<const ListedPrice> claude_prices();
std::span<const ListedPrice> bedrock_prices();
std::span<const ListedPrice> vendor_prices();
std::span<const ListedPrice> hosted_prices();

}  // namespace windtunnel::scenarios
