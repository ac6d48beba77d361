#include "wire/http/reserved_port.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <utility>
#include <vector>

namespace windtunnel::wire {
namespace {

// A server that takes the port, as a program of a trial does: without SO_REUSEADDR, on any address.
int bound(std::uint16_t number) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(number);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

TEST(ReservedPort, is_free_for_the_program_that_is_told_it) {
  const ReservedPort port;
  const int server = bound(port.number());
  EXPECT_GE(server, 0);
  close(server);
}

TEST(ReservedPort, is_outside_of_what_the_kernel_gives_to_others) {
  unsigned first = 0;
  unsigned last = 0;
  std::ifstream{"/proc/sys/net/ipv4/ip_local_port_range"} >> first >> last;
  if (first < 10'500) GTEST_SKIP() << "the kernel's own range leaves too few ports";
  const ReservedPort port;
  EXPECT_TRUE(port.number() < first || port.number() > last) << port.number();
}

TEST(ReservedPort, is_no_other_reservations_in_this_process_or_another_while_it_lasts) {
  std::vector<ReservedPort> ports(50);
  std::set<std::uint16_t> numbers;
  for (const ReservedPort& port : ports) numbers.insert(port.number());
  EXPECT_EQ(numbers.size(), 50U);
  EXPECT_FALSE(numbers.contains(0));
  // The same process forked begins at other places, so 23,000 in turn go over every port, also these 50.
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 23'000; ++i) {
      const ReservedPort other;
      if (numbers.contains(other.number())) _exit(1);
    }
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(ReservedPort, is_one_that_no_server_has) {
  const ReservedPort first;
  // The next port in order is the next reservation's, unless a server has it.
  const int server = bound(static_cast<std::uint16_t>(first.number() + 1));
  ASSERT_GE(server, 0);
  const ReservedPort second;
  EXPECT_NE(second.number(), first.number() + 1);
  EXPECT_NE(second.number(), 0);
  close(server);
}

TEST(ReservedPort, goes_with_its_object_when_it_is_moved) {
  ReservedPort first;
  const std::uint16_t number = first.number();
  const ReservedPort second = std::move(first);
  EXPECT_EQ(second.number(), number);
  EXPECT_EQ(first.number(), 0);  // NOLINT(bugprone-use-after-move): what is left of it
}

}  // namespace
}  // namespace windtunnel::wire
