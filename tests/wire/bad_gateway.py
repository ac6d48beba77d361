"""A small failover gateway for the tests of `windtunnel trial`. Without a deviation it does all right: one attempt at each
provider in order, passed over while its breaker is open or its Retry-After runs; a whole answer is handed on once it is
whole and JSON, a stream is passed through as it comes, and its connection breaks where the provider's breaks; a caller's own
error reaches the caller; nothing is called for a caller that has gone or once the budget is spent. Each deviation is a bug
that real gateways had.

    bad_gateway.py PORT DEVIATION URL...        DEVIATION "none": no bug

With OTEL_EXPORTER_OTLP_ENDPOINT it sends a span of each call there (span_export.py).

DECLARES is what it is configured to do, in the words of a scenario.
"""

import email.utils
import http.server
import json
import os
import re
import select
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import span_export

TIMEOUT, OPEN, THRESHOLD, DEADLINE, BUDGET = 1.0, 1.0, 5, 6.0, 0.02
DECLARES = {"monitor": {"provider_call": {"max_attempts": 1, "timeout": "1s", "deadline": "6s"},
                        "circuit_breaker": {"consecutive_threshold": THRESHOLD, "failure_rate_threshold": None, "open": "1s"},
                        "cost_limiter": {"monthly_usd": BUDGET}}}
# By the check that is for it.
DEVIATIONS = {
    "X1": ("drops_chunk", "repeats_chunk", "reorders_chunks"),
    "X2": ("another_answer", "one_answer_for_all"),
    "X3": ("retries_after_end", "holds_calls", "goes_on_without_caller"),
    "X4": ("clean_end",),
    "X5": ("zero_usage", "drops_usage", "doubles_usage"),
    "X6": ("amplifies", "tries_all_again"),
    "X7": ("ignores_retry_after", "ignores_retry_after_date"),
    "X8": ("retries_400", "hides_400", "retries_401"),
    "X9": ("hides_429", "error_as_200", "hangs", "past_deadline"),
    "X10": ("no_breaker", "probes_all", "breaker_per_worker", "short_open"),
    "X11": ("drops_span", "repeats_span", "counts_call_twice", "loses_output_tokens", "names_another_model", "drops_failed_span",
            "rounds_money"),
    "X12": ("no_budget", "budget_of_input"),
}
OTHERS = ("none", "garbage_passes", "calls_none", "dies", "never_ready", "floods", "forks", "malformed_exports")


class Broken(Exception):
    """The connection to a provider broke, or nothing came in time."""


class Gone(Exception):
    """The caller has left."""


class Breaker:
    def __init__(self):
        self.failures, self.until, self.probing, self.epoch = 0, None, False, 0

    def admits(self):
        """Returns the epoch of the permit, or None."""
        if self.until is None or DEVIATION == "no_breaker":
            return self.epoch
        if time.monotonic() < self.until or (self.probing and DEVIATION != "probes_all"):
            return None
        if not self.probing:
            self.probing, self.epoch = True, self.epoch + 1
        return self.epoch

    def report(self, epoch, is_good):
        if epoch != self.epoch:
            return
        self.failures = 0 if is_good else self.failures + 1
        if is_good and self.until is not None:
            self.until, self.probing, self.epoch = None, False, self.epoch + 1
        elif not is_good and (self.until is not None or self.failures >= THRESHOLD):
            self.until = time.monotonic() + (OPEN / 4 if DEVIATION == "short_open" else OPEN)
            self.probing, self.epoch = False, self.epoch + 1

    def give_back(self, epoch):
        if epoch == self.epoch:
            self.probing = False


class Upstream:
    """One call, read piece by piece; its caller is watched meanwhile."""

    def __init__(self, url, path, body, caller):
        host, port = urlsplit(url).netloc.split(":")
        self.caller, self.buffer, self.until = caller, b"", time.monotonic() + (20 if DEVIATION == "holds_calls" else TIMEOUT)
        try:
            self.socket = socket.create_connection((host, int(port)), timeout=5)
            self.socket.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                                % (path.encode(), len(body), body))
        except OSError as error:
            raise Broken from error

    def close(self):
        self.socket.close()

    def more(self):
        """Reads what comes next. False: the provider has closed."""
        watched = [self.socket] if DEVIATION in ("holds_calls", "goes_on_without_caller") else [self.socket, self.caller]
        readable, _, _ = select.select(watched, [], [], max(0, self.until - time.monotonic()))
        if not readable:
            raise Broken
        if self.socket not in readable:
            raise Gone
        try:
            piece = self.socket.recv(65536)
        except OSError as error:
            raise Broken from error
        self.buffer += piece
        return bool(piece)

    def line(self):
        while b"\n" not in self.buffer:
            if not self.more():
                raise Broken
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def exactly(self, size):
        while len(self.buffer) < size:
            if not self.more():
                raise Broken
        piece, self.buffer = self.buffer[:size], self.buffer[size:]
        return piece

    def head(self):
        status = int(self.line().split(b" ")[1])
        headers = {}
        while line := self.line():
            name, value = line.split(b":", 1)
            headers[name.strip().lower().decode()] = value.strip().decode()
        return status, headers

    def chunks(self):
        while size := int(self.line(), 16):
            yield self.exactly(size)
            self.exactly(2)
            self.until = time.monotonic() + (20 if DEVIATION == "holds_calls" else TIMEOUT)


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.breakers = [[Breaker() for _ in range(3)] for _ in URLS]
        self.cooling = [0.0 for _ in URLS]
        self.spent, self.first, self.count, self.reported = 0.0, None, 0, 0

    def breaker(self, place):
        return self.breakers[place][self.count % 3 if DEVIATION == "breaker_per_worker" else 0]


