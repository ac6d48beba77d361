#pragma once
// The bytes of an answer in the words of the interface that was called. Pure functions.

#include <string>
#include <string_view>

#include "wire/dialects/answer.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kEventStream = "text/event-stream; charset=utf-8";

[[nodiscard]] std::string whole_answer(Api api, const Answer& answer);

// A stream in three parts: what comes before the first token, each token by its place, and the end.
[[nodiscard]] std::string stream_begin(Api api, const Answer& answer);
[[nodiscard]] std::string stream_token(Api api, const Answer& answer, std::int64_t place);
[[nodiscard]] std::string stream_end(Api api, const Answer& answer);
// An event that is no JSON in the place of a token.
[[nodiscard]] std::string spoilt_token(Api api, const Answer& answer, std::int64_t place);
// An error after the stream has begun.
[[nodiscard]] std::string stream_error(Api api);

// A whole answer as a 200 that is no answer: JSON that breaks off.
[[nodiscard]] std::string spoilt_answer(Api api, const Answer& answer);

// The list of models that a provider offers, and one of them.
[[nodiscard]] std::string model_list(std::string_view model, std::int64_t created);
[[nodiscard]] std::string model_entry(std::string_view model, std::int64_t created);

}  // namespace windtunnel::wire
