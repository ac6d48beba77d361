"""What `windtunnel gateway` sends to a collector of OpenTelemetry, read by OpenTelemetry's own messages: spans and metrics in
protobuf and JSON are those of the records, the ledger and /metrics, and a collector that is away, slow or refuses is treated
as OTLP says.

    otlp_export_test.py WINDTUNNEL FOLDER [CHECK...]      the messages are installed into the folder
"""

import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import pip_packages

if __name__ == "__main__":
    wanted = pip_packages.install(os.path.join(HERE, "decoder", "requirements.txt"), os.path.abspath(sys.argv[2]))
    if os.path.abspath(sys.prefix) != os.path.abspath(sys.argv[2]):
        os.execv(wanted, [wanted, *sys.argv])

from collector import TYPES, Collector, attributes_of, metrics_of, samples_of, spans_of
from gateway_test import BOTH, OFF, chat, outage
from gateways import Gateway
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from serving import TOKENS, Server, need, post, world

TRACES, METRICS = "/v1/traces", "/v1/metrics"
CUMULATIVE = 2
CLIENT, SERVER = 3, 2
NO_METRICS = {"otlp_metric_interval": "0s"}
QUIET = "windtunnel_gateway_otlp_"  # what an export itself changes


def scrape(connection):
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.split("\n") if line and line[0] != "#"}


def serve_some(gateway):
    """Answers of each kind, and a request that is refused by the provider's fault alone."""
    for i in range(4):
        post(gateway.connect(), "/v1/chat/completions", chat(f"question {i}", stream=i % 2 == 1))
    post(gateway.connect(), "/v1/embeddings", {"model": "default", "input": ["a", "b"]})
    connection = gateway.connect()
    connection.request("POST", "/v1/chat/completions", json.dumps(chat("a secret question")),
                       {"traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01", "x-windtunnel-team": "caf\xe9"})
    need(connection.getresponse().read(), "an answer")
    return 6


def check_traces(windtunnel):
    """Each span is that of a record and its attempts, and each attempt is a call of the providers' ledger."""
    shapes = []
    for protocol, content_type in TYPES.items():
        with tempfile.TemporaryDirectory() as folder, Collector() as collector, \
                Server(windtunnel, world(BOTH, [outage()])) as server, \
                Gateway(windtunnel, server.urls, {"otlp": collector.url, "otlp_protocol": protocol, "telemetry": "records.jsonl",
                                                  **NO_METRICS}, folder=folder, **OFF) as gateway:
            count = serve_some(gateway)
            gateway.end()
            ledger = server.end()
            with open(os.path.join(folder, "records.jsonl"), encoding="utf-8") as file:
                records = {record["request_id"]: record for record in map(json.loads, file)}
        exports = collector.of(TRACES)
        need(exports and all(each.content_type == content_type for each in exports), f"{protocol}: {len(exports)} exports")
        resource = attributes_of(exports[0].message().resource_spans[0].resource)
        need(resource["service.name"] == "windtunnel-gateway" and len(resource["service.instance.id"]) == 36, f"{resource}")
        spans = spans_of(exports)
        roots = [span for span in spans if span.kind == SERVER]
        need(len(records) == len(roots) == count and all(len(span.trace_id) == 16 for span in spans), f"{len(roots)} roots")
        for root in roots:
            values = attributes_of(root)
            check_request(root, values, records.pop(values["windtunnel.request_id"]), spans)
        calls = [attributes_of(span) for span in spans if span.kind == CLIENT]
        compare_calls(calls, ledger)
        need(any(span.trace_id.hex() == "ab" * 16 and span.parent_span_id.hex() == "cd" * 8 for span in roots), "the trace")
        need(b"secret" not in b"".join(each.body for each in exports), "no text of a question")
        shapes.append(sorted((span.kind, span.name, sorted(attributes_of(span))) for span in spans))
        print(f"  {protocol}: {len(spans)} spans in {len(exports)} exports", flush=True)
    need(shapes[0] == shapes[1], "both forms have the same spans")