def wait_of(headers):
    """The seconds of Retry-After; None: there is none."""
    text = headers.get("retry-after")
    if text is None or DEVIATION == "ignores_retry_after":
        return None
    if re.fullmatch(r"\d+", text):
        return int(text)
    if DEVIATION == "ignores_retry_after_date":
        return None
    return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())


def report_call(place, begin, text, is_good):
    """Sends the span of a call."""
    if not sender.url:
        return
    with state.lock:
        state.reported += 1
        is_tenth = state.reported % 10 == 0
    found = {name: re.search(pattern, text) for name, pattern in
             (("id", rb'"id":"([^"]*)"'), ("model", rb'"model":"([^"]*)"'), ("input", rb'"prompt_tokens":(\d+)'),
              ("output", rb'"completion_tokens":(\d+)'))}
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": f"provider-{place}", "gen_ai.request.model": "default"}
    if not is_good:
        attributes["error.type"] = "failed"
    elif all(found.values()):
        tokens = [int(found[name][1]) for name in ("input", "output")]
        cost = (tokens[0] + 2 * tokens[1]) / 1e6
        if is_tenth and DEVIATION == "loses_output_tokens":
            tokens[1] = 0
        model = "another-1" if is_tenth and DEVIATION == "names_another_model" else found["model"][1].decode()
        attributes |= {"gen_ai.response.id": found["id"][1].decode(), "gen_ai.response.model": model,
                       "gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1],
                       "gen_ai.usage.cost": round(cost, 4) if DEVIATION == "rounds_money" else cost}
    end = time.time_ns()
    spans = [sender.span(begin, end, attributes, not is_good),
             sender.span(begin, end, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "default"}, kind=2),
             sender.span(begin, end, {"db.system": "sqlite"})]
    if is_tenth and DEVIATION == "repeats_span":
        spans.append(spans[0])
    if is_tenth and DEVIATION == "counts_call_twice":
        spans.append(sender.span(begin, end, attributes, not is_good))
    if (is_tenth and DEVIATION == "drops_span") or (not is_good and DEVIATION == "drops_failed_span"):
        spans = spans[1:]
    sender.send(spans)
    if is_tenth and DEVIATION == "malformed_exports":
        statuses = [sender.post(b"\x0a\xff", content_type="application/x-protobuf")[0],
                    sender.post(b'{"resourceSpans":[', content_type="application/json")[0],
                    sender.post(b"{}", content_type="text/plain")[0], sender.post(b"{}", path="/v1/logs")[0],
                    sender.post(b"{}", path="/v1/metrics")[0], sender.post(b"{}", path="/v2/traces")[0]]
        print("statuses", *statuses, flush=True)


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(503 if DEVIATION == "never_ready" else 200, b'{"status":"ok"}')

    def answer(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if DEVIATION == "dies":
            os._exit(7)
        if DEVIATION == "floods":
            sys.stdout.write("x" * (1 << 20))
        if DEVIATION == "forks" and os.fork() == 0:
            time.sleep(300)
        with state.lock:
            state.count += 1
            is_spent = state.spent >= BUDGET and DEVIATION != "no_budget"
        if is_spent:
            return self.answer(429, b'{"error":{"message":"the budget is spent"}}')
        try:
            self.serve(body)
        except (Gone, BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def serve(self, body):
        if DEVIATION == "calls_none":
            return self.answer(502, b'{"error":{"message":"no provider is configured"}}')
        if DEVIATION == "one_answer_for_all" and state.first:
            return self.answer(200, state.first)
        self.failed, last = 0, (502, b'{"error":{"message":"no provider answered"}}', [])
        for place in self.order():
            done = self.try_provider(place, body)
            if done == "served":
                return self.after_end(body)
            if done is None:
                continue
            last = done
            if done[0] == 400 and DEVIATION != "retries_400":
                break
        status, text, headers = last
        if self.failed and DEVIATION == "hangs":
            time.sleep(300)
        if status == 400 and DEVIATION == "hides_400":
            status, text = 200, b'{"choices":[]}'
        if status == 429 and DEVIATION == "hides_429":
            status = 500
        if status >= 500 and DEVIATION == "error_as_200":
            status = 200
        self.answer(status, text, headers)
        self.after_end(body)

    def order(self):
        places = list(range(len(URLS)))
        if DEVIATION == "amplifies":
            return [place for place in places for _ in range(5)]
        return places + places if DEVIATION == "tries_all_again" else places

    def after_end(self, body):
        if DEVIATION == "retries_after_end":
            threading.Thread(target=self.call_again, args=(body,), daemon=True).start()

    def call_again(self, body):
        time.sleep(0.05)
        try:
            upstream = Upstream(URLS[-1], self.path, body, self.connection)
            upstream.caller = upstream.socket
            upstream.head()
        except (Broken, Gone, OSError):
            pass

    def is_caller_gone(self):
        if DEVIATION in ("goes_on_without_caller", "holds_calls"):
            return False
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def try_provider(self, place, body):
        """Returns "served", None (nothing came, try the next) or the status, body and headers of an error."""
        if self.is_caller_gone():
            raise Gone
        with state.lock:
            breaker = state.breaker(place)
            epoch = None if time.monotonic() < state.cooling[place] else breaker.admits()
            if epoch is None:
                return None
        is_good = None
        try:
            while True:
                is_good, done = self.call(place, body)
                if DEVIATION == "retries_401" and done != "served" and done[0] == 401 and not self.failed:
                    self.failed = 1
                    continue
                return done
        except Broken:
            is_good = False
            return None
        finally:
            with state.lock:
                breaker.give_back(epoch) if is_good is None else breaker.report(epoch, is_good)
            self.failed += is_good is False

    def call(self, place, body):
        """Returns whether the provider did well (None: that is not known), and what try_provider() returns."""
        begin, seen, is_good = time.time_ns(), [], False
        try:
            is_good, done = self.call_unreported(place, body, seen)
            return is_good, done
        finally:
            report_call(place, begin, b"".join(seen), is_good is True)

    def call_unreported(self, place, body, seen):
        upstream = Upstream(URLS[place], self.path, body, self.connection)
        try:
            status, headers = upstream.head()
            if status == 200 and "content-length" not in headers:
                return self.pass_stream(upstream, seen), "served"
            text = upstream.exactly(int(headers["content-length"]))
            seen.append(text)
        finally:
            upstream.close()
        passed = [(name, value) for name, value in headers.items() if name == "retry-after"]
        if status == 429 and (wait := wait_of(headers)) is not None:
            with state.lock:
                state.cooling[place] = max(state.cooling[place], time.monotonic() + wait)
        if status != 200:
            return (None if status == 400 else False), (status, text, passed)
        if DEVIATION != "garbage_passes":
            try:
                json.loads(text)
                self.charge(text)
            except ValueError:
                return False, (502, b'{"error":{"message":"a malformed answer"}}', [])
        if DEVIATION == "past_deadline" and state.count % 10 == 0:
            time.sleep(DEADLINE + 1)
        text = self.deviate(text)
        with state.lock:
            state.first = state.first or text
        self.answer(200, state.first if DEVIATION == "another_answer" else text)
        return True, "served"

    @staticmethod
    def charge(text):
        found = [re.search(rb'"%s":(\d+)' % name, text) for name in (b"prompt_tokens", b"completion_tokens")]
        if not all(found):
            return
        output = 0 if DEVIATION == "budget_of_input" else int(found[1][1])
        with state.lock:
            state.spent += (int(found[0][1]) + 2 * output) / 1e6

    @staticmethod
    def deviate(text):
        if DEVIATION == "zero_usage":
            return re.sub(rb'"completion_tokens":\d+', b'"completion_tokens":0', text)
        if DEVIATION == "doubles_usage":
            return re.sub(rb'"completion_tokens":(\d+)', lambda found: b'"completion_tokens":%d' % (2 * int(found[1])), text)
        if DEVIATION == "drops_usage":
            return re.sub(rb',"usage":\{[^{}]*(\{[^{}]*\}[^{}]*)*\}', b"", text)
        return text

    def events(self, upstream):
        """The events of a stream, each with its blank line."""
        rest = b""
        for chunk in upstream.chunks():
            rest += chunk
            while b"\n\n" in rest:
                event, rest = rest.split(b"\n\n", 1)
                yield event + b"\n\n"

    def pass_stream(self, upstream, seen):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        number, is_whole, held = 0, False, b""
        try:
            for event in self.events(upstream):
                number += 1
                seen.append(event)
                is_whole = event == b"data: [DONE]\n\n"
                self.charge(event)
                event = self.deviate(event)
                if DEVIATION == "reorders_chunks" and number == 4:
                    held = event
                    continue
                copies = {"drops_chunk": 0, "repeats_chunk": 2}.get(DEVIATION, 1) if number == 4 else 1
                for piece in [event] * copies + ([held] if held else []):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                held = b""
        except Broken:
            is_whole = False
        if not is_whole and DEVIATION != "clean_end":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self.wfile.write(b"0\r\n\r\n")
        return is_whole


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # of callers that have gone


if __name__ == "__main__":
    PORT, DEVIATION, URLS = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    assert DEVIATION in OTHERS or any(DEVIATION in names for names in DEVIATIONS.values()), DEVIATION
    state, sender = State(), span_export.sender()
    Server(("127.0.0.1", PORT), Gateway).serve_forever()
