"""`windtunnel serve` as a plain HTTP client meets it: every interface, whole and streamed, every kind of reply, the ledger,
the admin port. Counts and orders only: nothing is asserted about how long anything took, but that it did not come before
its time.

    serve_test.py WINDTUNNEL
"""

import base64
import http.client
import json
import os
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serving import QUICK, TOKENS, Server, chat, events, need, post, words_of, world

ERRORS = [  # kind, API family, status, where the body names it, the name
    ("server_error", "openai", 500, "type", "server_error"),
    ("overloaded", "openai", 503, "type", "server_error"),
    ("rate_limited", "openai", 429, "code", "rate_limit_exceeded"),
    ("auth_or_quota", "openai", 401, "code", "invalid_api_key"),
    ("client_error", "openai", 400, "type", "invalid_request_error"),
    ("server_error", "anthropic", 500, "type", "api_error"),
    ("overloaded", "anthropic", 529, "type", "overloaded_error"),
    ("rate_limited", "anthropic", 429, "type", "rate_limit_error"),
    ("auth_or_quota", "anthropic", 401, "type", "authentication_error"),
    ("client_error", "anthropic", 400, "type", "invalid_request_error"),
]
MESSAGES = {"model": "claude", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}


def failing(kind, **more):
    return {**QUICK, "errors": {kind: 1}, **more}


def check_whole(windtunnel):
    with Server(windtunnel, world({"openai": QUICK})) as server:
        connection = server.connect()  # one for all: it is kept alive
        status, headers, body = post(connection, "/v1/chat/completions", chat())
        answer = json.loads(body)
        need(status == 200 and headers["x-request-id"] == "req_wt0", f"chat: {status} {headers}")
        need(answer["object"] == "chat.completion" and answer["model"] == "gpt-4", f"chat: {answer}")
        choice = answer["choices"][0]
        need(choice["message"] == {"role": "assistant", "content": words_of(0, TOKENS), "refusal": None}, f"chat: {choice}")
        need(choice["finish_reason"] == "stop" and choice["index"] == 0, f"chat: {choice}")
        usage = answer["usage"]
        need(usage["completion_tokens"] == TOKENS and usage["total_tokens"] == TOKENS + usage["prompt_tokens"],
             f"chat: {usage}")

        answer = json.loads(post(connection, "/v1/chat/completions", chat(max_tokens=5))[2])
        need(answer["choices"][0]["finish_reason"] == "length" and answer["usage"]["completion_tokens"] == 5,
             f"a cut chat: {answer}")
        answer = json.loads(post(connection, "/openai/deployments/four/chat/completions?api-version=1",
                                 {"messages": chat()["messages"]})[2])
        need(answer["model"] == "four", f"Azure: {answer}")

        answer = json.loads(post(connection, "/v1/responses", {"model": "gpt-4", "input": "hi"})[2])
        part = answer["output"][0]["content"][0]
        need(answer["object"] == "response" and answer["status"] == "completed", f"responses: {answer}")
        need(part == {"type": "output_text", "text": words_of(3, TOKENS), "annotations": [], "logprobs": []},
             f"responses: {part}")

        status, headers, body = post(connection, "/v1/messages", MESSAGES)
        answer = json.loads(body)
        need(headers["request-id"] == "req_wt4" and answer["type"] == "message", f"messages: {headers} {answer}")
        need(answer["content"] == [{"type": "text", "text": words_of(4, TOKENS)}], f"messages: {answer}")
        need(answer["stop_reason"] == "end_turn" and answer["usage"]["output_tokens"] == TOKENS, f"messages: {answer}")

        asked = {"model": "e", "input": ["a", "b"]}
        plain = json.loads(post(connection, "/v1/embeddings", asked)[2])
        packed = json.loads(post(connection, "/v1/embeddings", {**asked, "encoding_format": "base64"})[2])
        need([row["index"] for row in plain["data"]] == [0, 1] and len(plain["data"][0]["embedding"]) == 8, f"{plain}")
        numbers = struct.unpack("<8f", base64.b64decode(packed["data"][0]["embedding"]))
        need(sorted(numbers) == sorted(plain["data"][0]["embedding"]) and plain["data"][0] != plain["data"][1],
             f"embeddings: {numbers} {plain}")

        connection.request("GET", "/v1/models")
        need(json.loads(connection.getresponse().read())["data"][0]["id"] == "quick-1", "the list of models")
        connection.request("GET", "/v1/models/gpt-9")
        need(json.loads(connection.getresponse().read())["id"] == "gpt-9", "one model")
        connection.request("HEAD", "/health")
        need(connection.getresponse().read() == b"", "HEAD has no body")
        connection.request("GET", "/v1/moodles")
        missing = connection.getresponse()
        need(missing.status == 404 and b"/v1/moodles" in missing.read(), "an unknown path is 404 and named")
        lines = server.end()
    need([line["how"] for line in lines] == ["whole"] * 7, f"{lines}")
    need(all(line["kind"] == "ok" and line["usage_sent"] for line in lines), f"{lines}")
    # 1 USD a million tokens of input, 2 of output: microdollars.
    need(all(round(line["billed_usd"] * 1e6) == line["input"] + 2 * line["output"] for line in lines), f"{lines}")


