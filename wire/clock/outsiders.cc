#include "wire/clock/outsiders.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace windtunnel::wire {

void Outsiders::saw(pid_t process, bool is_asleep, Clock::time_point now) {
  auto unheard = std::ranges::find(unheard_, process, &Unheard::process);
  if (unheard == unheard_.end()) unheard = unheard_.insert(unheard_.end(), Unheard{.process = process, .awake = now});
  if (!is_asleep) *unheard = {.process = process, .awake = now, .is_named = unheard->is_named};
  if (is_asleep) ++unheard->times_asleep;
  const bool waits = now - unheard->awake >= kAsleepFor && unheard->times_asleep >= kTimesAsleep;
  if (unheard->is_named || !waits) return;
  unheard->is_named = true;
  std::error_code unreadable;
  std::string file = std::filesystem::read_symlink("/proc/" + std::to_string(process) + "/exe", unreadable).string();
  if (std::ranges::find(files_, file) == files_.end()) files_.push_back(std::move(file));
}

}  // namespace windtunnel::wire
