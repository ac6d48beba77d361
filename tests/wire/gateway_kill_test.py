"""Nothing that was spent is lost: a gateway under load is killed at random instants, and what its storage holds after each
restart is compared with what the providers billed and with the answers that callers have got.

    gateway_kill_test.py WINDTUNNEL [KILLS]
"""

import http.client
import json
import os
import random
import re
import signal
import sqlite3
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gateways import Gateway
from serving import QUICK, Server, chat, need, world

SEED = 20260120
CALLERS = 6
FAULTS = [{"id": "errors", "kind": "error_burst", "rate": 0.2, "provider": "openai", "at": "0s", "duration": "10m"}]


class Load:
    """Callers that ask one question after the other, until the gateway is gone."""

    def __init__(self, gateway, seed):
        self.gateway, self.answered, self.lock = gateway, [], threading.Lock()
        self.threads = [threading.Thread(target=self.ask, args=(random.Random(seed * 100 + i), i), daemon=True)
                        for i in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def ask(self, chance, caller):
        count = 0
        try:
            connection = self.gateway.connect()
            while True:
                count += 1
                body = {**chat(f"{caller} {count} {chance.random()}"), "model": "default", "stream": chance.random() < 0.5}
                connection.request("POST", "/v1/chat/completions", json.dumps(body))
                response = connection.getresponse()
                response.read()
                with self.lock:
                    self.answered.append((response.getheader("x-request-id"), response.status))
        except (OSError, http.client.HTTPException):
            pass

    def join(self):
        for thread in self.threads:
            thread.join(10)
        return self.answered


def spent(path):
    """What the storage holds: spend of the month, sum of its attempts, attempts, lost ones, open ones, ids of records."""
    with sqlite3.connect(path) as database:
        month, = database.execute("SELECT coalesce(sum(settled_picos), 0) FROM windows WHERE daily = 0").fetchone()
        day, = database.execute("SELECT coalesce(sum(settled_picos), 0) FROM windows WHERE daily = 1").fetchone()
        attempts = database.execute("SELECT outcome, cost_picos FROM attempts").fetchall()
        still_open, = database.execute("SELECT count(*) FROM open_calls").fetchone()
        records = dict(database.execute("SELECT request_id, success FROM records"))
        good = database.execute("PRAGMA integrity_check").fetchone()[0]
    need(good == "ok", good)
    return month, day, attempts, still_open, records


def main(arguments):
    windtunnel, kills = arguments[0], int(arguments[1]) if len(arguments) > 1 else 10
    chance = random.Random(SEED)
    answered, lost, noted = [], 0, 0
    monitor = {"token_limiter": {"mode": "off"}, "cost_limiter": {"monthly_usd": 20, "alerts": [0.0001, 0.0005]},
               "cache": {"enabled": False}}
    with tempfile.TemporaryDirectory() as folder, \
            Server(windtunnel, world({"openai": QUICK, "anthropic": QUICK}, FAULTS)) as server:
        path = os.path.join(folder, "gateway.db")
        for kill in range(kills + 1):
            with Gateway(windtunnel, server.urls, {"storage": "gateway.db"}, folder=folder, monitor=monitor) as gateway:
                _, _, _, still_open, _ = spent(path)
                need(still_open == 0, "what was open is settled before the gateway is ready")
                metrics = gateway.metrics()
                month, *_ = spent(path)
                shown = metrics.get('windtunnel_budget_spent_usd{window="month"}', 0)
                need(abs(shown * 1e12 - month) < 1, f"the gateway begins with what was spent: {shown} {month}")
                load = Load(gateway, kill)
                time.sleep(0.05 + chance.random() * 0.35)
                if kill < kills:
                    gateway.process.send_signal(signal.SIGKILL)
                    _, err = gateway.process.communicate(timeout=20)
                    answered += load.join()
                else:
                    time.sleep(1)
                    err = gateway.end()
                    answered += load.join()
            found = re.search(r"(\d+) calls were open", err)
            noted += int(found.group(1)) if found else 0
        month, day, attempts, still_open, records = spent(path)
        with sqlite3.connect(path) as database:
            alerts = database.execute("SELECT share_millionths FROM alerts WHERE daily = 0").fetchall()
        lines = server.end()
    billed = sum(round(float(line["billed_usd"]) * 1e12) for line in lines)
    lost = sum(outcome == "lost" for outcome, _ in attempts)
    need(still_open == 0, "nothing is open at the end")
    need(month == sum(cost for _, cost in attempts) == day, f"spend {month} is that of the attempts")
    need(month >= billed, f"what was billed is spent: {billed} > {month}")
    need(len(attempts) >= len(lines), f"each call was stored before it was made: {len(lines)} calls, {len(attempts)} stored")
    need(alerts == [(100,), (500,)], f"an alert fires once, whichever process reaches it: {alerts}")
    need(lost == noted, f"what was lost is reported: {lost} and {noted}")
    need(lost <= kills * CALLERS, f"at most what was in flight is lost: {lost}")
    missing = [name for name, _ in answered if name and name not in records]
    need(not missing, f"{len(missing)} answers were given whose records are lost")
    need(all(records[name] == (status == 200) for name, status in answered if name), "records hold how requests ended")
    print(f"{kills} kills, {len(answered)} answers, {len(lines)} calls, {lost} of them lost and settled at their reservations; "
          f"billed {billed / 1e12} USD, spent {month / 1e12} USD")


if __name__ == "__main__":
    main(sys.argv[1:])
