#include "wire/gateway/telemetry/otlp_exporter.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "wire/http/http_writer.h"

namespace windtunnel::wire {

OtlpExporter::OtlpExporter(OtlpSettings settings, SocketLoop& loop)
    : settings_(std::move(settings)),
      collectors_{Upstream{.url = settings_.url}},
      pool_(collectors_, settings_.ca_file, loop, *this) {}

void OtlpExporter::add(std::vector<OtlpSpan> spans) {
  if (waiting_.size() >= kWaitingMax) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(spans));
  if (waiting_.size() >= kBatch) send();
}

void OtlpExporter::send() {
  while (!waiting_.empty() && exports_.size() < kExportsMax) {
    const std::size_t count = std::min(waiting_.size(), kBatch);
    std::vector<OtlpSpan> spans;
    for (std::size_t i = 0; i < count; ++i) std::ranges::move(waiting_[i], std::back_inserter(spans));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    const BaseUrl& url = settings_.url;
    const CallSlot call{exports_made_++};
    const auto connection = pool_.send(
        0, call,
        post_request(url.authority(), url.path + "/v1/traces", {{"content-type", std::string(type_of(settings_.form))}},
                     traces_body(settings_.form, settings_.resource, spans)));
    if (!connection) {
      dropped_ += count;
      continue;
    }
    exports_.emplace(call, Export{.connection = *connection, .response = ResponseReader{}, .requests = count});
  }
}

void OtlpExporter::on_upstream_bytes(CallSlot call, std::string_view bytes) {
  const auto found = exports_.find(call);
  if (found == exports_.end()) return;
  Export& open = found->second;
  std::string unused;
  open.response.put(bytes, unused);
  if (!open.response.is_whole() && !open.response.problem()) return;
  const bool is_taken = open.response.is_whole() && open.response.status() / 100 == 2;
  (is_taken ? exported_ : dropped_) += open.requests;
  if (open.response.is_whole() && open.response.keep_alive()) {
    pool_.release(open.connection);
  } else {
    pool_.drop(open.connection);
  }
  exports_.erase(found);
}

void OtlpExporter::on_upstream_left(CallSlot call) {
  const auto found = exports_.find(call);
  if (found == exports_.end()) return;
  dropped_ += found->second.requests;
  exports_.erase(found);
}

}  // namespace windtunnel::wire