def check_streams(windtunnel):
    with Server(windtunnel, world({"openai": QUICK})) as server:
        connection = server.connect()
        body = post(connection, "/v1/chat/completions", chat(stream=True, stream_options={"include_usage": True}))[2]
        found = events(body)
        need(found[-1] == ("", "[DONE]") and found[-2][1]["choices"] == [], f"{found[-2:]}")
        need(found[-2][1]["usage"]["completion_tokens"] == TOKENS, f"{found[-2]}")
        deltas = [event["choices"][0]["delta"] for _, event in found[:-2]]
        need(deltas[0]["role"] == "assistant" and deltas[-1] == {}, f"{deltas}")
        need("".join(delta.get("content", "") for delta in deltas) == words_of(0, TOKENS), f"{deltas}")
        need(found[-3][1]["choices"][0]["finish_reason"] == "stop", f"{found[-3]}")
        found = events(post(connection, "/v1/chat/completions", chat(stream=True))[2])
        need(all(event.get("choices") for _, event in found[:-1]), "without include_usage no chunk has it")

        found = events(post(connection, "/v1/messages", {**MESSAGES, "stream": True})[2])
        names = [name for name, _ in found]
        need(all(name == event["type"] for name, event in found), f"{found}")
        need(names == ["message_start", "content_block_start", "ping", *["content_block_delta"] * TOKENS,
                       "content_block_stop", "message_delta", "message_stop"], f"{names}")
        text = "".join(event["delta"]["text"] for _, event in found if event["type"] == "content_block_delta")
        need(text == words_of(2, TOKENS) and found[-2][1]["usage"]["output_tokens"] == TOKENS, f"{found}")

        found = events(post(connection, "/v1/responses", {"model": "m", "input": "hi", "stream": True})[2])
        need([event["sequence_number"] for _, event in found] == list(range(len(found))), f"{found}")
        need(found[-1][0] == "response.completed" and found[-1][1]["response"]["usage"]["output_tokens"] == TOKENS,
             f"{found[-1]}")
        text = "".join(event["delta"] for name, event in found if name == "response.output_text.delta")
        need(text == words_of(3, TOKENS), text)

        # A client of HTTP/1.0 reads no chunks: its stream ends with the connection.
        url = server.connect()
        with socket.create_connection((url.host, url.port), timeout=10) as old:
            data = json.dumps(chat(stream=True))
            old.sendall(f"POST /v1/chat/completions HTTP/1.0\r\ncontent-length: {len(data)}\r\n\r\n{data}".encode())
            answer = b"".join(iter(lambda: old.recv(65536), b""))
        need(b"transfer-encoding" not in answer and answer.endswith(b"data: [DONE]\n\n"), f"HTTP/1.0: {answer}")
        lines = server.end()
    need([(line["how"], line["tokens_sent"], line["usage_sent"]) for line in lines] ==
         [("stream", TOKENS, True), ("stream", TOKENS, False), *[("stream", TOKENS, True)] * 2, ("stream", TOKENS, False)],
         f"{lines}")


