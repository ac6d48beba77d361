#include "wire/clock/wait_words.h"

#include <array>
#include <string_view>

#include "wire/clock/preload/protocol.h"

namespace windtunnel::wire {
namespace {

struct WaitWord {
  std::uint32_t bit;
  std::string_view word;
};

constexpr std::array<WaitWord, 12> kWords{{{WT_EPOLL, "epoll"},
                                           {WT_POLL, "poll or select"},
                                           {WT_SLEEP, "sleep"},
                                           {WT_CONDITION, "condition variable"},
                                           {WT_SEMAPHORE, "semaphore"},
                                           {WT_MUTEX, "timed mutex"},
                                           {WT_FUTEX, "futex"},
                                           {WT_TIMERFD, "timerfd"},
                                           {WT_SIGNAL_TIMER, "timer with a signal"},
                                           {WT_SOCKET, "blocking read or accept"},
                                           {WT_JOIN, "join of a thread"},
                                           {WT_CHILD, "wait for a child"}}};

}  // namespace

std::vector<std::string> wait_words(std::uint32_t kinds) {
  std::vector<std::string> result;
  for (const auto& [bit, word] : kWords) {
    if ((kinds & bit) != 0) result.emplace_back(word);
  }
  return result;
}

}  // namespace windtunnel::wire
