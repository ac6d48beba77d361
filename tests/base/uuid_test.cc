#include "base/uuid.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace windtunnel::inline base::uuid_test {
namespace {

TEST(Uuid, never_changes) {
  EXPECT_EQ(request_uuid(42, RequestId{0}).view(), "47fa1675-17af-4f31-a110-5413de032af7");
  EXPECT_EQ(request_uuid(42, RequestId{1}).view(), "2b62f85a-2c9b-4f30-9ed8-ba4b00620337");
  EXPECT_EQ(request_uuid(43, RequestId{0}).view(), "6011af1f-0333-4f21-8ae9-52b710cb6913");
}

// Written apart from the code: digit by digit.
std::string plain_uuid(std::uint64_t seed, std::uint64_t id) {
  const auto hex = [](std::uint64_t word) {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
    return text;
  };
  const std::string high = hex(stable_hash(id, stable_hash(seed, 0)));
  std::string low = hex(stable_hash(id, stable_hash(seed, 1)));
  low[0] = "89ab"[std::stoi(low.substr(0, 1), nullptr, 16) % 4];
  return high.substr(0, 8) + "-" + high.substr(8, 4) + "-4" + high.substr(13) + "-" + low.substr(0, 4) + "-" +
         low.substr(4);
}

RC_GTEST_PROP(Uuid, is_a_version_4_uuid_of_the_two_hashes, (std::uint64_t seed, std::uint64_t id)) {
  RC_ASSERT(request_uuid(seed, RequestId{id}).view() == plain_uuid(seed, id));
}

TEST(Uuid, differs_from_request_to_request_and_from_seed_to_seed) {
  std::set<std::string_view> seen;
  std::vector<Uuid> uuids;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t id = 0; id < 1'000; ++id) uuids.push_back(request_uuid(seed, RequestId{id}));
  }
  for (const Uuid& uuid : uuids) seen.insert(uuid.view());
  EXPECT_EQ(seen.size(), uuids.size());
}

}  // namespace
}  // namespace windtunnel::inline base::uuid_test
