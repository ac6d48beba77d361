#pragma once
// Performs many tasks on several threads and hands out their results in the order of the tasks, so that what is made of
// them does not depend on the number of threads.
//
//   InOrder<RunResult> runs{seeds, jobs, [&](std::uint64_t place) { return run_of(first + place); }};
//   while (std::optional<RunResult> result = runs.take()) use(*result);
//
// Where fewer threads can be started than were asked for, the others do all the work; where none can be, take() does
// it. What a task throws, such as that memory is used up, comes out of take().
//
// Workers stay at most a window of 16 results a thread ahead of what was taken, so that memory does not grow with the
// number of tasks.

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace windtunnel::inline base {

template <typename Result>
class InOrder {
 public:
  // `work` is called on several threads at once, once for each place from 0 to tasks - 1; places are begun in order. 0
  // jobs count as 1.
  InOrder(std::uint64_t tasks, std::uint64_t jobs, std::function<Result(std::uint64_t)> work)
      : tasks_(tasks), work_(std::move(work)) {
    const std::uint64_t workers = std::clamp<std::uint64_t>(jobs, 1, std::max<std::uint64_t>(tasks, 1));
    window_.resize(workers * 16);
    threads_.reserve(workers);
    try {
      for (std::uint64_t i = 0; i < workers; ++i) threads_.emplace_back([this] { perform(); });
    } catch (const std::exception&) {
      // The limit of threads or of memory is reached.
    }
  }
  // Waits for the tasks that are under way.
  ~InOrder() { give_up(); }
  InOrder(const InOrder&) = delete;
  InOrder& operator=(const InOrder&) = delete;

  // Begins no further task. Those under way are ended and can be taken. May be called from `work`.
  void give_up() {
    const std::lock_guard lock{mutex_};
    given_up_ = true;
    changed_.notify_all();
  }

  // The result of the next place, waited for; nothing: all were taken, or this one was not begun.
  std::optional<Result> take() {
    if (threads_.empty()) perform_next();
    std::unique_lock lock{mutex_};
    std::optional<Result>& place = window_[taken_ % window_.size()];
    changed_.wait(lock, [&] { return place || error_ || taken_ == tasks_ || (given_up_ && taken_ >= begun_); });
    if (!place && error_) std::rethrow_exception(error_);
    if (!place) return std::nullopt;
    ++taken_;
    changed_.notify_all();
    return std::exchange(place, std::nullopt);
  }

 private:
  void perform() {
    while (perform_next()) {
    }
  }

  // False: there is nothing left to begin.
  bool perform_next() {
    std::uint64_t place = 0;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return given_up_ || begun_ == tasks_ || begun_ < taken_ + window_.size(); });
      if (given_up_ || begun_ == tasks_) return false;
      place = begun_++;
    }
    std::optional<Result> result;
    std::exception_ptr error;
    try {
      result = work_(place);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock{mutex_};
    window_[place % window_.size()] = std::move(result);
    if (error) {
      given_up_ = true;
      error_ = error;
    }
    changed_.notify_all();
    return true;
  }

  std::uint64_t tasks_;
  std::function<Result(std::uint64_t)> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Result>> window_;  // of place p at p % size
  std::uint64_t begun_ = 0;
  std::uint64_t taken_ = 0;
  bool given_up_ = false;
  std::exception_ptr error_;           // of the latest task that threw
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

}  // namespace windtunnel::inline base
