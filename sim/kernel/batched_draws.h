#pragma once
// Draws and samples of 32 consecutive indices, made together. Each value is the one that draw() and sample() give for
// its index alone, to the last bit; made in a row they do not wait for each other, and where the processor has wide
// registers several are made at once. No value depends on its row.

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/kernel/chance.h"
#include "sim/kernel/law.h"

namespace windtunnel::sim {

inline constexpr std::size_t kRowLength = 32;
using RowBits = std::array<std::uint64_t, kRowLength>;
using RowValues = std::array<double, kRowLength>;

// As Draw: two words for each index.
struct DrawRow {
  RowBits a;
  RowBits b;
};

// draw(stream, first + i) for each i.
void draw_row(StreamKey stream, std::uint64_t first, DrawRow& row);
// sample(law, bits[i]) for each i.
void sample_row(const Law& law, const RowBits& bits, RowValues& values);

// The rows of something that is asked for index by index, nearly in order: keeps the latest one.
template <typename Row>
class RowAhead {
 public:
  // The row that holds this index, at place_of(index). `make(first, row)` fills a new one.
  template <typename Make>
  const Row& row_of(std::uint64_t index, const Make& make) {
    const std::uint64_t number = index / kRowLength;
    if (number != number_) [[unlikely]] {
      number_ = number;
      make(number * kRowLength, row_);
    }
    return row_;
  }
  static constexpr std::size_t place_of(std::uint64_t index) { return static_cast<std::size_t>(index % kRowLength); }

 private:
  std::uint64_t number_ = UINT64_MAX;
  Row row_;
};

}  // namespace windtunnel::sim