def check_errors(windtunnel):
    for kind in sorted({row[0] for row in ERRORS}):
        with Server(windtunnel, world({"openai": failing(kind)})) as server:
            for _, family, status, where, name in (row for row in ERRORS if row[0] == kind):
                path, body = (("/v1/chat/completions", chat(stream=True)) if family == "openai"
                              else ("/v1/messages", MESSAGES))
                answered, _, text = post(server.connect(), path, body)
                answer = json.loads(text)
                need(answered == status and answer["error"][where] == name, f"{kind} {family}: {answered} {answer}")
                need(family == "openai" or (answer["type"] == "error" and answer["request_id"]), f"{kind}: {answer}")
            lines = server.end()
        need(all((line["kind"], line["how"], line["output"]) == (kind, "whole", 0) for line in lines), f"{lines}")


def check_broken_answers(windtunnel):
    with Server(windtunnel, world({"openai": failing("connection_error"), "bad": failing("malformed")})) as server:
        try:
            post(server.connect(), "/v1/chat/completions", chat())
            need(False, "a refused call is answered")
        except ConnectionResetError:
            pass
        status, _, body = post(server.connect("bad"), "/v1/chat/completions", chat())
        try:
            json.loads(body)
            need(False, f"a malformed answer is JSON: {body}")
        except ValueError:
            need(status == 200 and body.startswith(b'{"id":"chatcmpl-wt1"'), f"{status} {body}")
        found = events(post(server.connect("bad"), "/v1/chat/completions", chat(stream=True))[2])
        spoilt = [event for _, event in found[:-1] if isinstance(event, str)]
        need(len(spoilt) == 1 and found[-1][1] == "[DONE]", f"a malformed stream has one line that is no JSON: {found}")
        lines = server.end()
    need([(line["kind"], line["how"], line["output"]) for line in lines] ==
         [("connection_error", "reset", 0), ("malformed", "whole", TOKENS), ("malformed", "stream", TOKENS)], f"{lines}")


