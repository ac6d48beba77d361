#include "wire/trial/call_names.h"

#include <algorithm>

#include "wire/trial/request_tag.h"

namespace windtunnel::wire {

std::uint64_t CallNames::within(std::uint32_t workload, std::uint64_t ordinal) const {
  const auto ordinals = loads_[workload].ordinals();
  return ordinals ? ordinal % *ordinals : ordinal;
}

CallNames::Named CallNames::next(std::string_view last_text, std::string_view user) {
  auto tag = tag_in(last_text);
  if (!tag) tag = tag_in(user);
  const auto load =
      tag && !tag->workload.empty()
          ? std::ranges::find_if(loads_, [&](const sim::Load& each) { return each.spec().name == tag->workload; })
          : loads_.begin();
  if (!tag || load == loads_.end()) return {.name = {0, within(0, untagged_++), 0}, .tagged = false};
  const auto workload = static_cast<std::uint32_t>(load - loads_.begin());
  const std::uint32_t attempt = attempts_[{workload, tag->ordinal}]++;
  return {.name = {workload, within(workload, tag->ordinal), attempt}, .tagged = true};
}

}  // namespace windtunnel::wire
