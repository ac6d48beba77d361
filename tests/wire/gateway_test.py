"""`windtunnel gateway` between plain clients and the providers of `windtunnel serve`, on the real clock.

    gateway_test.py WINDTUNNEL [CHECK...]
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gateways import Gateway
from serving import QUICK, TOKENS, Server, events, need, post, world

BOTH = {"openai": QUICK, "anthropic": QUICK}
OFF = {"monitor": {"token_limiter": {"mode": "off"}}}


def chat(text="hello", **more):
    return {"model": "default", "messages": [{"role": "user", "content": text}], **more}


def outage(provider="openai", **more):
    return {"id": "down", "kind": "outage", "mode": "refuse", "provider": provider, "at": "0s", "duration": "10m", **more}


def text_of_stream(body):
    return "".join(data["choices"][0]["delta"].get("content", "") for _, data in events(body)
                   if isinstance(data, dict) and data.get("choices"))


def check_answers(windtunnel):
    """Every interface, whole and streamed, and what an operator asks for."""
    with Server(windtunnel, world(BOTH)) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
        kept = gateway.connect()
        status, headers, body = post(kept, "/v1/chat/completions", chat())
        answer = json.loads(body)
        need(status == 200 and answer["choices"][0]["message"]["content"].startswith("call-0 1 2"), f"{status} {body}")
        need(answer["usage"]["completion_tokens"] == TOKENS, f"{answer['usage']}")
        need(headers["x-windtunnel-provider"] == "openai" and headers["x-request-id"], f"{headers}")
        status, headers, body = post(kept, "/v1/chat/completions", chat("two", stream=True))
        need(status == 200 and headers["content-type"].startswith("text/event-stream"), f"{status} {headers}")
        need(text_of_stream(body).startswith("call-1 1 2") and events(body)[-1][1] == "[DONE]", f"{body}")
        need(b'"usage"' not in body, "a usage that was not asked for")
        _, _, body = post(kept, "/v1/chat/completions", chat("three", stream=True, stream_options={"include_usage": True}))
        need(events(body)[-2][1]["usage"]["completion_tokens"] == TOKENS, "a usage that was asked for")
        # Anthropic's words, though the provider has OpenAI's.
        messages = {"model": "default", "max_tokens": 100, "messages": [{"role": "user", "content": "four"}]}
        status, _, body = post(kept, "/v1/messages", messages)
        need(status == 200 and json.loads(body)["content"][0]["text"].startswith("call-3 1"), f"{status} {body}")
        need(json.loads(body)["usage"]["output_tokens"] == TOKENS, f"{body}")
        status, _, body = post(kept, "/v1/messages", {**messages, "stream": True, "temperature": 1})
        kinds = [kind for kind, _ in events(body)]
        need(kinds[0] == "message_start" and kinds[-1] == "message_stop", f"{kinds}")
        need("".join(data["delta"].get("text", "") for kind, data in events(body) if kind == "content_block_delta")
             .startswith("call-4 1 2"), f"{body}")
        status, _, body = post(kept, "/v1/responses", {"model": "default", "input": "five"})
        need(status == 200 and json.loads(body)["output"][0]["content"][0]["text"].startswith("call-5"), f"{body}")
        status, _, body = post(kept, "/v1/embeddings", {"model": "default", "input": ["a", "b"]})
        need(status == 200 and len(json.loads(body)["data"]) == 2, f"{status} {body}")
        for path, wanted in (("/health", b"ok"), ("/ready", b"ready"), ("/v1/models", b"quick-1")):
            kept.request("GET", path)
            response = kept.getresponse()
            need(response.status == 200 and wanted in response.read(), path)
        metrics = gateway.metrics()
        need(metrics['windtunnel_requests_total{outcome="served"}'] == 7, f"{metrics}")
        need(metrics["windtunnel_requests_in_flight"] == 0, "requests in flight")
        status, _, body = post(kept, "/v1/chat/completions", {**chat(), "model": "no-such"})
        need(status == 404 and json.loads(body)["error"]["param"] == "model", f"{status} {body}")
        lines = server.end()
        need(len(lines) == 7 and all(line["how"] in ("whole", "stream") for line in lines), f"{lines}")


def check_cache(windtunnel):
    """Equal questions are one call, whatever the form of the answer."""
    with Server(windtunnel, world(BOTH)) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
        one = post(gateway.connect(), "/v1/chat/completions", chat())
        two = post(gateway.connect(), "/v1/chat/completions", chat(user="another"))
        need(one[2] == two[2] and two[0] == 200, "the same bytes")
        _, _, body = post(gateway.connect(), "/v1/chat/completions", chat(stream=True))
        need(text_of_stream(body) == json.loads(one[2])["choices"][0]["message"]["content"], f"{body}")
        need(len(server.end()) == 1, "one call")


def check_failover(windtunnel):
    """A provider that is down is passed over; with none left the caller gets an error that it can understand."""
    with Server(windtunnel, world(BOTH, [outage()])) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
        for i in range(8):
            status, headers, _ = post(gateway.connect(), "/v1/chat/completions", chat(f"q{i}", stream=i % 2 == 1))
            need(status == 200 and headers["x-windtunnel-provider"] == "anthropic", f"{status} {headers}")
        need(gateway.metrics()['windtunnel_breaker_state{provider="openai",windtunnel_breaker_state="open"}'] == 1, "open")
        lines = server.end()
        need(sum(line["provider"] == "openai" for line in lines) == 5, "five calls open the breaker")
    with Server(windtunnel, world(BOTH, [outage("*")])) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
        status, _, body = post(gateway.connect(), "/v1/chat/completions", chat())
        need(status == 503 and "connection_error" in json.loads(body)["error"]["message"], f"{status} {body}")
        status, _, body = post(gateway.connect(), "/v1/messages",
                               {"model": "default", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]})
        need(status == 503 and json.loads(body)["error"]["type"] == "api_error", f"{status} {body}")


def check_left(windtunnel):
    """A caller that goes takes its call with it, whole or streamed."""
    slow = {**QUICK, "ttft": "100ms", "tpot": "1s"}
    with Server(windtunnel, world({"openai": slow})) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
        for stream in (False, True):
            connection = gateway.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(chat(f"{stream}", stream=stream)))
            time.sleep(0.4)
            connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()
        time.sleep(0.3)
        metrics = gateway.metrics()
        need(metrics["windtunnel_gateway_callers_left_total"] == 2, "two callers left")
        need(metrics["windtunnel_requests_in_flight"] == 0, "nothing is in flight")
        lines = server.end()
        need([line["how"] for line in lines] == ["left", "left"], f"{lines}")
        need(all(line["end"] - line["t"] < 3 for line in lines if "end" in line and "t" in line), f"{lines}")


def check_cut(windtunnel):
    """A stream that breaks off is an error for its caller, and never a clean end; a whole answer is asked for again."""
    for kind in ("truncated", "stream_error", "early_end"):
        fault = {"id": "cut", "kind": kind, "provider": "openai", "at": "0s", "duration": "10m", "bill_fraction": 0.5}
        with Server(windtunnel, world(BOTH, [fault])) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
            with socket.create_connection(gateway.url.split("//")[1].split(":"), timeout=10) as peer:
                data = json.dumps(chat("a", stream=True))
                peer.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nconnection: close\r\ncontent-length: {len(data)}\r\n\r\n{data}".encode())
                answer = b"".join(iter(lambda: peer.recv(65536), b""))
            need(b"call-0" in answer and b'"error"' in answer, f"{kind}: {answer}")
            need(b"[DONE]" not in answer and not answer.endswith(b"0\r\n\r\n"), f"{kind}: a clean end: {answer[-200:]}")
            status, headers, _ = post(gateway.connect(), "/v1/chat/completions", chat("b"))
            need(status == 200 and headers["x-windtunnel-provider"] == "anthropic", f"{kind}: {status} {headers}")


def check_refusals(windtunnel):
    """The gateway's own limits and the provider's refusals, each with its status."""
    limits = {"rate_limiter": {"requests_per_minute": 2}, "token_limiter": {"mode": "off"}}
    with Server(windtunnel, world(BOTH)) as server, Gateway(windtunnel, server.urls, monitor=limits) as gateway:
        statuses = [post(gateway.connect(), "/v1/chat/completions", chat(f"{i}")) for i in range(6)]
        refused = [each for each in statuses if each[0] == 429]
        need(len(refused) >= 2 and all(int(each[1]["retry-after"]) >= 1 for each in refused), f"{statuses}")
    limits = {"cost_limiter": {"monthly_usd": 0}, "token_limiter": {"mode": "off"}}
    with Server(windtunnel, world(BOTH)) as server, Gateway(windtunnel, server.urls, monitor=limits) as gateway:
        status, _, body = post(gateway.connect(), "/v1/chat/completions", chat())
        need(status == 402 and json.loads(body)["error"]["code"] == "budget_exhausted", f"{status} {body}")
        need(server.end() == [], "no call")
    bad = {**QUICK, "errors": {"client_error": 1}}
    with Server(windtunnel, world({"openai": bad, "anthropic": QUICK})) as server, \
            Gateway(windtunnel, server.urls, **OFF) as gateway:
        status, _, body = post(gateway.connect(), "/v1/chat/completions", chat())
        need(status == 400 and json.loads(body)["error"]["message"] == "The request is invalid", f"{status} {body}")
        need(len(server.end()) == 1, "no other provider is asked")


def talk(gateway, data, pause=0):
    host, port = gateway.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as peer:
        peer.sendall(data)
        time.sleep(pause)
        return b"".join(iter(lambda: peer.recv(65536), b""))


def check_hostile(windtunnel):
    """Peers that misbehave are refused and counted, and hold no others up."""
    with Server(windtunnel, world(BOTH)) as server, \
            Gateway(windtunnel, server.urls, {"request_within": "500ms", "body_bytes": 20000, "connections": 50},
                    **OFF) as gateway:
        need(b" 400 " in talk(gateway, b"\x16\x03\x01 garbage\r\n\r\n"), "garbage")
        need(b" 431 " in talk(gateway, b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n"), "a large header")
        need(b" 413 " in talk(gateway, b"POST /v1/messages HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n"), "a large body")
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n"
        for lengths in (b"content-length: 5\r\ncontent-length: 6\r\n", b"content-length: 5, 6\r\n",
                        b"content-length: 5\r\ntransfer-encoding: chunked\r\n", b"content-length: -1\r\n",
                        b"content-length: +5\r\n", b"transfer-encoding: xchunked\r\ncontent-length: 5\r\n"):
            answer = talk(gateway, head + lengths + b"\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            need(b'"status":"ok"' not in answer and b" 400 " in answer, f"{lengths}: {answer}")
        for body in (b"", b"{", b"\xff\xfe" * 9, b"[" * 5000, b'{"model":"default","messages":[{"role":"user","content":"\xff"}]}'):
            status, _, _ = post(gateway.connect(), "/v1/chat/completions", body)
            need(status == 400, f"{body[:40]}: {status}")
        started = time.monotonic()
        need(b" 408 " in talk(gateway, head + b"content-length: 50\r\n\r\n{", 2), "a slow body")
        need(time.monotonic() - started < 6, "soon")
        # A label is data in a log and no line of its own.
        status, _, body = post(gateway.connect(), "/v1/chat/completions",
                               chat("evil", metadata={"user_id": "a\r\nx-evil: 1\n{\"forged\":true}"}))
        need(status == 200, f"{status} {body}")
        idle = []
        for _ in range(60):
            try:
                idle.append(socket.create_connection(tuple(gateway.url.split("//")[1].split(":")), timeout=5))
            except ConnectionError:
                pass  # refused before connect() returned
        time.sleep(0.3)
        for peer in idle:
            peer.close()
        time.sleep(0.3)
        metrics = gateway.metrics()
        reasons = {reason: metrics[f'windtunnel_gateway_refused_total{{reason="{reason}"}}']
                   for reason in ("malformed", "too_large", "slow", "too_many_connections", "no_request")}
        need(reasons["malformed"] >= 6 and reasons["too_large"] == 2 and reasons["slow"] == 1, f"{reasons}")
        need(reasons["too_many_connections"] >= 5 and reasons["no_request"] == 5, f"{reasons}")


def check_drain(windtunnel):
    """SIGTERM: what is open is answered, what comes is refused, and then it ends."""
    slow = {**QUICK, "ttft": "100ms", "tpot": "50ms"}
    with Server(windtunnel, world({"openai": slow})) as server, Gateway(windtunnel, server.urls, **OFF) as gateway:
        found = []
        caller = threading.Thread(target=lambda: found.append(
            post(gateway.connect(), "/v1/chat/completions", chat("a", stream=True))))
        kept = gateway.connect()
        kept.request("GET", "/health")
        kept.getresponse().read()
        caller.start()
        time.sleep(0.4)
        gateway.end()
        caller.join()
        need(found[0][0] == 200 and found[0][2].endswith(b"data: [DONE]\n\n"), f"{found}")


def check_keys(windtunnel):
    """A key goes to its provider and nowhere else; one that is missing is an error before anything listens."""
    seen = []

    def answer(listener):
        peer, _ = listener.accept()
        with peer:
            seen.append(peer.recv(65536))
            body = b'{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}'
            peer.sendall(b"HTTP/1.1 401 No\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    secret = "sk-very-secret-0123456789"
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Gateway(windtunnel, {"openai": url}, {"telemetry": "telemetry.jsonl", "storage": "gateway.db"},
                     {"SOME_KEY": secret}, folder, {"openai": {"key_env": "SOME_KEY"}}, **OFF) as gateway:
            status, headers, body = post(gateway.connect(), "/v1/chat/completions", chat())
            need(f"authorization: Bearer {secret}".encode() in seen[0], f"{seen}")
            output = gateway.end()
        need(status == 503 and secret not in f"{headers} {body} {output}", f"{status} {headers} {body} {output}")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                need(secret.encode() not in file.read(), name)
        done = subprocess.run([windtunnel, "gateway", os.path.join(folder, "gateway.json")], capture_output=True, text=True,
                              timeout=20, check=False)
        need(done.returncode == 4 and "SOME_KEY" in done.stderr, f"{done}")


def check_tls(windtunnel):
    """A provider's certificate is verified, by name and by who signed it."""
    import ssl
    with tempfile.TemporaryDirectory() as folder:
        key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        asked = []

        def serve(listener):
            while True:
                try:
                    peer, _ = listener.accept()
                    with context.wrap_socket(peer, server_side=True) as secure:
                        while True:
                            data = secure.recv(65536)
                            if not data:
                                break
                            asked.append(data)
                            body = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m",
                                               "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"},
                                                            "finish_reason": "stop"}],
                                               "usage": {"prompt_tokens": 3, "completion_tokens": 1}}).encode()
                            secure.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
            port = listener.getsockname()[1]
            for host, server, good in (("localhost", {"ca_file": cert}, True), ("127.0.0.1", {"ca_file": cert}, False),
                                       ("localhost", {}, False)):
                with Gateway(windtunnel, {"openai": f"https://{host}:{port}"}, server, **OFF) as gateway:
                    for i in range(2):
                        status, _, body = post(gateway.connect(), "/v1/chat/completions", chat(f"{i}"))
                        need((status == 200) == good, f"{host} {server}: {status} {body}")
            need(len(asked) == 2, f"only the trusted one was asked: {asked}")