def check_cuts(windtunnel):
    cut = {"id": "cuts", "kind": "truncated", "at": "0s", "bill_fraction": 0.5}
    with Server(windtunnel, world({"openai": QUICK}, [cut])) as server:
        connection = server.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(chat()))
        response = connection.getresponse()
        promised = int(response.getheader("content-length"))
        try:
            response.read()
            need(False, "a cut body is whole")
        except http.client.IncompleteRead as error:
            need(0 < len(error.partial) < promised, f"{len(error.partial)} of {promised}")
        connection = server.connect()
        connection.request("POST", "/v1/messages", json.dumps({**MESSAGES, "stream": True}))
        response = connection.getresponse()
        try:
            response.read()
            need(False, "a cut stream has its end")
        except http.client.IncompleteRead as error:
            found = events(error.partial)
            need(found[-1][0] == "content_block_delta" and found[-1][1]["delta"]["text"] == " 9", f"{found[-1]}")
        lines = server.end()
    need([(line["kind"], line["how"], line["output"], line["usage_sent"], line["faults"]) for line in lines] ==
         [("truncated", "cut", TOKENS // 2, False, ["cuts"])] * 2, f"{lines}")


def check_streams_that_break(windtunnel):
    """An error event, a clean end too soon, a stall: streamed and whole."""
    def faulty(kind):
        return {"id": kind, "kind": kind, "provider": kind, "at": "0s", "bill_fraction": 0.5}

    kinds = ("stream_error", "early_end", "stream_stall")
    with Server(windtunnel, world({kind: QUICK for kind in kinds}, map(faulty, kinds))) as server:
        for number, (path, body) in enumerate((("/v1/chat/completions", chat(stream=True)),
                                               ("/v1/messages", {**MESSAGES, "stream": True}))):
            found = events(post(server.connect("stream_error"), path, body)[2])
            need("error" in found[-1][1] and len(found) > TOKENS // 2, f"{found}")
            found = events(post(server.connect("early_end"), path, body)[2])
            need(len(found) in (TOKENS // 2 + 1, TOKENS // 2 + 3) and "error" not in found[-1][1], f"{number}: {found}")
        for kind, ended in (("stream_error", http.client.IncompleteRead), ("early_end", None)):
            connection = server.connect(kind)
            connection.request("POST", "/v1/chat/completions", json.dumps(chat()))
            try:
                partial = connection.getresponse().read()
                need(ended is None, f"{kind}: a whole body")
            except http.client.IncompleteRead as error:
                need(ended is not None, f"{kind}: a body that is cut")
                partial = error.partial
            need(partial.startswith(b'{"id":"chatcmpl-wt') and not partial.endswith(b"}"), f"{kind}: {partial}")
        for stream in (True, False):
            connection = server.connect("stream_stall", timeout=1)
            connection.request("POST", "/v1/chat/completions", json.dumps(chat(stream=stream)))
            response = connection.getresponse()
            received = b""
            try:
                while piece := response.read1():
                    received += piece
                need(False, "a stream that stalls has an end")
            except TimeoutError:
                need(b"call-" in received or not stream, f"{received}")
            connection.close()
        deadline = time.time() + 10
        while time.time() < deadline and any(line["open"] for line in server.admin_call("GET", "/state")[1]["providers"]):
            time.sleep(0.05)
        lines = server.end()
    need(all(line["output"] == TOKENS // 2 and not line["usage_sent"] for line in lines), f"{lines}")
    ends = sorted((line["kind"], line["how"]) for line in lines)
    need(ends == sorted([("truncated", "error_event")] * 2 + [("truncated", "early_end")] * 3 + [("truncated", "cut")]
                        + [("timeout", "left")] * 2), f"{ends}")


def check_rate_limits(windtunnel):
    limited = {**QUICK, "rate_limit": {"requests_per_minute": 2, "tokens_per_minute": 100000, "retry_after": "7s"}}
    with Server(windtunnel, world({"openai": limited}, start="2026-01-20T10:00:00Z"), "--start-now") as server:
        answers = [post(server.connect(), "/v1/chat/completions", chat()) for _ in range(3)]
        need([status for status, _, _ in answers] == [200, 200, 429], f"{answers}")
        left = [headers["x-ratelimit-remaining-requests"] for _, headers, _ in answers]
        need(left == ["1", "0", "0"] and answers[2][1]["retry-after"] == "7", f"{[headers for _, headers, _ in answers]}")
        need(answers[0][1]["x-ratelimit-limit-tokens"] == "100000", f"{answers[0][1]}")
        need(int(answers[0][1]["x-ratelimit-remaining-tokens"]) < 100000, f"{answers[0][1]}")
        need(answers[0][1]["x-ratelimit-reset-requests"].endswith("s"), f"{answers[0][1]}")
        status, headers, _ = post(server.connect(), "/v1/messages", MESSAGES)
        need(status == 429 and headers["anthropic-ratelimit-requests-remaining"] == "0", f"{headers}")
        need(headers["anthropic-ratelimit-requests-reset"].endswith("Z"), f"{headers}")
    dated = {**limited, "rate_limit": {"requests_per_minute": 0, "retry_after": "7s", "retry_after_form": "date"}}
    with Server(windtunnel, world({"openai": dated})) as server:
        asked = time.time()
        text = post(server.connect(), "/v1/chat/completions", chat())[1]["retry-after"]
        at = time.mktime(time.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
        need(asked + 7 <= at + 0.001 and at <= time.time() + 8.001, f"a date is of the caller's calendar: {text}")


def check_leaving(windtunnel):
    hang = {"id": "hangs", "kind": "outage", "mode": "hang", "provider": "hanging", "at": "0s"}
    slow = {**QUICK, "tpot": "100ms"}
    providers = {"hanging": QUICK, "stops": {**slow, "on_disconnect": "stop"}, "goes_on": slow}
    with Server(windtunnel, world(providers, [hang])) as server:
        connection = server.connect("hanging", timeout=0.3)
        try:
            post(connection, "/v1/chat/completions", chat())
            need(False, "a call that hangs is answered")
        except TimeoutError:
            connection.close()
        for name in ("stops", "goes_on"):
            connection = server.connect(name)
            connection.request("POST", "/v1/chat/completions", json.dumps(chat(stream=True)))
            connection.getresponse().read(1200)  # a few tokens
            connection.close()
        waiting = server.connect("hanging")
        waiting.request("POST", "/v1/chat/completions", json.dumps(chat()))
        deadline = time.time() + 10
        while time.time() < deadline and len(lines := [line for line in server.admin_call("GET", "/state")[1]["providers"]
                                                       if line["open"]]) != 1:
            time.sleep(0.05)
        need([line["name"] for line in lines] == ["hanging"] and lines[0]["open"] == 1, f"{lines}")
        lines = server.end()
    found = {line["call"]: line for line in lines}
    need([found[call]["how"] for call in range(4)] == ["left", "left", "left", "open"], f"{lines}")
    need(found[0]["kind"] == "timeout" and found[0]["billed_usd"] == 0 and found[0]["faults"] == ["hangs"], f"{lines}")
    need(0 < found[1]["output"] < TOKENS and found[1]["tokens_sent"] <= found[1]["output"] + 1,
         f"a provider that stops bills what it made: {found[1]}")
    need(found[2]["output"] == TOKENS, f"a provider that goes on bills all: {found[2]}")


def check_names(windtunnel):
    """The same request meets the same fate in any order, and the attempts of one are told apart."""
    shaky = {**QUICK, "errors": {"server_error": 0.5}}
    tags = list(range(20))

    def fates(order):
        with Server(windtunnel, world({"openai": shaky})) as server:
            for tag in order:
                for _ in range(2):
                    post(server.connect(), "/v1/chat/completions", chat(f"[wt {tag}] hello"))
            post(server.connect(), "/v1/chat/completions", chat("no tag", user="[wt chat 3]"))
            lines = server.end()
        need(all(line["tagged"] and line["workload"] == "chat" and line["input"] == 150 for line in lines
                 if line["kind"] == "ok"), f"{lines}")
        need((lines[-1]["n"], lines[-1]["attempt"]) == (3, 2), f"a tag in `user`: {lines[-1]}")
        return {(line["n"], line["attempt"]): line["kind"] for line in lines}

    one, other = fates(tags), fates(list(reversed(tags)))
    need(one == other and len(one) == 41, f"{one} {other}")
    need(len(set(one.values())) == 2, "half of the calls fail")


def check_places(windtunnel):
    """One call at a time, one may wait, the third is turned away."""
    narrow = {**QUICK, "ttft": "400ms", "concurrency": 1, "queue": 1}
    with Server(windtunnel, world({"openai": narrow})) as server:
        connections = [server.connect() for _ in range(3)]
        for connection in connections:
            connection.request("POST", "/v1/chat/completions", json.dumps(chat()))
            time.sleep(0.05)
        need([connection.getresponse().status for connection in connections] == [200, 200, 503], "places")
        lines = server.end()
    ended = {line["call"]: line["end"] - line["t"] for line in lines}
    need(ended[2] == 0 and round(ended[0], 9) == 0.42 < ended[1], f"the second call waits for the first: {ended}")


def check_admin(windtunnel):
    fault = {"id": "down", "kind": "outage", "error": "server_error", "at": "5m", "duration": "1m"}
    step = {"id": "jump", "kind": "wall_clock_step", "offset": "1h", "at": "5m"}
    with Server(windtunnel, world({"openai": QUICK}, [fault, step])) as server:
        status, state = server.admin_call("GET", "/state")
        need(status == 200 and not state["clock_started"] and state["faults"][0]["on"] is False, f"{state}")
        results = [post(server.connect(), "/v1/chat/completions", chat())[0]]
        for on in (True, False):
            need(server.admin_call("POST", "/faults", {"id": "down", "on": on}) == (200, {"on": on}), "a switch")
            results.append(post(server.connect(), "/v1/chat/completions", chat())[0])
        need(results == [200, 500, 200], f"{results}")
        state = server.admin_call("GET", "/state")[1]
        need(state["clock_started"] and state["faults"][0]["affected"] == 1, f"{state}")
        need(state["providers"][0]["calls"] == 3, f"{state}")
        for wrong in ({"id": "up", "on": True}, {"id": "down"}, {"id": "jump", "on": True}, []):
            status, answer = server.admin_call("POST", "/faults", wrong)
            need(status == 400 and answer["error"], f"{wrong}: {status} {answer}")
        connection = server.connect("admin")
        connection.request("GET", "/ledger")
        shown = [json.loads(line) for line in connection.getresponse().read().splitlines()]
        need(shown == server.end(), "the ledger of the admin port is that of the file")
        need(server.totals["calls"] == 3 and server.totals["ends"] == {"whole": 3}, f"{server.totals}")


def main():
    windtunnel = os.path.abspath(sys.argv[1])
    for name, check in list(globals().items()):
        if name.startswith("check_") and (len(sys.argv) < 3 or name in sys.argv[2:]):
            check(windtunnel)
            print(f"{name}: ok", flush=True)


if __name__ == "__main__":
    main()