def check_request(root, values, record, spans):
    attempts = sorted((span for span in spans if span.parent_span_id == root.span_id), key=lambda span: span.start_time_unix_nano)
    took = (root.end_time_unix_nano - root.start_time_unix_nano) / 1e6
    need(abs(took - record["latency_ms"]) < 1e-6 and values["windtunnel.outcome"] == record["outcome"], f"{values} {record}")
    need(values["windtunnel.cost_usd"] == record["cost_usd"] and values["windtunnel.attempts"] == len(attempts), f"{values} {record}")
    need(len(attempts) == len(record["attempts"]) > 0, f"{record}")
    need(values["gen_ai.usage.output_tokens"] == record["tokens"]["output"] and
         values["gen_ai.usage.input_tokens"] == record["tokens"]["input"], f"{values} {record}")
    need(values["windtunnel.breaker_state"] == record["circuit_breaker_state"].lower(), f"{values} {record}")
    need(values.get("windtunnel.team", "caf\ufffd") == "caf\ufffd", f"{values}")
    for span, attempt in zip(attempts, record["attempts"]):
        seen = attributes_of(span)
        is_ok = attempt["outcome"] == "ok"
        need(span.trace_id == root.trace_id and seen["gen_ai.provider.name"] == attempt["provider"], f"{seen} {attempt}")
        need(seen.get("windtunnel.cost_usd") == attempt["cost_usd"], f"{seen} {attempt}")
        need((span.status.code == 0) == is_ok and seen.get("error.type", "ok") == attempt["outcome"], f"{seen} {attempt}")
        need(seen["windtunnel.breaker_state"] in ("closed", "open", "half_open"), f"{seen}")


def compare_calls(calls, ledger):
    of_spans = sorted((each["gen_ai.provider.name"], each.get("gen_ai.usage.output_tokens", 0), each.get("windtunnel.cost_usd", 0))
                      for each in calls)
    of_ledger = sorted((line["provider"], line["output"], line["billed_usd"]) for line in ledger)
    need([each[:2] for each in of_spans] == [each[:2] for each in of_ledger], f"{of_spans}, not {of_ledger}")
    # The ledger has the provider's price in the served world, which the gateway's file repeats.
    need(all(abs(ours[2] - theirs[2]) < 1e-12 for ours, theirs in zip(of_spans, of_ledger)), f"{of_spans}, not {of_ledger}")


def check_default(windtunnel):
    """Protobuf is sent where the file names no form, as OTLP has it, and metrics at the end whatever their interval."""
    with Collector() as collector, Server(windtunnel, world(BOTH)) as server, \
            Gateway(windtunnel, server.urls, {"otlp": collector.url}, **OFF) as gateway:
        post(gateway.connect(), "/v1/chat/completions", chat())
        gateway.end()
    need({each.content_type for each in collector.exports} == {TYPES["http/protobuf"]}, "protobuf")
    need(len(collector.of(METRICS)) == 1, "one export of metrics, at the end")
    need(samples_of(collector.of(METRICS)[0])['windtunnel_requests_total{outcome="served"}'] == 1, "the request is in it")


def check_metrics(windtunnel):
    """The metrics of an export are those of a scrape at the same instant: names, labels, numbers."""
    for protocol in TYPES:
        with Collector() as collector, Server(windtunnel, world(BOTH, [outage()])) as server, \
                Gateway(windtunnel, server.urls, {"otlp": collector.url, "otlp_protocol": protocol, "otlp_metric_interval": "1s"},
                        **OFF) as gateway:
            began = time.time_ns()
            kept = gateway.connect()
            count = serve_some(gateway)
            settle(gateway, lambda metrics: of_traces(metrics, "exported") > count)
            # Nothing happens between two equal scrapes, so that the export between them shows the same.
            for _ in range(20):
                before = scrape(kept)
                seen = len(collector.of(METRICS))
                export = collector.wait(METRICS, seen + 1)[seen]
                after = scrape(kept)
                if drop_quiet(before) == drop_quiet(after):
                    break
            need(drop_quiet(before) == drop_quiet(after), "the gateway comes to rest")
            need(drop_quiet(samples_of(export)) == drop_quiet(before), difference(samples_of(export), before))
            need(before['windtunnel_requests_total{outcome="served"}'] == count, f"{before}")
            need(before['windtunnel_breaker_state{provider="openai",windtunnel_breaker_state="open"}'] == 1, "open")
            need(of_traces(before, "exported") == len(spans_of(collector.of(TRACES))), "spans are counted")
            need(before['windtunnel_gateway_otlp_exported_total{signal="metrics"}'] % len(points(export)) == 0, "data points are counted")
            check_conventions(metrics_of(export), began)
            gateway.end()
            last = samples_of(collector.of(METRICS)[-1])
            ledger = server.end()
        need(last['windtunnel_requests_total{outcome="served"}'] == count, "the last export is of the end")
        served = [line for line in ledger if line["kind"] == "ok"]
        calls = 'gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="anthropic",' \
                'gen_ai_request_model="quick-1"}'
        need(last[calls] == len(served), f"{last[calls]}")
        tokens = 'gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="anthropic",' \
                 'gen_ai_request_model="quick-1",gen_ai_token_type="output"}'
        need(last[tokens] == sum(line["output"] for line in served) > TOKENS, f"{last[tokens]}")
        need(abs(last["windtunnel_cost_known_usd_total"] - sum(line["billed_usd"] for line in ledger)) < 1e-12, "the bill")
        print(f"  {protocol}: {len(last)} samples", flush=True)


