"""Sends OpenTelemetry's spans as a gateway does: OTLP over HTTP, as JSON or protobuf, plain or gzip, one after the other or in
batches. Written apart from the product's reader, by the field numbers of the public specification.

The environment says where and how, in OpenTelemetry's own words: OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL (http/json or
http/protobuf) and _COMPRESSION (gzip); SPAN_NAMES=old writes the attributes' older names, SPAN_ANSWERS=no leaves out the ids of
the answers, SPAN_BATCH=yes sends every five seconds, and SPAN_SENDER=sdk lets OpenTelemetry's own SDK send them.
"""

import gzip
import http.client
import json
import os
import struct
import threading
import time
from urllib.parse import urlsplit

OLD = {"gen_ai.provider.name": "gen_ai.system", "gen_ai.usage.input_tokens": "gen_ai.usage.prompt_tokens",
       "gen_ai.usage.output_tokens": "gen_ai.usage.completion_tokens"}
CLIENT = 3


def varint(number):
    number &= (1 << 64) - 1
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """An integer, bytes (a text or a message) or a float."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed(number, value):
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def attribute(name, value):
    kind = 2 if isinstance(value, bool) else 3 if isinstance(value, int) else 4 if isinstance(value, float) else 1
    return field(1, name) + field(2, field(kind, int(value) if isinstance(value, bool) else value))


def protobuf_of(spans):
    text = b""
    for span in spans:
        one = field(1, bytes.fromhex(span["trace"])) + field(2, bytes.fromhex(span["span"])) + field(5, span["name"])
        one += field(6, span["kind"]) + fixed(7, span["begin"]) + fixed(8, span["end"])
        one += b"".join(field(9, attribute(name, value)) for name, value in span["attributes"].items())
        # An event and a link, which no reader of calls needs.
        one += field(11, fixed(1, span["begin"]) + field(2, "first token")) + field(13, field(1, bytes(16)) + field(2, bytes(8)))
        one += field(15, field(3, 2) if span["failed"] else b"")
        text += field(2, one)
    resource = field(1, attribute("service.name", "bad_gateway"))
    return field(1, field(1, resource) + field(2, field(1, field(1, "spans")) + text))


def value_of(value):
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def pairs(attributes):
    return [{"key": name, "value": value_of(value)} for name, value in attributes.items()]


def json_of(spans):
    listed = [{"traceId": span["trace"], "spanId": span["span"], "name": span["name"], "kind": span["kind"],
               "startTimeUnixNano": str(span["begin"]), "endTimeUnixNano": str(span["end"]),
               "attributes": pairs(span["attributes"]), "status": {"code": 2} if span["failed"] else {}} for span in spans]
    return json.dumps({"resourceSpans": [{"resource": {"attributes": pairs({"service.name": "bad_gateway"})},
                                          "scopeSpans": [{"scope": {"name": "spans"}, "spans": listed}]}]}).encode()


class SpanSender:
    def __init__(self, environment=os.environ):
        self.url = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        self.is_protobuf = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "http/protobuf"
        self.is_zipped = environment.get("OTEL_EXPORTER_OTLP_COMPRESSION") == "gzip"
        self.is_old = environment.get("SPAN_NAMES") == "old"
        self.names_answers = environment.get("SPAN_ANSWERS") != "no"
        self.waiting, self.lock, self.count = [], threading.Lock(), 0
        if self.url and environment.get("SPAN_BATCH") == "yes":
            threading.Thread(target=self.send_batches, daemon=True).start()
            self.is_batch = True
        else:
            self.is_batch = False

    def span(self, begin, end, attributes, failed=False, kind=CLIENT):
        with self.lock:
            self.count += 1
            number = self.count
        if not self.names_answers:
            attributes = {name: value for name, value in attributes.items() if name != "gen_ai.response.id"}
        if self.is_old:
            attributes = {OLD.get(name, name): value for name, value in attributes.items()}
        return {"trace": f"{number:032x}", "span": f"{number:016x}", "name": "chat", "kind": kind, "begin": begin, "end": end,
                "attributes": attributes, "failed": failed}

    def send(self, spans):
        if not self.url or not spans:
            return
        if self.is_batch:
            with self.lock:
                self.waiting += spans
        else:
            self.post(protobuf_of(spans) if self.is_protobuf else json_of(spans))

    def send_batches(self):
        while True:
            time.sleep(5)
            with self.lock:
                spans, self.waiting = self.waiting, []
            if spans:
                self.post(protobuf_of(spans) if self.is_protobuf else json_of(spans))

    def post(self, body, path="/v1/traces", content_type=None, zipped=None):
        """Returns the status and the body of the answer."""
        headers = {"content-type": content_type or ("application/x-protobuf" if self.is_protobuf else "application/json")}
        if self.is_zipped if zipped is None else zipped:
            headers["content-encoding"], body = "gzip", gzip.compress(body)
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class SdkSender(SpanSender):
    """The spans as OpenTelemetry's SDK encodes and sends them, in batches of its own."""

    def __init__(self):
        super().__init__({})
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        self.url = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.tracer = provider.get_tracer("spans")

    def send(self, spans):
        from opentelemetry.trace import SpanKind, Status, StatusCode
        for span in spans:
            kind = {CLIENT: SpanKind.CLIENT}.get(span["kind"], SpanKind.SERVER)
            made = self.tracer.start_span(span["name"], kind=kind, attributes=span["attributes"], start_time=span["begin"])
            if span["failed"]:
                made.set_status(Status(StatusCode.ERROR))
            made.end(end_time=span["end"])


def sender():
    return SdkSender() if os.environ.get("SPAN_SENDER") == "sdk" else SpanSender()
