#pragma once
// The catalogue of claims that hold in every run: each with the sentence that it states, where the bug was seen in the
// field, and the file that checks it.

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::sim {

enum class CheckId : std::uint8_t {
  B1,
  B2,
  B3,
  B4,
  B5,
  B6,
  B7,
  B8,
  B9,
  B10,
  B11,
  B12,
  F1,
  F2,
  F3,
  F4,
  F5,
  F6,
  F7,
  F8,
  F9,
  F10,
  F11,
  F12,
  F13,
  F14,
  F15,
  F16,
  F17,
  C1,
  C2,
  C3,
  C4,
  C5,
  C6,
  C7,
  C8,
  C9,
  C10,
  C11,
  C12,
  L1,
  L2,
  L3,
  L4,
  L5,
  L6,
  L7,
  H1,
  H2,
  H3,
  H4,
  H5,
  H6,
  H7,
  R1,
  T1,
  T2,
  T3,
  T4,
  T5,
  W1,
  W2,
  Q,
  V1,
  V2,
};
inline constexpr std::size_t kCheckIds = 66;

// What a check of another program needs to see: its callers and its providers; the log that it writes as well; or what
// goes on inside, which only a run of our own pipeline shows.
enum class EvidenceClass : std::uint8_t { wire, log, inside };
const char* name_of(EvidenceClass evidence);

struct CheckEntry {
  CheckId id{};
  std::string_view name;       // "B1"
  std::string_view family;     // "breaker"
  std::string_view sentence;   // what holds
  std::string_view broken_in;  // project and report; empty: none known
  std::string_view where;      // the file that checks it
  // Why no observer of a run can see it; empty: one does, and it can be switched on and off.
  std::string_view elsewhere = {};
};

// In the order of CheckId.
std::span<const CheckEntry> check_registry();
const CheckEntry& entry_of(CheckId id);
EvidenceClass evidence_class_of(CheckId id);
// Nothing: no check has this name.
std::optional<CheckId> check_named(std::string_view name);

// Which checks are on. Only those that an observer checks can be.
class CheckSelection {
 public:
  // {"all"}, {"none"}, or names. Every name must be one of the registry's.
  explicit CheckSelection(const std::vector<std::string>& words);
  [[nodiscard]] bool on(CheckId id) const { return bits_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] bool any() const { return bits_.any(); }
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::bitset<kCheckIds> bits_;
};

}  // namespace windtunnel::sim
