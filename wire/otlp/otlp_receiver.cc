#include "wire/otlp/otlp_receiver.h"

#include <fmt/format.h>

#include <utility>

#include "wire/dialects/api.h"
#include "wire/http/gzip.h"
#include "wire/http/http_writer.h"

namespace windtunnel::wire {
namespace {

constexpr const char* kAddress = "127.0.0.1";

}  // namespace

std::optional<std::string> OtlpReceiver::listen() {
  const SocketLoop::Listening listening = loop_.listen(kAddress, 0, *this);
  if (!listening.problem.empty()) {
    return fmt::format("cannot listen on {} for spans: {}", kAddress, listening.problem);
  }
  url_ = fmt::format("http://{}:{}", kAddress, listening.port);
  return std::nullopt;
}

void OtlpReceiver::on_accepted(ConnectionId connection, std::size_t /*listener*/) {
  connections_.emplace(connection, RequestReader{});
}

void OtlpReceiver::on_bytes(ConnectionId connection, std::string_view bytes) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  RequestReader& reader = found->second;
  reader.put(bytes);
  while (const auto request = reader.take()) {
    send(connection, answer_to(*request), request->keep_alive);
    if (!connections_.contains(connection)) return;
  }
  if (const auto& problem = reader.problem()) {
    send(connection, refuse(problem->status, OtlpForm::json, problem->text), false);
  } else if (reader.wants_continue()) {
    loop_.send(connection, "HTTP/1.1 100 Continue\r\n\r\n");
  }
}

void OtlpReceiver::on_left(ConnectionId connection) { connections_.erase(connection); }

OtlpReceiver::Answer OtlpReceiver::answer_to(const HttpRequest& request) {
  const std::optional<OtlpForm> stated = otlp_form_of(header_of(request.headers, "content-type"));
  const OtlpForm form = stated.value_or(OtlpForm::json);
  const std::string_view path = path_of(request.target);
  const bool is_other = path == "/v1/metrics" || path == "/v1/logs";
  if (path != "/v1/traces" && !is_other) return refuse(404, form, "wanted: POST /v1/traces, /v1/metrics or /v1/logs");
  if (request.method != "POST") return refuse(405, form, "wanted: POST");
  if (!stated) return refuse(415, form, "wanted: application/json or application/x-protobuf");
  if (is_other) {
    ++counts_.others;
    return {.form = form, .body = taken_answer(form, 0, "")};
  }
  const std::string_view coding = header_of(request.headers, "content-encoding");
  if (coding.empty() || coding == "identity") return take_traces(form, request.body);
  if (coding != "gzip") return refuse(415, form, "wanted: no content-encoding, or gzip");
  Unzipped content = unzipped(request.body, kBodyMax);
  if (content.problem == GzipProblem::too_large) return refuse(413, form, "the body is too large");
  if (content.problem == GzipProblem::malformed) return refuse(400, form, "the body is no gzip");
  return take_traces(form, std::move(content.text));
}

OtlpReceiver::Answer OtlpReceiver::take_traces(OtlpForm form, std::string body) {
  if (form == OtlpForm::protobuf) {
    std::optional<std::string> json = traces_json_of(body);
    if (!json) return refuse(400, form, "the body is no export of spans in protobuf");
    body = *std::move(json);
  }
  const TakenTraces taken = on_traces_(body);
  if (!taken.problem.empty()) return refuse(400, form, taken.problem);
  ++counts_.exports;
  return {.form = form, .body = taken_answer(form, taken.rejected, taken.why)};
}

OtlpReceiver::Answer OtlpReceiver::refuse(int status, OtlpForm form, const std::string& why) {
  if (counts_.refused++ == 0) counts_.first_problem = fmt::format("{}: {}", status, why);
  return {.status = status, .form = form, .body = refused_answer(form, why)};
}

void OtlpReceiver::send(ConnectionId connection, const Answer& answer, bool keep_alive) {
  std::string bytes;
  append_head(bytes,
              {.status = answer.status,
               .content_type = std::string(type_of(answer.form)),
               .headers = {},
               .length = answer.body.size()},
              Framing::length, keep_alive);
  loop_.send(connection, bytes + answer.body);
  if (keep_alive) return;
  connections_.erase(connection);
  loop_.finish(connection);
}

}  // namespace windtunnel::wire
