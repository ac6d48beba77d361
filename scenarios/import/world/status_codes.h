#pragma once
// HTTP statuses as a gateway's configuration names them, as kinds of replies.
//
// A simulated reply has a kind and no status. The statuses of one kind mean the same, so that a set is carried exactly
// only if it names all of those that the kind stands for or may well answer with.

#include <cstdint>
#include <string>

#include "monitor/breaker/reply_kind.h"
#include "scenarios/import/source/config_reading.h"

namespace windtunnel::scenarios {

// Empty: no kind of reply has this status.
[[nodiscard]] monitor::ReplySet kinds_of_status(std::int64_t status);

// A list of statuses; lists each as carried to `to`, with a difference, or not carried.
[[nodiscard]] monitor::ReplySet read_statuses(const JsonValue& codes, const std::string& to, ConfigReading& in);

// Kinds that a gateway sees as an answer with status 200: it passes them on as they are.
[[nodiscard]] monitor::ReplySet unseen_by_status();

}  // namespace windtunnel::scenarios