def check_spans(windtunnel):
    """One span for each request and one for each attempt, with cost and breaker, in the caller's trace."""
    taken = []

    def collect(listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rb") as stream:
                while True:
                    line = stream.readline()
                    if not line:
                        break
                    length = 0
                    while line.strip():
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                        line = stream.readline()
                    taken.append(json.loads(stream.read(length)))
                    peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=collect, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Server(windtunnel, world(BOTH, [outage()])) as server, \
                Gateway(windtunnel, server.urls, {"otlp": url, "otlp_protocol": "http/json", "otlp_metric_interval": "0s"}, **OFF) as gateway:
            connection = gateway.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(chat("a secret question")),
                               {"traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"})
            need(connection.getresponse().read(), "an answer")
            gateway.end()
    spans = [span for batch in taken for resource in batch["resourceSpans"] for scope in resource["scopeSpans"]
             for span in scope["spans"]]
    need(len(spans) == 3 and all(span["traceId"] == "ab" * 16 for span in spans), f"{spans}")
    root, *attempts = spans
    need(root["parentSpanId"] == "cd" * 8 and all(each["parentSpanId"] == root["spanId"] for each in attempts), f"{spans}")
    need(all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans), f"{spans}")
    values = [{each["key"]: next(iter(each["value"].values())) for each in span["attributes"]} for span in spans]
    need(values[0]["gen_ai.usage.output_tokens"] == str(TOKENS) and values[0]["windtunnel.cost_usd"] > 0, f"{values}")
    need([each.get("error.type") for each in values] == [None, "connection_error", None], f"{values}")
    need(values[2]["windtunnel.breaker_state"] == "closed" and values[2]["gen_ai.provider.name"] == "anthropic", f"{values}")
    need("secret" not in json.dumps(taken), "no text of a question")


