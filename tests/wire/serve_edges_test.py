"""`windtunnel serve` at its edges: peers that misbehave, arguments that are wrong, descriptors that run out.

    serve_edges_test.py WINDTUNNEL
"""

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serving import QUICK, Server, chat, need, post, world

MESSAGES = {"model": "claude", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}


def check_peers(windtunnel):
    """Bytes that are no request, bodies that are none, and a peer that sends ahead."""
    def talk(server, data):
        url = server.connect()
        with socket.create_connection((url.host, url.port), timeout=10) as peer:
            peer.sendall(data)
            return b"".join(iter(lambda: peer.recv(65536), b""))

    with Server(windtunnel, world({"openai": QUICK})) as server:
        need(b" 400 " in talk(server, b"\x16\x03\x01 garbage\r\n\r\n"), "garbage")
        need(b" 431 " in talk(server, b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"), "a large header")
        need(b" 413 " in talk(server, b"POST /v1/messages HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n"), "a large body")
        waits = server.connect()
        with socket.create_connection((waits.host, waits.port), timeout=10) as peer:
            peer.sendall(b"POST /v1/messages HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            need(peer.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n", "100-continue")
            peer.sendall(b"{}")
            need(b" 400 " in peer.recv(65536), "the body after 100-continue")
        for body in (b"", b"{", b"[]", b'{"model":"m"}', b'{"messages":[{"role":"user"}]}', b'{"model":"m","messages":[]}',
                     b'{"model":"m","messages":[1],"max_tokens":-1}', b"\xff" * 9, b"[" * 5000):
            status, _, text = post(server.connect(), "/v1/chat/completions", body)
            need(status == 400 and json.loads(text)["error"]["message"], f"{body[:40]}: {status} {text}")
        status, _, text = post(server.connect(), "/v1/messages", {"model": "c", "messages": MESSAGES["messages"]})
        need(status == 400 and b"max_tokens" in text, f"{text}")
        data = json.dumps(chat())
        ahead = f"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: {len(data)}\r\n\r\n{data}" * 2
        answer = talk(server, (ahead + "GET / HTTP/1.1\r\nconnection: close\r\n\r\n").encode())
        need(answer.count(b" 200 OK") == 3 and answer.index(b"call-") < answer.rindex(b"call-"), f"{answer}")
        byte_by_byte = server.connect()
        with socket.create_connection((byte_by_byte.host, byte_by_byte.port), timeout=10) as peer:
            for byte in b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n":
                peer.sendall(bytes([byte]))
            need(b" 200 OK" in peer.recv(65536), "byte by byte")
        lines = server.end()
    need(sum(line["how"] == "refused" for line in lines) == 11, f"{[line['how'] for line in lines]}")


def ended(windtunnel, *arguments, folder=None):
    done = subprocess.run([windtunnel, "serve", *arguments], capture_output=True, text=True, timeout=20, cwd=folder,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def check_problems(windtunnel):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "world.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(world({"openai": QUICK}), file)
        code, _, err = ended(windtunnel, "missing.json", folder=folder)
        need(code == 4 and "missing.json" in err, f"{code} {err}")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, _, err = ended(windtunnel, path, "--port-base", str(port))
            need(code == 4 and f":{port}: Address already in use" in err, f"{code} {err}")
        code, _, err = ended(windtunnel, path, "--port-base", "0", "--ledger", os.path.join(folder, "no", "l.jsonl"))
        need(code == 4 and "l.jsonl" in err, f"{code} {err}")
        code, _, err = ended(windtunnel, path, "--port-base", "0", "--ledger", path)
        need(code == 2 and "world.json" in err, f"{code} {err}")
        code, _, err = ended(windtunnel, path, "--listen", "localhost")
        need(code == 4 and "localhost" in err, f"{code} {err}")
        for gateway in ("portkey", "litellm", "nginx", "envoy", "openai-sdk"):
            code, out, err = ended(windtunnel, path, "--port-base", "4711", "--print-config", gateway)
            need(code == 0 and "4711" in out, f"{gateway}: {code} {out}{err}")
        code, _, err = ended(windtunnel, path, "--print-config", "ngnix")
        need(code == 2 and "nginx" in err, f"{code} {err}")


def answers_within(server, seconds):
    """Whether a call is answered once the descriptors of connections that have gone are free."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return post(server.connect(), "/v1/chat/completions", chat())[0] == 200
        except ConnectionError:
            time.sleep(0.05)
    return False


def check_descriptors(windtunnel):
    """Without descriptors connections are refused and counted, and the server goes on."""
    limited = f'ulimit -n 40; exec "{windtunnel}" "$@"'
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "limited")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{limited}\n")
        os.chmod(script, 0o755)
        with Server(script, world({"openai": QUICK})) as server:
            url = server.connect()
            held, refused = [], []
            for _ in range(60):
                try:
                    held.append(socket.create_connection((url.host, url.port), timeout=10))
                except ConnectionError as error:
                    refused.append(error)  # before connect() returned
            refused += select.select(held, [], [], 10)[0]  # a reset can be read
            need(refused, "no connection is refused")
            for connection in held:
                connection.close()
            need(answers_within(server, 10), "it goes on")
            server.end()
            need(server.totals["connections_refused"] > 0, f"{server.totals}")


def main():
    windtunnel = os.path.abspath(sys.argv[1])
    for name, check in list(globals().items()):
        if name.startswith("check_") and (len(sys.argv) < 3 or name in sys.argv[2:]):
            check(windtunnel)
            print(f"{name}: ok", flush=True)


if __name__ == "__main__":
    main()
