"""`windtunnel gateway` reads its file again on SIGHUP: what follows the new file, what goes on, and what is refused.

    gateway_reload_test.py WINDTUNNEL [CHECK...]
"""

import http.client
import json
import os
import signal
import sqlite3
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gateways import Gateway
from serving import QUICK, Server, chat, need, post, world

SLOW = {**QUICK, "model": "slow-1", "ttft": "1500ms"}
MONITOR = {"token_limiter": {"mode": "off"}, "cost_limiter": {"monthly_usd": 20}, "cache": {"enabled": False}}
CALLERS = 4


def question(text, **more):
    return {**chat(text), "model": "default", **more}


class Load:
    """Callers on kept connections that ask, whole and streamed, until they are to stop."""

    def __init__(self, gateway):
        self.gateway, self.answers, self.stopped = gateway, [], threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(i,), daemon=True) for i in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def ask(self, caller):
        connection, count = self.gateway.connect(), 0
        while not self.stopped.is_set():
            count += 1
            try:
                status, headers, body = post(connection, "/v1/chat/completions",
                                             question(f"{caller} {count}", stream=count % 2 == 0))
                whole = body.endswith(b"data: [DONE]\n\n") if count % 2 == 0 else bool(json.loads(body))
                self.answers.append((status, whole, headers.get("x-windtunnel-provider")))
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.answers.append((0, False, repr(error)))
                return

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(20)
        bad = [answer for answer in self.answers if answer[:2] != (200, True)]
        need(not bad, f"{len(bad)} of {len(self.answers)} requests failed: {bad[:3]}")
        return [provider for _, _, provider in self.answers]


def read_settings(gateway):
    with open(gateway.file, encoding="utf-8") as file:
        return json.load(file)


def write_settings(gateway, settings):
    """Replaces the file as a whole: a reading never finds half of it."""
    with open(gateway.file + ".new", "w", encoding="utf-8") as file:
        file.write(settings if isinstance(settings, str) else json.dumps(settings, indent=1))
    os.replace(gateway.file + ".new", gateway.file)


def hang_up(gateway):
    """Returns what the gateway says of the file."""
    gateway.process.send_signal(signal.SIGHUP)
    return json.loads(gateway.process.stdout.readline())


def reload(gateway, settings):
    write_settings(gateway, settings)
    return hang_up(gateway)


def first(settings, name):
    """The same settings with this provider before the others, so that it serves."""
    known = settings["providers"]
    return {**settings, "providers": {name: known[name], **{key: value for key, value in known.items() if key != name}}}


def counters(metrics):
    return {name: value for name, value in metrics.items() if "_total" in name or "_bucket" in name or "_count" in name}


def ask_late(gateway, answers, text="late", **more):
    def ask():
        status, headers, body = post(gateway.connect(30), "/v1/chat/completions", question(text, **more))
        answers.append((status, headers.get("x-windtunnel-provider"), body))
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def check_good(windtunnel):
    """Under load: new requests follow the file, none fails, spend and counters go on, open requests end as they began."""
    with tempfile.TemporaryDirectory() as folder, \
            Server(windtunnel, world({"openai": QUICK, "slow": SLOW, "new": QUICK})) as server:
        urls = dict(server.urls)
        new_url = urls.pop("new")
        with Gateway(windtunnel, urls, {"storage": "gateway.db"}, folder=folder, monitor=MONITOR) as gateway:
            old = read_settings(gateway)
            load = Load(gateway)
            connection = gateway.connect(30)
            connection.request("POST", "/v1/chat/completions", json.dumps(question("slow", stream=True)),
                               {"x-windtunnel-provider": "slow"})
            time.sleep(0.6)
            before = gateway.metrics()
            # `slow` goes, and `new` comes at the first place, so that every provider has another place.
            settings = json.loads(json.dumps(old))
            del settings["providers"]["slow"]
            settings["providers"]["new"] = {**old["providers"]["openai"], "endpoint": {"base_url": new_url + "/v1"}}
            need(reload(gateway, first(settings, "new")) == {"reloaded": True}, "a good file is taken")
            marked = len(load.answers)
            response = connection.getresponse()
            need(response.status == 200 and response.getheader("x-windtunnel-provider") == "slow", f"{response.status}")
            need(response.read().endswith(b"data: [DONE]\n\n"), "a stream that was open ends whole, at the provider that is gone")
            time.sleep(0.6)
            after = gateway.metrics()
            providers = load.stop()
            need(set(providers[:marked - CALLERS]) == {"openai"}, f"{set(providers[:marked - CALLERS])}")
            need(set(providers[marked + CALLERS:]) == {"new"}, f"new requests go to the new one: {set(providers[marked + CALLERS:])}")
            went_back = {name: (value, after.get(name)) for name, value in counters(before).items() if after.get(name, -1) < value}
            need(not went_back, f"counters went back: {went_back}")
            need(after['windtunnel_requests_total{outcome="served"}'] > before['windtunnel_requests_total{outcome="served"}'], "")
            need('windtunnel_provider_late_results_total{provider="slow"}' in after, "a provider that is gone keeps its counters")
            need(after['windtunnel_gateway_config_reloads_total{result="success"}'] == 1, "it is counted")
            need(after["windtunnel_gateway_config_last_reload_success_timestamp_seconds"] >
                 before["windtunnel_gateway_config_last_reload_success_timestamp_seconds"] > 1.7e9, "and dated")
            status, _, _ = post(gateway.connect(), "/v1/chat/completions", {**question("gone"), "model": "slow"})
            need(status == 404, f"its model is unknown from now on: {status}")
            spent = gateway.metrics()['windtunnel_budget_spent_usd{window="month"}']
            need(spent >= before['windtunnel_budget_spent_usd{window="month"}'] > 0, "spend goes on")
            err = gateway.end()
            need("was read again" in err, err)
        with sqlite3.connect(os.path.join(folder, "gateway.db")) as database:
            month, = database.execute("SELECT sum(settled_picos) FROM windows WHERE daily = 0").fetchone()
            attempts = database.execute("SELECT provider, cost_picos FROM attempts").fetchall()
            records, = database.execute("SELECT count(DISTINCT request_id) FROM records").fetchone()
            still_open, = database.execute("SELECT count(*) FROM open_calls").fetchone()
        need(month == sum(cost for _, cost in attempts), "the storage holds the spend of both readings")
        need(abs(spent * 1e12 - month) < 1, f"and so does the budget: {spent} {month}")
        need({provider for provider, _ in attempts} == {"openai", "slow", "new"}, "calls are stored under their own names")
        need(records >= len(load.answers) + 1 and still_open == 0, f"no record is lost or replaced: {records}")
        lines = server.end()
        need(len(lines) == len(attempts), f"{len(lines)} calls, {len(attempts)} stored")


