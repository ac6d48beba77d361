"""`windtunnel trial`: a gateway that does all right passes, each planted bug is found by the check that is for it, what goes
wrong with the program has a name and leaves nothing running, and nginx is no false alarm. On the real clock, so that only
counts and orders are asserted.

    trial_test.py WINDTUNNEL ROOT [CHECK...]
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import bad_gateway
from serving import need

PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable

PROVIDER = {"model": "quick-1", "ttft": "30ms", "tpot": "2ms", "price_usd_per_million": {"input": 1, "output": 2}}


def world(faults=(), errors=None, **more):
    first = {**PROVIDER, "errors": errors} if errors else PROVIDER
    return {"version": 1, "title": "a short trial", "seed": 3, "duration": "4s",
            "providers": {"openai": first, "anthropic": PROVIDER},
            "workload": {"chat": {"executor": "constant-arrival-rate", "rate": 10,
                                  "tokens": {"input": 50, "output": 20}}}, "faults": list(faults), **more}


def fault(kind, **more):
    return {"id": kind, "kind": kind, "provider": "openai", "at": "1s", "duration": "2s", "expect": {"min_affected": 5},
            **more}


def python_gateway(deviation, stream=False, timeout="10s"):
    return {"command": [PYTHON, os.path.join(HERE, "bad_gateway.py"), "{port}", deviation, "{url:openai}",
                        "{url:anthropic}"],
            "ready": {"within": "20s"}, "request": {"stream": stream, "timeout": timeout},
            "declares": bad_gateway.DECLARES}


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)
    return path


def trial(windtunnel, scenario, gateway, *arguments, environment=None):
    """Returns exit code, the parsed result (None if there is none), stderr."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write(folder, "world.json", scenario), write(folder, "gateway.json", gateway)
        done = subprocess.run([windtunnel, "trial", paths[0], "--gateway", paths[1], "--format", "json",
                               *(() if "--clock" in arguments else ("--clock", "real")), *arguments],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False,
                              env=environment)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def violated(result):
    return [finding["id"] for finding in result["findings"] if finding["kind"] == "invariant"]


def was_late(result):
    """On a machine that is too busy a trial proves nothing about the gateway; this is shown."""
    if any("late" in note for note in result["notes"]):
        print(f"  the harness was late: {result['notes']}")
        return True
    return False


def check_clean(windtunnel, _):
    for stream in (False, True):
        faults = [fault("truncated", fraction=0.5, bill_fraction=0.5)] if stream else [fault("outage")]
        code, result, err = trial(windtunnel, world(faults, thresholds={"requests": ["count>=30"]},
                                                    coverage={"breaker_half_open": 1}),
                                  python_gateway("none", stream))
        need(result is not None, err)
        need(violated(result) == [], f"a false alarm: {result['findings']}")
        requests = result["trial"]["requests"]
        need(requests["total"] == 40 and requests["cut_unseen"] == requests["garbage"] == 0, f"{requests}")
        unseen = [claim for claim in result["trial"]["not_observed"] if not claim.startswith("X11")]
        need(unseen == ["coverage breaker_half_open at least 1"], f"{result['trial']['not_observed']}")
        need(all(provider["circuit_breaker"] is None for provider in result["providers"]) and result["cache"] is None,
             "what is inside is not observed")
        counts = {name: counter["count"] for name, counter in result["coverage"].items()}
        need(counts["breaker_half_open"] is None and counts["failover"] is not None, f"{counts}")
        if was_late(result):
            continue
        need(code == 0 and result["verdict"] == "pass", f"{code} {result}")
        if stream:
            need(requests["cut_seen"] >= 5 and requests["served"] + requests["cut_seen"] == 40, f"{requests}")
        else:
            need(requests["served"] == 40 and requests["failed_over"] >= 5, f"{requests}")
            need(result["trial"]["calls"]["total"] == 40 + requests["failed_over"], f"{result['trial']['calls']}")


