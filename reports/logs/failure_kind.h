#pragma once
// What a failed call ended with, by what other programs write of it.
//
// An HTTP status of 400 or more decides, else the name of an error: a word of ours, the class of a library's exception
// ("openai.APITimeoutError", "litellm.Timeout: ..."), or a short sentence ("Connection error."). What else a long text
// says is not read, but for "timed out".

#include <optional>

#include "monitor/request.h"
#include "reports/logs/log_row.h"

namespace windtunnel::reports {

// Of a row without an answer; never ok. Nothing: the row does not show it.
[[nodiscard]] std::optional<monitor::ReplyKind> failure_kind(const LogRow& row);

}  // namespace windtunnel::reports
