#include "wire/gateway/telemetry/otlp_exporter.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/visible_text.h"
#include "monitor/retry.h"
#include "wire/gateway/upstream_reply.h"
#include "wire/http/http_writer.h"

namespace windtunnel::wire {
namespace {

// A longer Retry-After is taken for this.
constexpr Duration kRetryAfterMax = std::chrono::hours{1};

constexpr std::string_view path_of(OtlpSignal signal) {
  switch (signal) {
    case OtlpSignal::traces:
      return "/v1/traces";
    case OtlpSignal::metrics:
      return "/v1/metrics";
  }
  fail_check("a signal has a path", __FILE__, __LINE__);
}

ExportId export_of(CallSlot call) { return ExportId{static_cast<std::uint32_t>(call)}; }

}  // namespace

OtlpExporter::OtlpExporter(OtlpSettings settings, const GatewayClock& clock, SocketLoop& loop)
    : settings_(std::move(settings)),
      clock_(clock),
      collectors_{Upstream{.url = settings_.url}},
      pool_(collectors_, settings_.ca_file, loop, *this),
      queue_(settings_.form, settings_.resource, settings_.seed) {}

void OtlpExporter::add(std::vector<OtlpSpan> spans) {
  queue_.add(std::move(spans), clock_.now());
  if (queue_.has_batch()) send();
}

void OtlpExporter::advance() {
  std::vector<CallSlot> late;
  for (const auto& [call, sent] : sent_) {
    if (clock_.now() >= sent.deadline) late.push_back(call);
  }
  for (const CallSlot call : late) {
    pool_.drop(sent_.at(call).connection);
    end(call, {}, "no answer in time");
  }
  send();
}

void OtlpExporter::send() {
  while (const auto id = queue_.begin(clock_.now())) {
    const CallSlot call{static_cast<std::uint32_t>(*id)};
    const ExportQueue::Export& next = queue_.at(*id);
    const BaseUrl& url = settings_.url;
    const std::string target = url.path + std::string(path_of(next.signal));
    const auto connection = pool_.send(
        0, call,
        post_request(url.authority(), target, {{"content-type", std::string(type_of(settings_.form))}}, next.body));
    if (!connection) {
      end(call, {}, "no connection to " + url.host);
      continue;
    }
    sent_.emplace(call, Sent{.connection = *connection,
                             .response = ResponseReader{},
                             .body = {},
                             .deadline = clock_.now() + settings_.timeout});
  }
}

void OtlpExporter::on_upstream_bytes(CallSlot call, std::string_view bytes) {
  const auto found = sent_.find(call);
  if (found == sent_.end()) return;
  Sent& sent = found->second;
  sent.response.put(bytes, sent.body);
  if (const auto& problem = sent.response.problem()) {
    pool_.drop(sent.connection);
    return end(call, {}, problem->text);
  }
  if (sent.response.is_whole()) take(call, sent);
}

void OtlpExporter::on_upstream_left(CallSlot call) {
  const auto found = sent_.find(call);
  if (found == sent_.end()) return;
  // A body without a length ends with its connection.
  Sent& sent = found->second;
  if (sent.response.status() != 0) sent.response.end(sent.body);
  if (sent.response.is_whole()) return take(call, sent);
  end(call, {}, pool_.tls_problem().empty() ? "the connection was closed" : pool_.tls_problem());
}

void OtlpExporter::take(CallSlot call, const Sent& sent) {
  const std::vector<HttpHeader>& headers = sent.response.headers();
  const int status = sent.response.status();
  const OtlpForm form = otlp_form_of(header_of(headers, "content-type")).value_or(settings_.form);
  sent.response.keep_alive() ? pool_.release(sent.connection) : pool_.drop(sent.connection);
  if (status / 100 == 2) {
    const TakenPart part = taken_part(form, sent.body);
    return end(call, {.status = status, .rejected = part.rejected}, part.rejected > 0 ? part.why : "");
  }
  ExportAnswer answer{.status = status};
  const monitor::RetryAfter asked = retry_after_of(headers);
  if (asked.form != monitor::RetryAfter::Form::absent && asked.form != monitor::RetryAfter::Form::unreadable) {
    answer.retry_after =
        monitor::wait_of(asked, clock_.wall_at_zero() + clock_.now().time_since_epoch(), kRetryAfterMax);
  }
  end(call, answer, fmt::format("{} {}", status, refusal_in(form, sent.body)));
}

void OtlpExporter::end(CallSlot call, const ExportAnswer& answer, std::string problem) {
  sent_.erase(call);
  if (!problem.empty()) problem_ = visible_text(problem);
  queue_.end(export_of(call), answer, clock_.now());
}

}  // namespace windtunnel::wire
