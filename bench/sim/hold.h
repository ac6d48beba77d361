#pragma once
// HOLD, the usual measure of an event list: with so many events pending, take the first and schedule another one an
// exponential delay later. The delays are drawn beforehand, so that only the list is measured.

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/kernel/chance.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::bench {

class HoldDelays {
 public:
  HoldDelays() {
    const sim::StreamKey stream = sim::Chance{1}.stream("hold");
    for (std::size_t i = 0; i < delays_.size(); ++i) {
      delays_[i] = 1 + static_cast<std::int64_t>(sim::exponential(sim::unit_open(sim::draw(stream, i).a), 1e9));
    }
  }
  [[nodiscard]] std::int64_t next() { return delays_[next_++ % delays_.size()]; }

 private:
  std::array<std::int64_t, 4096> delays_{};
  std::size_t next_ = 0;
};

}  // namespace windtunnel::bench