def planted_worlds():
    """By name: what stands in the scenario, whether answers are streamed, and the caller's patience."""
    both = {"provider": "*"}
    throttle = {"requests_per_minute": 10, "retry_after": "2s"}
    dated = {"requests_per_minute": 10, "retry_after": "3s", "retry_after_form": "date"}
    big = {"workload": {"chat": {"executor": "constant-arrival-rate", "rate": 10, "tokens": {"input": 500, "output": 200}}}}
    long = {"duration": "6s"}
    return {
        "plain": ({}, False, "10s"), "stream": ({}, True, "10s"),
        "cuts": ({"faults": [fault("truncated", fraction=0.5, bill_fraction=0.5)]}, True, "10s"),
        "impatient": ({"faults": [fault("outage", mode="hang")]}, False, "300ms"),
        "outage": ({"faults": [fault("outage", duration="3s")], **long}, False, "10s"),
        "slow_outage": ({"faults": [fault("outage", mode="hang", duration="4s")], **long}, False, "10s"),
        "both_fail": ({"faults": [fault("outage", error="server_error", **both)]}, False, "3s"),
        "throttle": ({"faults": [fault("throttle", **throttle)]}, False, "10s"),
        "throttle_date": ({"limit": dated, **long}, False, "10s"),
        "both_throttle": ({"faults": [fault("throttle", requests_per_minute=1, retry_after="1s", **both)]}, False, "10s"),
        "own_error": ({"errors": {"client_error": 0.3}}, False, "10s"),
        "refused_key": ({"errors": {"auth": 0.3}}, False, "10s"),
        "budget": (big, False, "10s"),
    }


# Where each deviation is planted; what is not named is planted in the plain world.
PLANTED_IN = {
    "drops_chunk": "stream", "repeats_chunk": "stream", "reorders_chunks": "stream", "clean_end": "cuts",
    "holds_calls": "impatient", "goes_on_without_caller": "impatient", "doubles_usage": "stream",
    "amplifies": "both_fail", "tries_all_again": "both_fail", "ignores_retry_after": "throttle",
    "ignores_retry_after_date": "throttle_date", "retries_400": "own_error", "hides_400": "own_error",
    "retries_401": "refused_key", "hides_429": "both_throttle", "error_as_200": "both_fail", "hangs": "both_fail",
    "no_breaker": "outage", "probes_all": "slow_outage", "breaker_per_worker": "outage", "short_open": "outage",
    "no_budget": "budget", "budget_of_input": "budget",
}
# What another check must find as well: a call that is made again is one more than is declared.
IMPLIED = {"retries_401": {"X6"}}


def planted_trial(windtunnel, deviation, world_name, *arguments):
    settings, stream, patience = planted_worlds()[world_name]
    settings = dict(settings)
    scenario = world(settings.pop("faults", ()), settings.pop("errors", None), **{key: value for key, value in settings.items() if key != "limit"})
    if "limit" in settings:
        scenario["providers"] = {**scenario["providers"], "openai": {**PROVIDER, "rate_limit": settings["limit"]}}
    return trial(windtunnel, scenario, python_gateway(deviation, stream, patience), "--clock", "virtual", *arguments)


def check_planted(windtunnel, _):
    """Each bug is found by its check, and by no other but those that it implies; without a bug no world is broken."""
    for name in planted_worlds():
        code, result, err = planted_trial(windtunnel, "none", name)
        need(result is not None, f"{name}: {err}")
        need(violated(result) == [], f"a false alarm in {name}: {result['findings']}")
        print(f"  none in {name}: clean, {code}", flush=True)
    planted = 0
    for check, deviations in bad_gateway.DEVIATIONS.items():
        # What a gateway reports of itself has a test of its own.
        for deviation in () if check == "X11" else deviations:
            name = PLANTED_IN.get(deviation, "plain")
            code, result, err = planted_trial(windtunnel, deviation, name)
            need(result is not None, f"{deviation}: {err}")
            expected = sorted({check, *IMPLIED.get(deviation, {})})
            need(sorted(violated(result)) == expected, f"{deviation} in {name}: {violated(result)}, not {expected}: {result['findings']}")
            need(code == 10, f"{deviation}: {code}")
            planted += 1
            print(f"  {deviation} in {name}: {', '.join(expected)}", flush=True)
    need(planted >= 20, f"{planted} deviations")
    code, result, _ = trial(windtunnel, world([fault("malformed")]), python_gateway("garbage_passes"))
    need(result["trial"]["requests"]["garbage"] >= 5, f"{result['trial']['requests']}")


