#include "reports/files/writer_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace windtunnel::reports::writer_thread_test {
namespace {

using namespace std::chrono_literals;

// Hands in a buffer that begins with `text`.
void hand_in(WriterThread& writer, Buffer& buffer, const std::string& text) {
  std::copy(text.begin(), text.end(), buffer.bytes.get());
  writer.exchange(buffer, text.size());
}

TEST(WriterThread, writes_what_it_was_given_in_order_and_on_another_thread) {
  std::string written;
  std::thread::id by;
  std::string expected;
  WriterThread writer{16, [&](std::string_view bytes) {
                        written += bytes;
                        by = std::this_thread::get_id();
                      }};
  Buffer buffer{16};
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i) + ";";
    hand_in(writer, buffer, text);
    expected += text;
  }
  writer.wait();
  EXPECT_EQ(written, expected);
  EXPECT_NE(by, std::this_thread::get_id());
}

TEST(WriterThread, lets_its_owner_fill_one_buffer_while_the_other_is_written_and_no_more) {
  std::atomic<bool> may_write = false;
  std::atomic<int> written = 0;
  std::atomic<int> handed_in = 0;
  WriterThread writer{16, [&](std::string_view) {
                        may_write.wait(false);
                        ++written;
                      }};
  std::thread owner{[&] {
    Buffer buffer{16};
    for (int i = 0; i < 2; ++i) {
      hand_in(writer, buffer, "x");
      ++handed_in;
    }
  }};
  while (handed_in == 0) std::this_thread::yield();
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(handed_in, 1);
  EXPECT_EQ(written, 0);
  may_write = true;
  may_write.notify_all();
  owner.join();
  writer.wait();
  EXPECT_EQ(written, 2);
}

TEST(WriterThread, writes_what_it_still_holds_when_it_ends) {
  std::string written;
  {
    WriterThread writer{16, [&](std::string_view bytes) {
                          std::this_thread::sleep_for(5ms);
                          written += bytes;
                        }};
    Buffer buffer{16};
    hand_in(writer, buffer, "last");
  }
  EXPECT_EQ(written, "last");
}

TEST(WriterThread, what_it_throws_comes_out_of_every_later_call_and_nothing_more_is_written) {
  int written = 0;
  WriterThread writer{16, [&](std::string_view) {
                        ++written;
                        throw std::runtime_error("full");
                      }};
  Buffer buffer{16};
  hand_in(writer, buffer, "a");
  EXPECT_THROW(writer.wait(), std::runtime_error);
  EXPECT_THROW(hand_in(writer, buffer, "b"), std::runtime_error);
  EXPECT_THROW(writer.wait(), std::runtime_error);
  EXPECT_EQ(written, 1);
}

TEST(WriterThread, ends_though_it_was_given_nothing) {
  WriterThread writer{16, [](std::string_view) { FAIL() << "nothing was handed in"; }};
  writer.wait();
}

}  // namespace
}  // namespace windtunnel::reports::writer_thread_test