def points(export):
    return [point for metric in metrics_of(export).values() for point in getattr(metric, metric.WhichOneof("data")).data_points]


def drop_quiet(samples):
    return {name: value for name, value in samples.items() if not name.startswith(QUIET)}


def difference(ours, theirs):
    return "\n".join(f"{name}: {ours.get(name)} in the export, {theirs.get(name)} in the scrape"
                     for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name))


def check_conventions(metrics, began):
    duration = metrics["gen_ai.client.operation.duration"]
    need(duration.unit == "s" and duration.histogram.aggregation_temporality == CUMULATIVE, f"{duration}")
    bounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
    need(list(duration.histogram.data_points[0].explicit_bounds) == bounds, f"{duration}")
    usage = metrics["gen_ai.client.token.usage"]
    need(usage.unit == "{token}" and {attributes_of(each)["gen_ai.token.type"] for each in usage.histogram.data_points} ==
         {"input", "output"}, f"{usage}")
    need(list(usage.histogram.data_points[0].explicit_bounds) == [4**i for i in range(14)], f"{usage}")
    requests = metrics["windtunnel_requests"].sum
    need(requests.is_monotonic and requests.aggregation_temporality == CUMULATIVE, f"{requests}")
    for point in requests.data_points:
        need(began - 30e9 < point.start_time_unix_nano <= began < point.time_unix_nano, f"{point} {began}")
    gauge = metrics["windtunnel_breaker_state"].gauge.data_points
    need(all(point.start_time_unix_nano == 0 for point in gauge), f"{gauge}")


def of_traces(metrics, name, **labels):
    text = ",".join(f'{key}="{value}"' for key, value in {"signal": "traces", **labels}.items())
    return metrics[f"windtunnel_gateway_otlp_{name}_total{{{text}}}"]