def check_audit(windtunnel):
    """The log has the ids of the providers' answers, their waits and the budget's alert, and the audit judges them by these."""
    throttle = {"id": "slow", "kind": "throttle", "provider": "openai", "at": "0s", "duration": "10m", "requests_per_minute": 2,
                "retry_after": "40s"}
    # An answer costs 0.000043 USD, so that the eighth reaches 80 % of the budget.
    limits = {**OFF["monitor"], "cost_limiter": {"monthly_usd": 0.0004}}
    with tempfile.TemporaryDirectory() as folder, Server(windtunnel, world(BOTH, [throttle])) as server, \
            Gateway(windtunnel, server.urls, {"telemetry": "records.jsonl"}, folder=folder, monitor=limits) as gateway:
        for i in range(8):
            status, _, body = post(gateway.connect(), "/v1/chat/completions", chat(f"question {i}", stream=i % 2 == 1, max_tokens=TOKENS))
            need(status == 200, f"{status} {body}")
        gateway.end()
        ledger = server.end()
        log = os.path.join(folder, "records.jsonl")
        with open(log, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        calls = [call for record in records for call in record["calls"]]
        ids = [call["answer_id"] for call in calls if call["answer_id"]]
        billed = {f"wt{line['call']}" for line in ledger if line["billed_usd"] > 0}
        need(len(ids) == 8 and {each[each.rindex("wt"):] for each in ids} == billed, f"{ids} {billed}")
        need([call["retry_after_ms"] for call in calls if call["retry_after_ms"] is not None] == [40000], f"{calls}")
        alerts = [(i, alert["window"], alert["share"]) for i, record in enumerate(records) for alert in record.get("alerts", [])]
        need(alerts == [(7, "month", 0.8)], f"{alerts}")
        done = subprocess.run([windtunnel, "audit", log, "--config", gateway.file, "--ledger", server.ledger_path, "--format", "json"],
                              capture_output=True, text=True, timeout=60, check=False)
        need(done.returncode == 0, f"{done}")
        claims = {claim["name"]: claim for claim in json.loads(done.stdout)["claims"]}
        for name in ("attempts.retry_after", "budget.alerts", "ledger.logged", "ledger.billed", "ledger.amounts"):
            need(claims[name]["checked"] > 0, f"{name}: {claims[name]}")
        need(claims["ledger.amounts"]["checked"] == 8, f"{claims['ledger.amounts']}")


CHECKS = [check_spans, check_answers, check_cache, check_failover, check_left, check_cut, check_refusals, check_hostile, check_drain,
          check_keys, check_tls, check_audit]


def main(arguments):
    wanted = set(arguments[1:])
    signal.alarm(280)
    for check in CHECKS:
        if wanted and check.__name__.removeprefix("check_") not in wanted:
            continue
        check(arguments[0])
        print(f"{check.__name__.removeprefix('check_')}: good")


if __name__ == "__main__":
    main(sys.argv[1:])
