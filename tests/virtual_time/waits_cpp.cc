// Measures timed waits of the C++ library and of Boost.Asio by std::chrono's clocks, one line each: NAME WANTED
// MEASURED, in nanoseconds.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

template <class Wait>
void measure(const char* name, std::chrono::nanoseconds wanted, Wait wait) {
  const auto begun = Clock::now();
  wait(wanted);
  const auto took = std::chrono::nanoseconds(Clock::now() - begun);
  std::printf("%s %ld %ld\n", name, static_cast<long>(wanted.count()), static_cast<long>(took.count()));
}

}  // namespace

int main() {
  for (const std::chrono::nanoseconds wanted : {1'000'000ns, 250'000'000ns, 60'000'000'000ns, 864'000'000'000'000ns}) {
    measure("sleep_for", wanted, [](auto time) { std::this_thread::sleep_for(time); });
    measure("sleep_until", wanted, [](auto time) { std::this_thread::sleep_until(Clock::now() + time); });
    measure("condition_variable", wanted, [](auto time) {
      std::mutex mutex;
      std::condition_variable condition;
      std::unique_lock lock(mutex);
      if (condition.wait_for(lock, time, [] { return false; })) std::abort();
    });
    measure("condition_variable_system_clock", wanted, [](auto time) {
      std::mutex mutex;
      std::condition_variable condition;
      std::unique_lock lock(mutex);
      if (condition.wait_until(lock, std::chrono::system_clock::now() + time, [] { return false; })) std::abort();
    });
    measure("future", wanted, [](auto time) {
      std::promise<int> promise;
      if (promise.get_future().wait_for(time) != std::future_status::timeout) std::abort();
    });
    measure("timed_mutex", wanted, [](auto time) {
      std::timed_mutex mutex;
      mutex.lock();
      std::thread other([&] {
        if (mutex.try_lock_for(time)) std::abort();
      });
      other.join();
      mutex.unlock();
    });
    measure("condition_variable_any", wanted, [](auto time) {
      std::mutex mutex;
      std::condition_variable_any condition;
      std::unique_lock lock(mutex);
      if (condition.wait_for(lock, time, [] { return false; })) std::abort();
    });
    measure("counting_semaphore", wanted, [](auto time) {
      std::counting_semaphore<8> semaphore(0);
      if (semaphore.try_acquire_for(time)) std::abort();
    });
    measure("async", wanted,
            [](auto time) { std::async(std::launch::async, [=] { std::this_thread::sleep_for(time); }).get(); });
    measure("asio_timer", wanted, [](auto time) {
      boost::asio::io_context context;
      boost::asio::steady_timer timer(context, time);
      timer.async_wait([](const boost::system::error_code&) {});
      context.run();
    });
  }
  // A thousand timers, every second of which is cancelled.
  measure("asio_thousand_timers", 999'000'000ns, [](auto) {
    boost::asio::io_context context;
    std::vector<std::unique_ptr<boost::asio::steady_timer>> timers;
    const auto begun = Clock::now();
    for (int i = 0; i < 2000; ++i) {
      const auto due = begun + std::chrono::milliseconds(i / 2);
      timers.push_back(std::make_unique<boost::asio::steady_timer>(context, due));
      timers.back()->async_wait([due](const boost::system::error_code& error) {
        if (!error && Clock::now() != due) std::abort();
      });
      if (i % 2 == 1) timers.back()->cancel();
    }
    context.run();
  });
  return 0;
}
