#pragma once
// What operators.py writes into a copy of a folder: one build holds every operator mutant, and the environment variable
// WINDTUNNEL_MUTANT chooses which of them acts (0 or absent: none). In a constant expression none does.
//
// Each place also notes that it was reached, so that a mutant need only be tried on what comes by. A program's children
// note it in the same memory, and with WINDTUNNEL_REACHED=FILE the program writes the numbers there at its end.

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace mutation {

inline constexpr int kMost = 16384;
inline int chosen = [] {
  const char* const word = std::getenv("WINDTUNNEL_MUTANT");
  return word == nullptr ? 0 : std::atoi(word);
}();
inline bool* const reached =
    static_cast<bool*>(mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

inline const struct AtTheEnd {
  ~AtTheEnd() {
    const char* const name = std::getenv("WINDTUNNEL_REACHED");
    std::FILE* const file = name == nullptr ? nullptr : std::fopen(name, "w");
    if (file == nullptr) return;
    for (int i = 0; i < kMost; ++i) {
      if (reached[i]) std::fprintf(file, "%d ", i);
    }
    std::fclose(file);
  }
} at_the_end;

template <int N>
constexpr bool on() {
  static_assert(N < kMost);
  if (std::is_constant_evaluated()) return false;
  reached[N] = true;
  return chosen == N;
}

template <int N>
constexpr bool negated(bool condition) {
  return condition != on<N>();
}

// One more than it should be.
template <int N, typename T>
constexpr T plus_one(T value) {
  return on<N>() ? static_cast<T>(value + 1) : value;
}

#define WINDTUNNEL_FLIPPED(name, right, wrong)          \
  template <int N, typename A, typename B>              \
  constexpr bool name(const A& a, const B& b) {         \
    return on<N>() ? bool(a wrong b) : bool(a right b); \
  }
WINDTUNNEL_FLIPPED(less, <, <=)
WINDTUNNEL_FLIPPED(less_equal, <=, <)
WINDTUNNEL_FLIPPED(greater, >, >=)
WINDTUNNEL_FLIPPED(greater_equal, >=, >)
WINDTUNNEL_FLIPPED(equal, ==, !=)
WINDTUNNEL_FLIPPED(not_equal, !=, ==)
#undef WINDTUNNEL_FLIPPED

}  // namespace mutation
