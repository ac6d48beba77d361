"""Programs that drive the workload of a trial, for stack_test.py.

    applications.py jitter URL        asks until it is answered, and sleeps by full jitter between its attempts
    applications.py redis HOST:PORT   sees a key of Redis go at its time
    applications.py late URL FILE     asks once, and stops its supervisor, whose number it writes, before it ends
    applications.py forever | fails   never ends, or ends with 3
"""

import json
import os
import random
import signal
import socket
import sys
import time
import urllib.error
import urllib.request


def ask(url, number):
    question = {"model": "quick-1", "messages": [{"role": "user", "content": f"[wt application {number}] Which way is up?"}]}
    request = urllib.request.Request(url + "/v1/chat/completions", json.dumps(question).encode(),
                                     {"content-type": "application/json", "authorization": "Bearer none"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["usage"]["completion_tokens"] > 0
    except (urllib.error.URLError, ConnectionError):
        return False


def jitter(url):
    delay = 0.5
    while not ask(url, 0):
        time.sleep(random.uniform(0, delay))
        delay = min(2 * delay, 8)


def late(url, note):
    assert ask(url, 0)
    with open(note + ".part", "w", encoding="utf-8") as file:
        file.write(str(os.getppid()))
    os.kill(os.getppid(), signal.SIGSTOP)
    os.rename(note + ".part", note)


def redis(address):
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        def command(line):
            connection.sendall(line.encode() + b"\r\n")
            return connection.recv(100).decode().strip()

        assert command("SET wind north EX 60") == "+OK"
        time.sleep(59)
        assert command("TTL wind") == ":1", command("TTL wind")
        time.sleep(1.5)
        assert command("EXISTS wind") == ":0"
        # The calendar of both is one.
        seconds = int(command("TIME").split("\r\n")[2])
        assert seconds == int(time.time()), (seconds, time.time())


if sys.argv[1] == "jitter":
    jitter(sys.argv[2])
elif sys.argv[1] == "late":
    late(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "redis":
    redis(sys.argv[2])
elif sys.argv[1] == "forever":
    time.sleep(1e6)
else:
    print("it broke")
    sys.exit(3)