def check_bad(windtunnel):
    """A file with errors, one that cannot be read and one without a key change nothing, and say where they are wrong."""
    with Server(windtunnel, world({"openai": QUICK})) as server, Gateway(windtunnel, server.urls, monitor=MONITOR) as gateway:
        good = read_settings(gateway)
        load = Load(gateway)
        text = json.dumps(good, indent=1).replace('"token_limiter"', '"token_limitter"')
        answer = reload(gateway, text)
        need(answer["reloaded"] is False, f"{answer}")
        need("gateway.json:" in answer["problem"] and "/monitor/token_limitter" in answer["problem"]
             and "token_limiter" in answer["problem"], f"file, place and remedy: {answer['problem']}")
        metrics = gateway.metrics()
        need(metrics['windtunnel_gateway_config_reloads_total{result="failure"}'] == 1, "counted")
        need(metrics["windtunnel_gateway_config_last_reload_successful"] == 0, "shown")
        need(reload(gateway, "{")["reloaded"] is False, "no JSON")
        os.remove(gateway.file)
        need(hang_up(gateway)["reloaded"] is False, "no file")
        without_key = json.loads(json.dumps(good))
        without_key["providers"]["openai"]["endpoint"]["key_env"] = "WINDTUNNEL_NO_SUCH_KEY"
        answer = reload(gateway, without_key)
        need(answer["reloaded"] is False and "WINDTUNNEL_NO_SUCH_KEY" in answer["problem"], f"{answer}")
        need(reload(gateway, good) == {"reloaded": True}, "a good file after bad ones")
        metrics = gateway.metrics()
        need(metrics["windtunnel_gateway_config_last_reload_successful"] == 1, "shown")
        need(metrics['windtunnel_gateway_config_reloads_total{result="failure"}'] == 4, "counted")
        load.stop()
        err = gateway.end()
        need("is refused, and the gateway goes on as before:\n" in err and "gateway.json:" in err, err)


def check_fixed(windtunnel):
    """What belongs to a socket or a file that is open is refused by its key."""
    with Server(windtunnel, world({"openai": QUICK})) as server, Gateway(windtunnel, server.urls, monitor=MONITOR) as gateway:
        good = read_settings(gateway)
        load = Load(gateway)
        for key, value in (("listen", "127.0.0.1:1"), ("storage", "other.db"), ("telemetry", "other.jsonl"),
                           ("otlp", "http://127.0.0.1:1"), ("retention", "1d")):
            answer = reload(gateway, {**good, "server": {**good["server"], key: value}})
            need(answer["reloaded"] is False, f"{key}: {answer}")
            need(f"server.{key} " in answer["problem"] and "restart" in answer["problem"], f"{answer}")
        both = {**good, "month_spent_usd": 3, "server": {**good["server"], "storage": "other.db"}}
        problem = reload(gateway, both)["problem"]
        need("month_spent_usd " in problem and "server.storage " in problem, f"all at once: {problem}")
        need(not os.path.exists(os.path.join(gateway.folder, "other.db")), "nothing is opened")
        load.stop()
        gateway.end()


