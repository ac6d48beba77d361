#pragma once
// Who calls: the key, the team, the user and the tags of each request, for the limits that name them.
//
// A workload names one for all its requests, or a catalogue of which each request draws one: "team-3", "key-7". A key
// belongs to a team: with both, the keys of a team are "team-3/key-7". Draws are by name, in a stream of their own, so
// that callers move no other draw. Without limits no request carries a caller.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/limits/limit.h"
#include "monitor/request.h"
#include "sim/kernel/chance.h"
#include "sim/load/popularity.h"
#include "sim/load/workload.h"

namespace windtunnel::sim {

// Of each catalogue the words of so many numbers are kept; those beyond are made for each request.
inline constexpr std::int64_t kCallerWordsKept = 4096;

class Callers {
 public:
  Callers(const WorkloadSpec& spec, const Chance& chance, const monitor::LimitsConfig& limits);

  [[nodiscard]] bool on() const { return is_on_; }
  // `row`: the listed request that this is, if it is one.
  void fill(std::uint64_t ordinal, const ListedRequest* row, monitor::Request& request) const;

 private:
  // Names with a number, hashed.
  class Words {
   public:
    Words(std::string prefix, const CallerCatalogue& catalogue);
    [[nodiscard]] bool any() const { return popularity_.has_value(); }
    [[nodiscard]] std::uint64_t draw(std::uint64_t bits) const { return word(popularity_->pick(bits)); }
    [[nodiscard]] std::uint32_t draw_number(std::uint64_t bits) const { return popularity_->pick(bits); }
    [[nodiscard]] std::uint64_t word(std::uint32_t number) const;

   private:
    std::string prefix_;
    std::optional<Popularity> popularity_;
    std::vector<std::uint64_t> words_;  // of the first numbers
  };
  struct Tag {
    std::uint64_t fixed = 0;
    std::optional<Words> drawn;
  };

  bool is_on_;
  bool names_users_;
  std::int64_t users_;
  StreamKey stream_;
  std::uint64_t key_;  // of all requests; 0: none, or drawn
  std::uint64_t team_;
  std::string team_name_;
  Words teams_;
  Words keys_;
  std::vector<Words> keys_of_teams_;  // if there are both
  std::vector<Tag> tags_;             // by their place among the tags of limits
};

}  // namespace windtunnel::sim
