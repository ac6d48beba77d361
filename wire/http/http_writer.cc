#include "wire/http/http_writer.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>
#include <utility>

namespace windtunnel::wire {

Framing framing_of(const ResponseHead& head, bool reads_chunks) {
  if (head.length) return Framing::length;
  return reads_chunks ? Framing::chunks : Framing::close;
}

void append_head(std::string& out, const ResponseHead& head, Framing framing, bool keep_alive) {
  auto end = std::back_inserter(out);
  fmt::format_to(end, "HTTP/1.1 {} {}\r\n", head.status, reason_of(head.status));
  if (!head.content_type.empty()) fmt::format_to(end, "content-type: {}\r\n", head.content_type);
  for (const HttpHeader& header : head.headers) fmt::format_to(end, "{}: {}\r\n", header.name, header.value);
  if (framing == Framing::length) fmt::format_to(end, "content-length: {}\r\n", head.length.value_or(0));
  if (framing == Framing::chunks) out += "transfer-encoding: chunked\r\n";
  out += keep_alive && framing != Framing::close ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
}

void append_body(std::string& out, std::string_view bytes, Framing framing) {
  if (bytes.empty()) return;
  if (framing == Framing::chunks) fmt::format_to(std::back_inserter(out), "{:x}\r\n", bytes.size());
  out += bytes;
  if (framing == Framing::chunks) out += "\r\n";
}

void append_end(std::string& out, Framing framing) {
  if (framing == Framing::chunks) out += "0\r\n\r\n";
}

std::string post_request(std::string_view host, std::string_view target, const std::vector<HttpHeader>& headers,
                         std::string_view body) {
  std::string out = fmt::format("POST {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\nconnection: keep-alive\r\n",
                                target, host, body.size());
  if (header_of(headers, "content-type").empty()) out += "content-type: application/json\r\n";
  for (const HttpHeader& header : headers)
    fmt::format_to(std::back_inserter(out), "{}: {}\r\n", header.name, header.value);
  return out.append("\r\n").append(body);
}

std::string get_request(std::string_view host, std::string_view target) {
  return fmt::format("GET {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", target, host);
}

std::string http_date(WallTime wall) {
  using std::chrono::days;
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_time<Duration> time{wall.time_since_epoch()};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string_view reason_of(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 14> kReasons = {{{200, "OK"},
                                                                          {400, "Bad Request"},
                                                                          {401, "Unauthorized"},
                                                                          {404, "Not Found"},
                                                                          {405, "Method Not Allowed"},
                                                                          {408, "Request Timeout"},
                                                                          {413, "Content Too Large"},
                                                                          {415, "Unsupported Media Type"},
                                                                          {429, "Too Many Requests"},
                                                                          {431, "Request Header Fields Too Large"},
                                                                          {500, "Internal Server Error"},
                                                                          {502, "Bad Gateway"},
                                                                          {503, "Service Unavailable"},
                                                                          {529, "Overloaded"}}};
  for (const auto& [known, reason] : kReasons) {
    if (known == status) return reason;
  }
  return "Unknown";
}

}  // namespace windtunnel::wire
