#include "scenarios/import/source/key_list.h"

#include <algorithm>
#include <tuple>

#include "base/visible_text.h"

namespace windtunnel::scenarios {
namespace {

bool is_leaf(const JsonValue& value) { return value.items.empty() && value.members.empty(); }

std::string counted(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

KeyList::KeyList(std::string file, const ConfigText& config) : file_(std::move(file)) {
  collect(config.root, config.root.place, "");
  for (const ReplacedKey& key : config.replaced) {
    entries_.push_back({key.path, key.place, KeyFate::dropped,
                        "the same key at line " + std::to_string(key.by.line) + " replaces it"});
  }
}

void KeyList::collect(const JsonValue& value, Place place, const std::string& path) {
  paths_.emplace(&value, path);
  if (is_leaf(value)) {
    leaves_.emplace(&value, entries_.size());
    entries_.push_back({path, place, {}, {}});
    return;
  }
  const std::string before = path.empty() ? "" : path + ".";
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    collect(value.items[i], value.items[i].place, before + std::to_string(i));
  }
  for (const JsonMember& member : value.members) {
    collect(member.value, member.place, before + path_step(member.key));
  }
}

void KeyList::set(const JsonValue& value, KeyFate fate, const std::string& note) {
  if (const auto leaf = leaves_.find(&value); leaf != leaves_.end()) {
    KeyEntry& entry = entries_[leaf->second];
    if (entry.fate) return;
    entry.fate = fate;
    entry.note = note;
    return;
  }
  for (const JsonValue& item : value.items) set(item, fate, note);
  for (const JsonMember& member : value.members) set(member.value, fate, note);
}

void KeyList::drop_the_rest(const std::string& why) {
  for (KeyEntry& entry : entries_) {
    if (entry.fate) continue;
    entry.fate = KeyFate::dropped;
    entry.note = why;
  }
}

bool KeyList::is_settled(const JsonValue& leaf) const {
  const auto found = leaves_.find(&leaf);
  return found != leaves_.end() && entries_[found->second].fate.has_value();
}

std::size_t KeyList::count(KeyFate fate) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const KeyEntry& entry) { return entry.fate == fate; }));
}

std::string KeyList::text(const std::string& rules) const {
  std::vector<const KeyEntry*> sorted;
  for (const KeyEntry& entry : entries_) sorted.push_back(&entry);
  std::ranges::stable_sort(sorted, [](const KeyEntry* a, const KeyEntry* b) {
    return std::tie(a->place.line, a->place.column) < std::tie(b->place.line, b->place.column);
  });
  std::string text = visible_text(file_) + ": " + counted(entries_.size(), "key") + " by the rules of " + rules + ": " +
                     std::to_string(count(KeyFate::carried)) + " carried, " + std::to_string(count(KeyFate::differs)) +
                     " with a difference, " + std::to_string(count(KeyFate::dropped)) + " not carried; " +
                     counted(assumed_.size(), "assumption") + "\n";
  const auto add_group = [&](KeyFate fate, const char* title, const char* arrow) {
    if (count(fate) == 0) return;
    text += std::string("\n") + title + "\n";
    for (const KeyEntry* entry : sorted) {
      if (entry->fate != fate) continue;
      text += "  " + std::to_string(entry->place.line) + ":" + std::to_string(entry->place.column) + "  " +
              visible_text(entry->path) + arrow + visible_text(entry->note) + "\n";
    }
  };
  add_group(KeyFate::dropped, "not carried", ": ");
  add_group(KeyFate::differs, "carried with a difference", " -> ");
  if (!assumed_.empty()) {
    text += "\nassumed\n";
    for (const std::string& what : assumed_) text += "  " + visible_text(what) + "\n";
  }
  add_group(KeyFate::carried, "carried", " -> ");
  return text;
}

}  // namespace windtunnel::scenarios
