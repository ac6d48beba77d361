"""A collector for the test beside this file: takes what is sent to it, answers as it is told to, and reads exports with
OpenTelemetry's own messages (PyPI's opentelemetry-proto).
"""

import base64
import http.server
import json
import threading
import time

from google.protobuf import json_format, unknown_fields
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from serving import need

MESSAGES = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}
TYPES = {"http/protobuf": "application/x-protobuf", "http/json": "application/json"}
IDS = ("traceId", "spanId", "parentSpanId")


def with_base64(value):
    """Ids are hexadecimal in OTLP, where protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [with_base64(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: base64.b64encode(bytes.fromhex(each)).decode() if key in IDS else with_base64(each)
            for key, each in value.items()}


class Export:
    def __init__(self, path, content_type, body):
        self.at, self.path, self.content_type, self.body = time.monotonic(), path, content_type, body

    def message(self):
        message = MESSAGES[self.path]()
        if self.content_type == TYPES["http/json"]:
            return json_format.ParseDict(with_base64(json.loads(self.body)), message)
        message.ParseFromString(self.body)
        need(len(unknown_fields.UnknownFieldSet(message)) == 0, "fields that OTLP does not have")
        return message


class Collector:
    """`with Collector(answer) as collector:`; `answer` gets the number of an export and its path, and returns a status with
    headers and a body, or seconds to say nothing for."""

    def __init__(self, answer=lambda number, path: (200, {}, b""), port=0):
        self.exports, self.lock = [], threading.Lock()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with collector.lock:
                    number = len(collector.exports)
                    collector.exports.append(Export(self.path, self.headers["content-type"], body))
                told = answer(number, self.path)
                if isinstance(told, (int, float)):
                    time.sleep(told)
                    told = (200, {}, b"")
                status, headers, text = told
                try:
                    self.send_response(status)
                    for name, value in {"content-length": str(len(text)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    pass  # it has gone

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a gateway resets its connections when it ends

        self.server = Quiet(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def of(self, path):
        with self.lock:
            return [each for each in self.exports if each.path == path]

    def wait(self, path, count, seconds=20):
        """Until so many exports have come; returns them."""
        until = time.monotonic() + seconds
        while len(self.of(path)) < count and time.monotonic() < until:
            time.sleep(0.02)
        found = self.of(path)
        need(len(found) >= count, f"{len(found)} exports of {path}, not {count}")
        return found


def value_of(value):
    return getattr(value, value.WhichOneof("value"))


def attributes_of(item):
    return {each.key: value_of(each.value) for each in item.attributes}


def spans_of(exports):
    return [span for each in exports for resource in each.message().resource_spans for scope in resource.scope_spans
            for span in scope.spans]


def metrics_of(export):
    return {metric.name: metric for resource in export.message().resource_metrics for scope in resource.scope_metrics
            for metric in scope.metrics}


def series(name, attributes, **last):
    labels = [(each.key.replace(".", "_"), each.value.string_value) for each in attributes] + list(last.items())
    return name + ("{" + ",".join(f'{key}="{value}"' for key, value in labels) + "}" if labels else "")


def samples_of(export):
    """The samples that a Prometheus makes of an export of metrics, as a scrape has them."""
    samples = {}
    for metric in metrics_of(export).values():
        name = metric.name.replace(".", "_")
        if metric.unit == "s" and not name.endswith("_seconds"):
            name += "_seconds"
        kind = metric.WhichOneof("data")
        points = getattr(metric, kind).data_points
        for point in points:
            if kind != "histogram":
                number = getattr(point, point.WhichOneof("value"))
                samples[series(name + ("_total" if kind == "sum" else ""), point.attributes)] = float(number)
                continue
            need(sum(point.bucket_counts) == point.count and len(point.bucket_counts) == len(point.explicit_bounds) + 1,
                 f"{metric}")
            below = 0
            for count, bound in zip(point.bucket_counts, [*map(repr, point.explicit_bounds), "+Inf"]):
                below += count
                samples[series(name + "_bucket", point.attributes, le=bound)] = float(below)
            samples[series(name + "_count", point.attributes)] = float(point.count)
            samples[series(name + "_sum", point.attributes)] = point.sum
    return samples