def settle(gateway, holds, seconds=20):
    """The first scrape for which this holds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        metrics = gateway.metrics()
        if holds(metrics):
            return metrics
        time.sleep(0.05)
    return sys.exit(f"never: { {name: value for name, value in metrics.items() if QUIET in name} }")


def one_request(windtunnel, answer, then, **settings):
    """Serves a request before a collector with these answers; each request has two spans."""
    with Collector(answer) as collector, Server(windtunnel, world(BOTH)) as server, \
            Gateway(windtunnel, server.urls, {"otlp": collector.url, **NO_METRICS, **settings}, **OFF) as gateway:
        post(gateway.connect(), "/v1/chat/completions", chat())
        then(gateway, collector)


def check_retry(windtunnel):
    """429 and 503 are sent again after the time that they ask for, the same bytes."""
    for status in (429, 503):
        def then(gateway, collector):
            metrics = settle(gateway, lambda metrics: of_traces(metrics, "exported") == 2)
            need(of_traces(metrics, "retries") == 1 and metrics["windtunnel_gateway_otlp_spans_held"] == 0, f"{metrics}")
            first, second = collector.exports
            need(first.body == second.body and second.at - first.at > 1.95, f"{second.at - first.at} s")
            need(f": {status} wait" in gateway.end(), "the operator learns of it")
        error = b"\x12\x04wait"  # google.rpc.Status, whose second field is its message
        one_request(windtunnel, lambda number, _: (status, {"retry-after": "2"}, error) if number == 0 else (200, {}, b""), then)


def check_refused(windtunnel):
    """What would be refused again is dropped and counted, and so is what the collector rejects of an export."""
    for status in (400, 401, 404, 500):
        def then(gateway, collector):
            metrics = settle(gateway, lambda metrics: of_traces(metrics, "dropped", reason="refused") == 2)
            time.sleep(1.2)
            need(len(collector.exports) == 1 and of_traces(metrics, "exported") == 0, f"{status}: sent again")
        one_request(windtunnel, lambda *_: (status, {}, b""), then)
    for protocol, content_type in TYPES.items():
        partial = ExportTraceServiceResponse()
        ParseDict({"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too old"}}, partial)
        body = partial.SerializeToString() if protocol == "http/protobuf" else \
            b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}'

        def then(gateway, collector):
            metrics = settle(gateway, lambda metrics: of_traces(metrics, "dropped", reason="rejected") == 1)
            need(of_traces(metrics, "exported") == 1 and len(collector.exports) == 1, f"{metrics}")
            need("too old" in gateway.end(), "the operator learns of it")
        one_request(windtunnel, lambda *_: (200, {"content-type": content_type}, body), then, otlp_protocol=protocol)


def check_slow(windtunnel):
    """An export without an answer is sent again, and holds up no request and no end."""
    def then(gateway, collector):
        settle(gateway, lambda metrics: of_traces(metrics, "exported") == 2)
        need(len(collector.exports) == 2, f"{len(collector.exports)} exports")
    one_request(windtunnel, lambda number, _: 30 if number == 0 else (200, {}, b""), then, otlp_timeout="500ms")

    def ends(gateway, collector):
        collector.wait(TRACES, 1)
        started = time.monotonic()
        need(post(gateway.connect(), "/v1/chat/completions", chat("two"))[0] == 200, "served")
        err = gateway.end()
        need(time.monotonic() - started < 4, f"it ended after {time.monotonic() - started} s")
        need("4 spans were not exported" in err, err)
    one_request(windtunnel, lambda *_: 30, ends, otlp_timeout="1s")


def check_away(windtunnel):
    """Spans wait for a collector that comes later; one that never comes does not hold up the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"otlp": f"http://127.0.0.1:{port}", "otlp_timeout": "2s", **NO_METRICS}
    with Server(windtunnel, world(BOTH)) as server, Gateway(windtunnel, server.urls, settings, **OFF) as gateway:
        need(post(gateway.connect(), "/v1/chat/completions", chat())[0] == 200, "served")
        settle(gateway, lambda metrics: of_traces(metrics, "retries") > 0)
        with Collector(lambda *_: (200, {"connection": "close"}, b""), port) as collector:
            settle(gateway, lambda metrics: of_traces(metrics, "exported") == 2)
            need(len(spans_of(collector.of(TRACES))) == 2, "both spans")
        need(post(gateway.connect(), "/v1/chat/completions", chat("two"))[0] == 200, "served")
        started = time.monotonic()
        need("2 spans were not exported" in gateway.end(), "what is lost at the end is named")
        need(time.monotonic() - started < 5, f"it ended after {time.monotonic() - started} s")


def check_drain(windtunnel):
    """SIGTERM while a request is open: its spans and the last metrics have it, whether it is answered or cut."""
    slow = {**BOTH["openai"], "ttft": "600ms"}
    with Collector() as collector, Server(windtunnel, world({"openai": slow})) as server, \
            Gateway(windtunnel, server.urls, {"otlp": collector.url}, **OFF) as gateway:
        caller = threading.Thread(target=lambda: post(gateway.connect(), "/v1/chat/completions", chat()))
        caller.start()
        time.sleep(0.2)
        gateway.end()
        caller.join()
    need([attributes_of(span)["windtunnel.outcome"] for span in spans_of(collector.of(TRACES)) if span.kind == SERVER] == ["served"],
         "the spans of the open request")
    last = samples_of(collector.of(METRICS)[-1])
    need(last['windtunnel_requests_total{outcome="served"}'] == 1 and last["windtunnel_requests_in_flight"] == 0, f"{last}")
    cut = {**BOTH["openai"], "ttft": "20s"}
    with Collector() as collector, Server(windtunnel, world({"openai": cut})) as server, \
            Gateway(windtunnel, server.urls, {"otlp": collector.url, "drain": "100ms"}, **OFF) as gateway:
        connection = gateway.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(chat()))
        time.sleep(0.2)
        need("1 requests were open at the end and were cut" in gateway.end(), "cut")
    need([attributes_of(span)["windtunnel.caller"] for span in spans_of(collector.of(TRACES)) if span.kind == SERVER] == ["left"],
         "the spans of the request that was cut")
    last = samples_of(collector.of(METRICS)[-1])
    need(last["windtunnel_arrivals_total"] == 1 and last["windtunnel_requests_in_flight"] == 0, f"{last}")


CHECKS = [check_default, check_traces, check_metrics, check_retry, check_refused, check_slow, check_away, check_drain]


def main(arguments):
    signal.alarm(280)
    for check in CHECKS:
        if arguments[2:] and check.__name__.removeprefix("check_") not in arguments[2:]:
            continue
        check(arguments[0])
        print(f"{check.__name__.removeprefix('check_')}: good", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