def check_reports(windtunnel, _):
    """The reports of a trial are those of a run, and what is inside the gateway is in none of them."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = write(folder, "world.json", {**world([fault("outage")], thresholds={"requests": ["count>=30"]}),
                                                "gateway": python_gateway("none")})
        out, junit = os.path.join(folder, "out"), os.path.join(folder, "junit.xml")
        done = subprocess.run([windtunnel, "trial", scenario, "--clock", "virtual", "--seeds", "3..4", "--out", out, "--html", "--junit",
                               junit], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        need(done.returncode in (0, 13) and "2 of 2 runs" in done.stdout, f"{done.returncode} {done.stdout} {done.stderr}")
        first = os.path.join(out, "seed-3")
        names = {"summary.json", "summary.txt", "timeline.json", "telemetry.jsonl", "events.jsonl", "junit.xml", "ledger.jsonl",
                 "report.html", "gateway.log"}
        need(names <= set(os.listdir(first)), f"{os.listdir(first)}")
        with open(junit, encoding="utf-8") as file:
            text = file.read()
        need(text.count("<testsuite ") == 2 and "invariant X10" in text and "seed 4" in text, text)
        with open(os.path.join(first, "summary.json"), encoding="utf-8") as file:
            summary = json.load(file)
        need(all(summary[name] is None for name in ("rate_limiter", "token_limiter", "cost_limiter", "cache", "cost_reserved_usd")),
             "what is inside is null")
        need(summary["trial"]["clock"] == "virtual" and summary["trial"]["agreement"]["seeds"] == 40, f"{summary['trial']}")
        need({"X6", "X10", "X12"} <= set(summary["checks"]), f"{summary['checks']}")
        need("--seed 3" in summary["replay"] and summary["replay"].startswith("windtunnel trial"), summary["replay"])
        rows = {row["name"]: row for row in summary["trial"]["agreement"]["rows"]}
        need(rows["served"]["observed"] == "40" and rows["first token p50"]["observed"] == "", f"{rows}")
        need(int(rows["calls at a dead target"]["observed"]) >= 5, f"{rows}")
        with open(os.path.join(first, "timeline.json"), encoding="utf-8") as file:
            timeline = json.load(file)
        need(timeline["from_outside"] and timeline["series"]["cache_entries_held"] is None
             and timeline["series"]["providers"][0]["state"] is None, "the series of what is inside are null")
        need(sum(timeline["series"]["arrivals"]) == 40 and timeline["faults"][0]["phases_total"] == 1, "what is seen is counted")
        with open(os.path.join(first, "telemetry.jsonl"), encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        need(len(records) == 40 and all(record["circuit_breaker_state"] is None for record in records), f"{records[0]}")
        with open(os.path.join(first, "summary.txt"), encoding="utf-8") as file:
            text = file.read()
        need(text.startswith("1 request = 1.") and "Circuit Breaker States: not observed" in text, text)
        need("Cache: not observed" in text, text)
        for what in ("openmetrics", "csv"):
            done = subprocess.run([windtunnel, "export", what, first], capture_output=True, text=True, check=False)
            need(done.returncode == 0, f"export {what}: {done.stderr}")
        with open(os.path.join(first, "openmetrics.txt"), encoding="utf-8") as file:
            metrics = file.read()
        need("windtunnel_requests_total" in metrics and "windtunnel_breaker" not in metrics and "windtunnel_budget" not in metrics, "no metric of what is inside")
        done = subprocess.run([windtunnel, "report", first], capture_output=True, text=True, check=False)
        need(done.returncode == 0, f"report: {done.stderr}")
        with open(os.path.join(first, "report.html"), encoding="utf-8") as file:
            page = file.read()
        need("not observed" in page and "panel-lanes" not in page.split("<script")[0], "the page shows no breakers")


def check_declared(windtunnel, _):
    """A wrong declaration is named with its place; --set on a claim is refused; the comparison has a column for each gateway."""
    gateway = python_gateway("none")
    gateway["declares"] = {"monitor": {"provider_cal": {}}}
    code, _, err = trial(windtunnel, world(), gateway, "--clock", "virtual")
    need(code == 3 and "provider_cal" in err, f"{code} {err}")
    gateway["declares"] = {"monitr": {}}
    code, _, err = trial(windtunnel, world(), gateway)
    need(code == 3 and "monitr" in err, f"{code} {err}")
    code, _, err = trial(windtunnel, world(), python_gateway("none"), "--set", "monitor.circuit_breaker.open=2s")
    need(code == 2 and "claims to do" in err, f"{code} {err}")
    with tempfile.TemporaryDirectory() as folder:
        files = [write(folder, name + ".json", python_gateway(name)) for name in ("none", "no_breaker")]
        scenario = write(folder, "world.json", world([fault("outage")]))
        done = subprocess.run([windtunnel, "compare", scenario, "--clock", "virtual", "--gateways", ",".join(["simulated", *files])],
                              capture_output=True, text=True, timeout=120, check=False)
        need(done.returncode == 10, f"{done.returncode} {done.stdout} {done.stderr}")
        lines = {line.strip().split("  ")[0]: line.split() for line in done.stdout.splitlines()}
        need(lines["checks broken"][-3:] == ["-", "none", "X10"], f"{done.stdout}")
        need(int(lines["calls"][-1]) > int(lines["calls"][-2]), f"{done.stdout}")


def check_thresholds(windtunnel, _):
    both = [fault("outage", provider="*")]
    code, result, _ = trial(windtunnel, world(both, thresholds={"requests_failed": ["rate<0.1"]}), python_gateway("none"))
    need(was_late(result) or code == 12, f"{code} {result['findings']}")
    # What is only inside of the gateway is not judged; a file that claims nothing else is not one that claims nothing.
    unseen = world(thresholds={"breaker_opened": ["count<1"]}, coverage={"late_result": 1})
    for more, expected in (({}, 13), ({"requests": ["count>=30"]}, 0)):
        unseen["thresholds"].update(more)
        code, result, _ = trial(windtunnel, unseen, python_gateway("none"))
        need(was_late(result) or code == expected, f"{code} {result['findings']}")
        need({"threshold breaker_opened: count<1", "coverage late_result at least 1"} <= set(result["trial"]["not_observed"]),
             f"{result['trial']['not_observed']}")
    # A gateway whose upstream is another one makes no call here.
    code, result, _ = trial(windtunnel, world(thresholds={"cost_usd": ["value<=1"]}), python_gateway("calls_none"))
    need(any(note.startswith("no call came to any provider") for note in result["notes"]), f"{result['notes']}")
    need(was_late(result) or code == 13, f"{code} {result['findings']}")


def running(word):
    """The processes whose command line holds the word."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if word.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return [pid for pid in found if pid != os.getpid()]


