#pragma once
// The text of a gateway's configuration as a tree, whatever its format: keys, values, and the place of each.
//
// A tree of JSON values serves for YAML and TOML too, because all three hold maps, lists and scalars. What is peculiar
// to a format is settled here, as the gateway's own loader settles it:
//   YAML   aliases and merge keys ("<<") are expanded, and what they bring stands at the place of the alias. Plain
//          scalars have the types of YAML 1.1, which PyYAML reads. Of two equal keys the later one counts. Several
//          documents are the items of a list.
//   TOML   dates are strings.
//   JSON   comments are allowed.
// A text beyond 16 MB, 64 levels or 200,000 values (with the expanded aliases), with control characters or broken UTF-8
// is an error.

#include <cstddef>
#include <string>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

inline constexpr std::size_t kConfigBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kConfigDepthMax = 64;
inline constexpr std::size_t kConfigValuesMax = 200'000;

// A key that a later one of the same name replaces.
struct ReplacedKey {
  std::string path;
  Place place;
  Place by;
};

struct ConfigText {
  JsonValue root;
  std::vector<ReplacedKey> replaced;
};

// Whether the text can be read at all; reports what is wrong with it.
bool check_config_text(Diagnostics& diagnostics);

// Each throws ScenarioError at the first place that cannot be read. Of YAML the root is the list of its documents.
ConfigText read_yaml(Diagnostics& diagnostics);
ConfigText read_toml(Diagnostics& diagnostics);
ConfigText read_json_config(Diagnostics& diagnostics);

// The step of a path: "model_list", "0", or "\"a.b\"" where a key holds a dot.
std::string path_step(std::string_view key);

// A column in code points of one that counts bytes. Both count from 1.
int column_of(std::string_view text, int line, int byte_column);

}  // namespace windtunnel::scenarios
