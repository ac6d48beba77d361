#pragma once
// HTTP/1.1 responses and requests as bytes.

#include <string>
#include <string_view>

#include "base/units.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

// How the end of a body is marked.
enum class Framing : std::uint8_t { length, chunks, close };

// How this head's body is framed for a peer that can read chunks or not.
[[nodiscard]] Framing framing_of(const ResponseHead& head, bool reads_chunks);

// The head of a response with its blank line. `keep_alive`: the connection is used again.
void append_head(std::string& out, const ResponseHead& head, Framing framing, bool keep_alive);
// A piece of a body. An empty one is left out, because an empty chunk would end the body.
void append_body(std::string& out, std::string_view bytes, Framing framing);
// The end of a body that is whole.
void append_end(std::string& out, Framing framing);

// A POST with these headers besides the usual ones, of a JSON body unless they name another content-type.
[[nodiscard]] std::string post_request(std::string_view host, std::string_view target,
                                       const std::vector<HttpHeader>& headers, std::string_view body);
[[nodiscard]] std::string get_request(std::string_view host, std::string_view target);

// "Tue, 20 Jan 2026 10:00:00 GMT", of whole seconds.
[[nodiscard]] std::string http_date(WallTime wall);

[[nodiscard]] std::string_view reason_of(int status);

}  // namespace windtunnel::wire