def check_programs(windtunnel, _):
    cases = [("dies", 4, "exit code 7"), ("never_ready", 4, "was not ready within 6000 ms (status 503)")]
    for deviation, expected, words in cases:
        gateway = python_gateway(deviation)
        gateway["ready"]["within"] = "6s" if deviation == "never_ready" else "10s"
        code, result, err = trial(windtunnel, world(), gateway)
        need(code == expected and result is None and words in err, f"{deviation}: {code} {err}")
    for gateway, expected, words in (({"command": ["no-such-program-here"]}, 4, "no-such-program-here"),
                                     ({}, 3, "either a command or a url"),
                                     ({"command": ["x"], "redy": {}}, 3, "ready"),
                                     ({"command": ["true"], "files": {"../x": ""}}, 3, "outside"),
                                     ({"command": ["true", "{url:mistral}"]}, 3, "mistral"),
                                     ({"command": ["sh", "-c", "echo it broke; exit 3"]}, 4, "it broke")):
        code, _, err = trial(windtunnel, world(), gateway)
        need(code == expected and words in err, f"{gateway}: {code} {err}")
    # One that floods its output, and one that leaves children behind, are tried to their ends, and nothing of them is left.
    for deviation in ("floods", "forks"):
        word = f"windtunnel-{deviation}-{os.getpid()}"
        gateway = python_gateway(deviation)
        gateway["command"].append(f"http://127.0.0.1:9/{word}")
        code, result, err = trial(windtunnel, world(duration="1s"), gateway)
        need(result is not None and result["trial"]["requests"]["served"] == result["trial"]["requests"]["total"], f"{deviation}: {code} {err}")
        need(running(word) == [], f"{deviation}: {running(word)}")
    # A program that ignores SIGTERM and has children of its own is gone with all of them, also when we are killed.
    word = f"windtunnel-trial-test-{os.getpid()}"
    stubborn = {"command": ["sh", "-c", f"trap '' TERM; sh -c 'sleep 300; : {word}' & while :; do sleep 1; done; : {word}"],
                "ready": {"within": "500ms"}}
    code, _, _ = trial(windtunnel, world(), stubborn)
    need(code == 4 and running(word) == [], f"{code} {running(word)}")
    for how in (signal.SIGKILL, signal.SIGTERM):
        with tempfile.TemporaryDirectory() as folder:
            stubborn["ready"]["within"] = "30s"
            paths = write(folder, "world.json", world()), write(folder, "gateway.json", stubborn)
            process = subprocess.Popen([windtunnel, "trial", paths[0], "--gateway", paths[1], "--clock", "real"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.time() + 20
            while not running(word) and time.time() < deadline:
                time.sleep(0.05)
            need(running(word), "the gateway runs")
            process.send_signal(how)
            process.wait(timeout=20)
            while running(word) and time.time() < deadline:
                time.sleep(0.05)
            need(running(word) == [], f"after {how.name} this is left: {running(word)}")


def check_nginx(windtunnel, root):
    """The control: a plain proxy with a passive breaker breaks nothing that it could know."""
    folder = os.path.join(root, "build", "tools", "nginx", "usr", "sbin")
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", folder])
    if not shutil.which("nginx", path=path):
        print("  skipped: nginx is not installed")
        return
    with open(os.path.join(root, "scenarios", "gateways", "nginx.json"), encoding="utf-8") as file:
        gateway = json.load(file)
    for stream in (False, True):
        gateway["request"]["stream"] = stream
        with tempfile.TemporaryDirectory() as out:
            code, result, err = trial(windtunnel, world([fault("truncated" if stream else "outage", fraction=0.5)]), gateway,
                                      "--out", out, environment={**os.environ, "PATH": path})
            need(result is not None, err)
            names = sorted(os.listdir(out))
            need({"gateway.log", "ledger.jsonl", "summary.json", "timeline.json", "telemetry.jsonl", "junit.xml"} <= set(names), f"{names}")
            with open(os.path.join(out, "ledger.jsonl"), encoding="utf-8") as file:
                need(len(file.readlines()) == result["trial"]["calls"]["total"], "the ledger has a line for each call")
        need(violated(result) == [], f"a false alarm: {result['findings']}")
        requests = result["trial"]["requests"]
        need(requests["total"] == requests["served"] + requests["cut_seen"], f"{requests}")
        need(was_late(result) or code == 0, f"{code} {result['findings']}")
        need(requests["failed_over"] >= 5 or requests["cut_seen"] >= 5, f"{requests}")


def main():
    windtunnel, root = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    for name, check in list(globals().items()):
        if name.startswith("check_") and (len(sys.argv) < 4 or name in sys.argv[3:]):
            check(windtunnel, root)
            print(f"{name}: ok", flush=True)


if __name__ == "__main__":
    main()