def check_fast(windtunnel):
    """Two signals at once are one reading or two; the last file holds. Many readings in a row lose nothing."""
    with Server(windtunnel, world({"openai": QUICK, "anthropic": QUICK, "slow": SLOW})) as server, \
            Gateway(windtunnel, server.urls, monitor=MONITOR) as gateway:
        settings = read_settings(gateway)
        load, late = Load(gateway), []
        gateway.process.send_signal(signal.SIGHUP)
        need(reload(gateway, first(settings, "anthropic"))["reloaded"], "the latest file")
        time.sleep(0.2)
        waiting = []
        for turn in range(20):
            name = ("openai", "anthropic", "slow")[turn % 3]
            if turn < 3:
                waiting.append(ask_late(gateway, late, f"late {turn}", model="slow"))
            write_settings(gateway, first(settings, name))
            gateway.process.send_signal(signal.SIGHUP)
            time.sleep(0.03)
        write_settings(gateway, first(settings, "anthropic"))
        gateway.process.send_signal(signal.SIGHUP)
        for thread in waiting:
            thread.join(20)
        need([status for status, _, _ in late] == [200, 200, 200], f"{late}")
        time.sleep(1)
        marked = len(load.answers)
        time.sleep(0.3)
        providers = load.stop()
        need(set(providers[marked + CALLERS:]) == {"anthropic"}, f"{set(providers[marked + CALLERS:])}")
        metrics = gateway.metrics()
        need(metrics["windtunnel_requests_in_flight"] == 0, "nothing is left open")
        need(metrics['windtunnel_budget_reserved_usd{window="month"}'] == 0, "nothing is left reserved")
        need(metrics['windtunnel_requests_total{outcome="served"}'] == len(load.answers) + 3, "each request counts once")
        gateway.end()


def check_state(windtunnel):
    """An open breaker stays open under its name, though its provider has another place; money reserved before stays reserved."""
    down = [{"id": "down", "kind": "outage", "mode": "refuse", "provider": "openai", "at": "0s", "duration": "10m"}]
    monitor = {**MONITOR, "circuit_breaker": {"consecutive_threshold": 3, "open": "10m"}}
    with Server(windtunnel, world({"openai": QUICK, "anthropic": QUICK, "slow": SLOW}, down)) as server, \
            Gateway(windtunnel, server.urls, monitor=monitor) as gateway:
        settings, connection = read_settings(gateway), gateway.connect(30)
        for count in range(4):
            need(post(connection, "/v1/chat/completions", question(f"{count}"))[0] == 200, "it fails over")
        opened = 'windtunnel_breaker_state{provider="openai",windtunnel_breaker_state="open"}'
        calls = 'windtunnel_provider_calls_total{provider="openai",model="quick-1",outcome="connection_error"}'
        before = gateway.metrics()
        need(before[opened] == 1, f"{before}")
        late = []
        waiting = ask_late(gateway, late, "open", model="slow")
        time.sleep(0.4)
        need(reload(gateway, {**settings, "providers": dict(reversed(settings["providers"].items()))})["reloaded"], "")
        time.sleep(0.3)
        reserved = 'windtunnel_budget_reserved_usd{window="month"}'
        metrics = gateway.metrics()
        need(metrics[opened] == 1, "the breaker is still open")
        need(metrics[reserved] > 0, "the budget holds what the open request may cost")
        waiting.join(20)
        need(late and late[0][0] == 200, f"{late}")
        after = gateway.metrics()
        need(after[reserved] == 0, "and settles it")
        spent = 'windtunnel_budget_spent_usd{window="month"}'
        need(after[spent] > before[spent], "for the same budget")
        need(reload(gateway, settings)["reloaded"], "openai is first again")
        need(post(connection, "/v1/chat/completions", question("again"))[0] == 200, "it fails over")
        need(gateway.metrics()[calls] == before[calls], "no call while it is open")
        gateway.end()


def check_drain(windtunnel):
    """While it drains, SIGTERM has the last word: the open request ends, and the file is not read again."""
    with Server(windtunnel, world({"slow": SLOW})) as server, Gateway(windtunnel, server.urls, monitor=MONITOR) as gateway:
        late = []
        waiting = ask_late(gateway, late)
        time.sleep(0.4)
        need(hang_up(gateway) == {"reloaded": True}, "before")
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        write_settings(gateway, "{")
        gateway.process.send_signal(signal.SIGHUP)
        out, err = gateway.process.communicate(timeout=20)
        waiting.join(20)
        need(gateway.process.returncode == 0 and late and late[0][0] == 200, f"{gateway.process.returncode} {late}")
        need("is not read again, because the gateway is ending" in err and not out, out + err)


CHECKS = [check_good, check_bad, check_fixed, check_fast, check_state, check_drain]


def main(arguments):
    for check in CHECKS:
        if len(arguments) > 1 and check.__name__[len("check_"):] not in arguments[1:]:
            continue
        print(check.__name__, flush=True)
        check(arguments[0])


if __name__ == "__main__":
    main(sys.argv[1:])
