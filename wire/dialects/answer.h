#pragma once
// The answer to one call, before a dialect writes it.
//
// Its text shows which call made it and whether all of it arrived: the first token is "call-N" with the number of the
// call in the ledger, and the k-th after it is " k". A text that is whole, in order and of one call is therefore
// "call-17 1 2 3 4", with as many words as the usage has output tokens.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "monitor/request.h"

namespace windtunnel::wire {

struct Answer {
  std::uint64_t call = 0;  // its number in the ledger
  std::string model;
  std::int64_t created = 0;  // seconds since 1970
  monitor::Usage usage;      // of the whole answer
  bool has_usage = true;     // it is sent
  bool is_cut = false;       // by the most tokens that the caller asked for
  std::size_t inputs = 1;    // of embeddings
  bool base64 = false;       // of embeddings
  bool wants_usage = false;  // of a chat's stream
};

// The token of this place, from 0.
[[nodiscard]] std::string token_text(std::uint64_t call, std::int64_t place);
// The first `tokens` of them.
[[nodiscard]] std::string answer_text(std::uint64_t call, Tokens tokens);
// The number of the call whose answer has this id: "17" of "chatcmpl-wt17", "msg_wt17" and "resp_wt17".
[[nodiscard]] std::optional<std::string_view> call_in_id(std::string_view id);

}  // namespace windtunnel::wire
