"""A small failover gateway for the tests of `windtunnel trial`. Without a deviation it does all right: it calls one provider
after the other until one answers, hands a whole answer on only once it is whole and JSON, passes a stream through as it
comes, breaks its own connection where the provider's breaks, and lets a caller's own error through. Each deviation is a
bug that real gateways had.

    bad_gateway.py PORT DEVIATION URL...        DEVIATION "none": no bug
"""

import http.client
import http.server
import json
import re
import sys
import threading
import time
from urllib.parse import urlsplit

DEVIATIONS = ("none", "clean_end", "drops_chunk", "repeats_chunk", "another_answer", "retries_after_end", "holds_calls",
              "zero_usage", "retries_400", "hides_400", "garbage_passes", "amplifies", "dies", "never_ready")
PORT, DEVIATION, URLS = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
assert DEVIATION in DEVIATIONS, DEVIATION
kept = {}  # what another answer is taken from


def is_retriable(status):
    return status == 429 or status >= 500


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
            import os
            os._exit(7)
        tries = [url for url in URLS for _ in range(5 if DEVIATION == "amplifies" else 1)]
        status, text, headers = 502, b'{"error":{"message":"no provider answered"}}', []
        for url in tries:
            try:
                done = self.try_provider(url, body)
            except (OSError, http.client.HTTPException):
                continue
            if done is None:
                return  # a stream has been passed through
            status, text, headers = done
            if status == 400 and DEVIATION == "retries_400":
                continue
            if not is_retriable(status):
                break
        if status == 400 and DEVIATION == "hides_400":
            status, text = 200, b'{"choices":[]}'
        self.answer(status, text, headers)
        if DEVIATION == "retries_after_end":
            threading.Thread(target=self.call_again, args=(body,), daemon=True).start()

    def call_again(self, body):
        time.sleep(0.05)
        connection = http.client.HTTPConnection(urlsplit(URLS[-1]).netloc, timeout=20)
        connection.request("POST", self.path, body, {"content-type": "application/json"})
        connection.getresponse().read()

    def try_provider(self, url, body):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20 if DEVIATION == "holds_calls" else 1)
        connection.request("POST", self.path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() == "retry-after"]
        if response.status == 200 and response.getheader("content-length") is None:
            return self.pass_stream(response)
        text = response.read()
        if response.status == 200 and DEVIATION != "garbage_passes":
            try:
                json.loads(text)
            except ValueError:
                return 502, b'{"error":{"message":"a malformed answer"}}', []
        return response.status, self.deviate(text), headers

    def deviate(self, text):
        if DEVIATION == "another_answer":
            kept.setdefault("first", text)
            return kept["first"]
        if DEVIATION == "zero_usage":
            return re.sub(rb'"completion_tokens":\d+', b'"completion_tokens":0', text)
        return text

    def pass_stream(self, response):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        number, is_whole = 0, False
        try:
            event = b""
            while line := response.readline():
                event += line
                if line != b"\n":
                    continue
                number += 1
                is_whole = event == b"data: [DONE]\n\n"
                event = self.deviate(event)
                copies = {"drops_chunk": 0, "repeats_chunk": 2}.get(DEVIATION, 1) if number == 4 else 1
                for _ in range(copies):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                event = b""
        except (OSError, http.client.HTTPException):
            is_whole = False
        # http.client takes a stream that is cut between two chunks for one that has ended.
        if not is_whole and DEVIATION != "clean_end":
            self.close_connection = True
            self.connection.close()
            return None
        self.wfile.write(b"0\r\n\r\n")
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # of callers that have gone


Server(("127.0.0.1", PORT), Gateway).serve_forever()
