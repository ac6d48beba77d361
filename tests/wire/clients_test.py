"""The client libraries that people use, each with its default settings, against `windtunnel serve`: every field of an answer
arrives, and every kind of reply comes to what that library makes of it - how often it calls, and what its caller gets.

    clients_test.py node|python WINDTUNNEL BUILD_FOLDER

The libraries are pinned (clients/package-lock.json, clients/requirements.txt with hashes) and put into the build folder once;
where they cannot be had the test is skipped. Counts only: nothing is asserted about how long anything took.
"""

import collections
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import pip_packages
from npm_packages import install
from serving import QUICK, TOKENS, Server, need, world

FINISH = {"openai chat": "stop", "openai responses": "completed", "anthropic": "end_turn", "ai": "stop",
          "langchain openai": "stop", "langchain anthropic": "end_turn"}
# What each provider of the two worlds below makes of a call: the status that the caller sees, and whether the library
# calls again. langchain is asked not to, because its six retries take 77 s.
STATUS = {"reset": None, "e500": 500, "over": (503, 529), "limited": 429, "auth": 401, "bad": 400, "garbage": None,
          "cut": None, "hang": None}
CALLED_AGAIN = ("reset", "e500", "over", "limited", "hang")


def failing(kind):
    return {**QUICK, "errors": {kind: 1}}


def worlds():
    limited = {**QUICK, "rate_limit": {"requests_per_minute": 0, "retry_after": "1s"}}
    cuts = {"id": "cuts", "kind": "truncated", "provider": "cut", "at": "0s", "bill_fraction": 0.5}
    return [world({"ok": QUICK, "reset": failing("connection_error"), "e500": failing("server_error"),
                   "over": failing("overloaded"), "limited": limited, "auth": failing("auth_or_quota"),
                   "bad": failing("client_error"), "garbage": failing("malformed")}),
            world({"ok": QUICK, "hang": failing("timeout"), "cut": QUICK}, [cuts])]


def calls_expected(kind, client, provider):
    if client.startswith("langchain"):
        return 1
    if provider == "cut":  # the libraries differ: see docs/serve.md
        again = client == "ai openai" or (kind == "python" and not client.endswith("stream"))
        return 3 if again else 1
    return 3 if provider in CALLED_AGAIN else 1


def check_case(kind, found, calls):
    client, provider = found["client"], found["provider"]
    shown = json.dumps(found)
    if client == "openai others":
        need(found["rows"] == 2 and found["length"] == 8 and found["models"] == ["quick-1"], shown)
        return
    if provider == "ok":
        words = found.get("text", "").split()
        need(words[1:] == [str(place) for place in range(1, TOKENS)] and words[0].startswith("call-"), shown)
        need(found["tokens"] == TOKENS, shown)
        need(any(client.startswith(name) and found["finish"] == finish for name, finish in FINISH.items()), shown)
        need(calls == 1, f"{calls} calls: {shown}")
        return
    need("error" in found, f"no error: {shown}")
    expected = STATUS[provider]
    if isinstance(expected, tuple):
        expected = expected["anthropic" in client]
    # What the `ai` package calls a status is 200 where a body broke off.
    need(found["status"] == expected or (client.startswith("ai ") and found["status"] == 200), shown)
    wanted = calls_expected(kind, client, provider)
    need(calls == wanted, f"{calls} calls, not {wanted}: {shown}")


def node_command(folder):
    install(os.path.join(HERE, "clients"), folder, ("clients.mjs",))
    return ["node", os.path.join(folder, "clients.mjs")]


def python_command(folder):
    python = pip_packages.install(os.path.join(HERE, "clients", "requirements.txt"), folder)
    return [python, os.path.join(HERE, "clients", "clients.py")]


def main():
    kind, windtunnel, folder = sys.argv[1], os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
    command = {"node": node_command, "python": python_command}[kind](os.path.join(folder, kind))
    cases = 0
    for scenario in worlds():
        with Server(windtunnel, scenario) as server:
            done = subprocess.run([*command, json.dumps(server.urls)], capture_output=True, text=True, timeout=120,
                                  stdin=subprocess.DEVNULL, check=False)
            need(done.returncode == 0, f"the clients ended with {done.returncode}:\n{done.stdout}{done.stderr}")
            lines = server.end()
        calls = collections.Counter(line["n"] for line in lines if line["tagged"])
        for found in map(json.loads, done.stdout.splitlines()):
            check_case(kind, found, calls[found["tag"]] if "tag" in found else 0)
            cases += 1
    need(cases > 60, f"{cases} cases")
    print(f"{cases} cases")


if __name__ == "__main__":
    main()
