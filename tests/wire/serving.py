"""A server of providers for the tests beside this file: starts `windtunnel serve` on free ports, ends it, and reads what it
left.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

# A provider with quick answers.
QUICK = {"model": "quick-1", "ttft": "20ms", "tpot": "1ms", "price_usd_per_million": {"input": 1, "output": 2}}
# Every answer has 20 tokens, every question 150.
WORKLOAD = {"chat": {"executor": "constant-arrival-rate", "rate": 1, "tokens": {"input": 150, "output": 20}}}
TOKENS = 20


def world(providers, faults=(), **more):
    return {"version": 1, "title": "served", "seed": 7, "duration": "10m", "providers": providers,
            "workload": WORKLOAD, "faults": list(faults), **more}


def need(condition, what):
    if not condition:
        sys.exit(what)


class Server:
    """`with Server(windtunnel, world) as server:`"""

    def __init__(self, windtunnel, scenario, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.ledger_path = os.path.join(self.folder.name, "ledger.jsonl")
        path = os.path.join(self.folder.name, "world.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(scenario, file)
        self.process = subprocess.Popen(
            [windtunnel, "serve", path, "--port-base", "0", "--format", "json", "--ledger", self.ledger_path, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"serve ended with {self.process.wait()}:\n{self.process.stderr.read()}")
        ready = json.loads(line)
        self.urls, self.admin = ready["providers"], ready["admin"]
        self.totals = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()
        self.folder.cleanup()

    def end(self, how=signal.SIGTERM):
        """Ends it and returns the lines of the ledger."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        need(self.process.returncode == 0, f"serve ended with {self.process.returncode}:\n{out}{err}")
        self.totals = json.loads(out)
        with open(self.ledger_path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def connect(self, provider="openai", timeout=10):
        url = urlsplit(self.urls[provider] if provider in self.urls else self.admin)
        return http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)

    def admin_call(self, method, path, body=None):
        connection = self.connect("admin")
        connection.request(method, path, json.dumps(body) if body is not None else None)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def chat(text="hello", **more):
    return {"model": "gpt-4", "messages": [{"role": "user", "content": text}], **more}


def post(connection, path, body):
    """Returns status, headers (lower case) and the body's bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, data, {"content-type": "application/json"})
    response = connection.getresponse()
    return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()


def events(body):
    """The events of a stream: (event or "", parsed data or the text)."""
    found = []
    for block in body.decode().split("\n\n"):
        if not block:
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        try:
            data = json.loads(fields["data"])
        except ValueError:
            data = fields["data"]
        found.append((fields.get("event", ""), data))
    return found


def words_of(call, count):
    """The text of a whole answer of so many tokens."""
    return " ".join([f"call-{call}", *map(str, range(1, count))]) if count else ""
