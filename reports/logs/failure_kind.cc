#include "reports/logs/failure_kind.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "monitor/breaker/reply_kind.h"
#include "reports/logs/word_named.h"

namespace windtunnel::reports {
namespace {

using monitor::ReplyKind;

// The beginning of a text up to its first colon is the name of an error if it has no more words.
constexpr std::ptrdiff_t kWordsOfName = 5;

struct ErrorWord {
  std::string_view word;
  ReplyKind kind;
};

// In this order, because some libraries' timeouts are connection errors, and their rate limits client errors.
constexpr std::array kNamesOfErrors{
    ErrorWord{"timeout", ReplyKind::timeout},
    ErrorWord{"timedout", ReplyKind::timeout},
    ErrorWord{"deadlineexceeded", ReplyKind::timeout},
    ErrorWord{"ratelimit", ReplyKind::rate_limited},
    ErrorWord{"toomanyrequests", ReplyKind::rate_limited},
    ErrorWord{"throttl", ReplyKind::rate_limited},
    ErrorWord{"resourceexhausted", ReplyKind::rate_limited},
    ErrorWord{"overloaded", ReplyKind::overloaded},
    ErrorWord{"authenti", ReplyKind::auth_or_quota},
    ErrorWord{"permissiondenied", ReplyKind::auth_or_quota},
    ErrorWord{"unauthorized", ReplyKind::auth_or_quota},
    ErrorWord{"insufficientquota", ReplyKind::auth_or_quota},
    ErrorWord{"budgetexceeded", ReplyKind::auth_or_quota},
    ErrorWord{"badrequest", ReplyKind::client_error},
    ErrorWord{"invalidrequest", ReplyKind::client_error},
    ErrorWord{"notfound", ReplyKind::client_error},
    ErrorWord{"unprocessable", ReplyKind::client_error},
    ErrorWord{"unsupportedparams", ReplyKind::client_error},
    ErrorWord{"contextwindow", ReplyKind::client_error},
    ErrorWord{"contextlength", ReplyKind::client_error},
    ErrorWord{"contentpolicy", ReplyKind::client_error},
    ErrorWord{"contentfilter", ReplyKind::client_error},
    ErrorWord{"connection", ReplyKind::connection_error},
    ErrorWord{"connecterror", ReplyKind::connection_error},
    ErrorWord{"connectexception", ReplyKind::connection_error},
    ErrorWord{"unknownhost", ReplyKind::connection_error},
    ErrorWord{"internalserver", ReplyKind::server_error},
    ErrorWord{"serviceunavailable", ReplyKind::server_error},
    ErrorWord{"badgateway", ReplyKind::server_error},
    ErrorWord{"servererror", ReplyKind::server_error},
};

ReplyKind kind_of(int status) {
  constexpr int kOverloaded = 529;
  if (status == 408 || status == 504) return ReplyKind::timeout;
  if (status == 429) return ReplyKind::rate_limited;
  if (status == 401 || status == 402 || status == 403) return ReplyKind::auth_or_quota;
  if (status == kOverloaded) return ReplyKind::overloaded;
  return status < 500 ? ReplyKind::client_error : ReplyKind::server_error;
}

// Lower-case letters only, so that "rate_limit", "Rate limit" and "RateLimit" are one.
std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char letter : text) {
    if (letter >= 'a' && letter <= 'z') letters += letter;
    if (letter >= 'A' && letter <= 'Z') letters += static_cast<char>(letter - 'A' + 'a');
  }
  return letters;
}

std::optional<ReplyKind> kind_named(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(": "));
  if (std::ranges::count(name, ' ') < kWordsOfName) {
    const std::string letters = letters_of(name);
    for (const ErrorWord& word : kNamesOfErrors) {
      if (letters.find(word.word) != std::string::npos) return word.kind;
    }
  }
  return letters_of(text).find("timedout") != std::string::npos ? std::optional{ReplyKind::timeout} : std::nullopt;
}

}  // namespace

std::optional<ReplyKind> failure_kind(const LogRow& row) {
  constexpr int kFailures = 400;
  if (row.status && *row.status >= kFailures) return kind_of(*row.status);
  const auto word = word_named<ReplyKind, monitor::kReplyKinds>(row.error);
  return word && word != ReplyKind::ok ? word : kind_named(row.error);
}

}  // namespace windtunnel::reports
