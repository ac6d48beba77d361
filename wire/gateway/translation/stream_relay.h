#pragma once
// A provider's stream on its way to the caller: events go in as bytes, the caller's bytes come out, and what the
// pipeline needs is kept: when text began, the usage, how the stream ended.
//
// Between equal dialects each event passes as it came; only a chat's usage is taken out where its caller did not ask
// for it. Into another dialect text passes piece by piece, and calls of tools at the end, when their arguments are
// whole. A stream that ends without its last event has not ended well, however its connection was closed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/gateway/translation/neutral_answer.h"

namespace windtunnel::wire {

class StreamRelay {
 public:
  struct Wish {
    Api from = Api::chat;  // the provider's dialect
    Api to = Api::chat;    // the caller's
    bool wants_usage = false;
    std::string id;     // of the answer, if the dialect changes
    std::string model;  // likewise
    std::int64_t created = 0;
  };
  enum class Trouble : std::uint8_t { none, garbage, error_event };

  StreamRelay() = default;
  explicit StreamRelay(Wish wish);

  // Appends what the caller gets. After trouble, nothing more is appended.
  void put(std::string_view bytes, std::string& out);

  [[nodiscard]] bool has_text() const { return has_text_; }
  // The event that ends an answer has come.
  [[nodiscard]] bool has_end() const { return has_end_; }
  [[nodiscard]] Trouble trouble() const { return trouble_; }
  [[nodiscard]] const NeutralAnswer& answer() const { return answer_; }

 private:
  struct Event;
  void take_event(std::string_view event, std::string& out);
  void take_data(std::string_view type, std::string_view data, std::string_view event, std::string& out);
  void take_text(std::string_view text, std::string& out);
  void take_end(std::string& out);
  void take_chat(const void* root, std::string_view event, std::string& out);
  void take_messages(const void* root, std::string_view type, std::string& out);
  void take_responses(const void* root, std::string_view type, std::string& out);
  void take_usage(Api api, const void* root, const std::string& pointer, monitor::Usage usage);

  Wish wish_;
  std::string unread_;
  NeutralAnswer answer_;
  bool has_begun_ = false;  // of the caller's stream, in another dialect
  bool has_text_ = false;
  bool has_end_ = false;
  Trouble trouble_ = Trouble::none;
};

}  // namespace windtunnel::wire
