#pragma once
// Which variant a user belongs to, from the documented hash: FNV-1a over the experiment's name, mixed, salts the user's
// word; the result is a point on the line of the weights. Written apart from the router.

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "sim/models/hash_finisher.h"

namespace windtunnel::sim {

class RoutingModel {
 public:
  RoutingModel(std::string_view experiment, std::vector<std::int64_t> weights) : weights_(std::move(weights)) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char byte : experiment) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
    salt_ = finish_hash(hash);
    for (const std::int64_t weight : weights_) total_ += static_cast<std::uint64_t>(weight);
  }

  [[nodiscard]] bool has_variants() const { return !weights_.empty(); }
  [[nodiscard]] std::uint16_t variant_of(std::uint64_t user) const {
    const std::uint64_t hash = finish_hash(finish_hash(user + 11400714819323198485U) + salt_);
    const auto point = static_cast<std::uint64_t>(Uint128{hash} * total_ >> 64);
    // As many variants end at or before the point; without a branch, because users come in no order that could be
    // predicted.
    std::uint64_t end = 0;
    std::uint16_t before = 0;
    for (const std::int64_t weight : weights_) {
      end += static_cast<std::uint64_t>(weight);
      before = static_cast<std::uint16_t>(before + (point >= end ? 1 : 0));
    }
    return before;
  }

 private:
  std::vector<std::int64_t> weights_;
  std::uint64_t salt_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace windtunnel::sim
