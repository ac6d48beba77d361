"""What the gateway costs beside nginx as a plain proxy: processor time a request, added latency, requests a second.

    gateway_cost.py WINDTUNNEL [SECONDS]

Both stand before the same provider, an nginx that answers each call with the same 560 bytes, and are called by the same wrk
over 32 connections. The floor is the provider without a gateway. Needs nginx and wrk (Debian: apt-get install nginx-light wrk).
Processor time is that of the gateway's own processes, user and system, and holds on a busy machine; latency and throughput
do not.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

CONNECTIONS = 32
TICK = os.sysconf("SC_CLK_TCK")
ANSWER = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}}
SCRIPT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/v1/chat/completions", {["content-type"] = "application/json"},
    '{"model":"default","messages":[{"role":"user","content":"question ' .. n .. ' of many"}]}')
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %f %f %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""
NGINX = """
worker_processes 1;
daemon off;
error_log stderr crit;
pid nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  keepalive_requests 100000000;
  {body}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def nginx(folder, name, body):
    home = os.path.join(folder, name)
    os.makedirs(home)
    with open(os.path.join(home, "nginx.conf"), "w", encoding="utf-8") as file:
        file.write(NGINX.format(body=body))
    return subprocess.Popen(["nginx", "-p", home, "-c", "nginx.conf"], stderr=subprocess.DEVNULL)


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing listens on {port}")


def processor_time(process):
    """Seconds of the process and its children that live."""
    total, processes = 0, [process.pid]
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as file:
        processes += [int(each) for each in file.read().split()]
    for each in processes:
        with open(f"/proc/{each}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def measure(script, port, seconds, process):
    before = processor_time(process)
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}"],
                          capture_output=True, text=True, check=True)
    requests, duration, p50, p99, errors = re.search(r"RESULT (\S+) (\S+) (\S+) (\S+) (\S+)", done.stdout).groups()
    used = processor_time(process) - before
    return {"rate": int(requests) / (int(duration) / 1e6), "p50": float(p50) / 1000, "p99": float(p99) / 1000,
            "cpu": used / int(requests) * 1e6, "errors": int(errors)}


def gateway(windtunnel, folder, provider, storage):
    path = os.path.join(folder, f"gateway{storage}.json")
    port = free_port()
    settings = {"version": 1, "monitor": {"token_limiter": {"mode": "off"}, "cache": {"enabled": False}},
                "providers": {"openai": {"model": "m", "price_usd_per_million": {"input": 1, "output": 2},
                                         "endpoint": {"base_url": f"http://127.0.0.1:{provider}/v1"}}},
                "server": {"listen": f"127.0.0.1:{port}", **({"storage": "bench.db"} if storage else {})}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(settings, file)
    return port, subprocess.Popen([os.path.abspath(windtunnel), "gateway", path], cwd=folder, stdout=subprocess.DEVNULL)


def main(windtunnel, seconds="5"):
    for needed in ("nginx", "wrk"):
        if not shutil.which(needed):
            print(f"skipped: {needed} is not installed (apt-get install nginx-light wrk)")
            sys.exit(77)
    body = json.dumps(ANSWER)
    ANSWER["choices"][0]["message"]["content"] = "x" * (1 + 560 - len(body))
    running = []
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "load.lua")
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        try:
            provider, proxy = free_port(), free_port()
            answer = json.dumps(ANSWER).replace("'", "")
            source = nginx(folder, "provider", f"server {{ listen 127.0.0.1:{provider}; location / {{ default_type "
                                               f"application/json; return 200 '{answer}'; }} }}")
            plain = nginx(folder, "proxy", f"upstream p {{ server 127.0.0.1:{provider}; keepalive 64; }} server {{ listen "
                                           f"127.0.0.1:{proxy}; location / {{ proxy_pass http://p; proxy_http_version 1.1; "
                                           "proxy_set_header Connection \"\"; }} }}".replace("}}", "}"))
            running += [source, plain]
            wait_for(provider)
            wait_for(proxy)
            ours, first = gateway(windtunnel, folder, provider, False)
            stored, second = gateway(windtunnel, folder, provider, True)
            running += [first, second]
            wait_for(ours)
            wait_for(stored)
            table = {}
            for name, port, process in (("no gateway", provider, source), ("nginx", proxy, plain), ("windtunnel", ours, first),
                                        ("windtunnel with storage", stored, second)):
                measure(script, port, 1, process)
                table[name] = measure(script, port, int(seconds), process)
            print(f"{'':26}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'errors':>8}")
            for name, row in table.items():
                print(f"{name:26}{row['rate']:12.0f}{row['p50']:9.2f}{row['p99']:9.2f}{row['cpu']:9.1f}{row['errors']:8}")
        finally:
            for process in running:
                process.terminate()
                process.wait(10)


if __name__ == "__main__":
    main(*sys.argv[1:])
