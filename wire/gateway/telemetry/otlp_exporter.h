#pragma once
// Sends spans to a collector, some at a time, over the same loop as everything else. A collector that is slow or away
// costs spans, which are counted, and never holds up a request.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wire/gateway/upstream_pool.h"
#include "wire/http/http_parser.h"
#include "wire/otlp/otlp_messages.h"

namespace windtunnel::wire {

struct OtlpSettings {
  BaseUrl url;          // of the collector, such as http://127.0.0.1:4318
  std::string ca_file;  // as TlsTrust has it
  OtlpForm form = OtlpForm::protobuf;
  OtlpAttributes resource;  // what this process is
};

class OtlpExporter final : private UpstreamEvents {
 public:
  static constexpr std::size_t kBatch = 256;        // requests to an export
  static constexpr std::size_t kWaitingMax = 4096;  // requests; beyond, they are dropped
  static constexpr std::size_t kExportsMax = 4;     // at once

  // Throws TlsError.
  OtlpExporter(OtlpSettings settings, SocketLoop& loop);

  // The spans of one request.
  void add(std::vector<OtlpSpan> spans);
  // Sends what waits.
  void send();

  [[nodiscard]] std::uint64_t exported() const { return exported_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] bool is_idle() const { return waiting_.empty() && exports_.empty(); }

 private:
  struct Export {
    ConnectionId connection{};
    ResponseReader response;
    std::size_t requests = 0;
  };
  void on_upstream_bytes(CallSlot call, std::string_view bytes) override;
  void on_upstream_left(CallSlot call) override;

  OtlpSettings settings_;
  std::vector<Upstream> collectors_;  // one
  UpstreamPool pool_;
  std::vector<std::vector<OtlpSpan>> waiting_;  // by request
  std::map<CallSlot, Export> exports_;
  std::uint32_t exports_made_ = 0;
  std::uint64_t exported_ = 0;  // requests
  std::uint64_t dropped_ = 0;
};

}  // namespace windtunnel::wire
