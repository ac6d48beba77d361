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
from serving import need

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
    return {"command": [sys.executable, os.path.join(HERE, "bad_gateway.py"), "{port}", deviation, "{url:openai}",
                        "{url:anthropic}"],
            "ready": {"within": "10s"}, "request": {"stream": stream, "timeout": timeout}}


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)
    return path


def trial(windtunnel, scenario, gateway, *arguments, environment=None):
    """Returns exit code, the parsed result (None if there is none), stderr."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write(folder, "world.json", scenario), write(folder, "gateway.json", gateway)
        done = subprocess.run([windtunnel, "trial", paths[0], "--gateway", paths[1], "--format", "json", *arguments],
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
        requests = result["requests"]
        need(requests["total"] == 40 and requests["cut_unseen"] == requests["garbage"] == 0, f"{requests}")
        need(result["not_observed"] == ["coverage breaker_half_open at least 1"], f"{result['not_observed']}")
        if was_late(result):
            continue
        need(code == 0 and result["verdict"] == "pass", f"{code} {result}")
        if stream:
            need(requests["cut_seen"] >= 5 and requests["served"] + requests["cut_seen"] == 40, f"{requests}")
        else:
            need(requests["served"] == 40 and requests["failed_over"] >= 15, f"{requests}")
            need(result["calls"]["total"] == 40 + requests["failed_over"], f"{result['calls']}")


def check_planted(windtunnel, _):
    """Each bug is found by its check, and by no other."""
    cuts = [fault("truncated", fraction=0.5, bill_fraction=0.5)]
    hang = [fault("outage", mode="hang")]
    planted = [("clean_end", True, cuts, None, ["X4"]), ("drops_chunk", True, [], None, ["X1"]),
               ("repeats_chunk", True, [], None, ["X1"]), ("another_answer", False, [], None, ["X2"]),
               ("retries_after_end", False, [], None, ["X3"]), ("zero_usage", False, [], None, ["X5"]),
               ("zero_usage", True, [], None, ["X5"]), ("retries_400", False, [], {"client_error": 0.3}, ["X8"]),
               ("hides_400", False, [], {"client_error": 0.3}, ["X8"]), ("holds_calls", False, hang, None, ["X3"])]
    for deviation, stream, faults, errors, expected in planted:
        patience = "300ms" if deviation == "holds_calls" else "10s"
        code, result, err = trial(windtunnel, world(faults, errors), python_gateway(deviation, stream, patience))
        need(result is not None, f"{deviation}: {err}")
        need(violated(result) == expected, f"{deviation}: {violated(result)}, not {expected}: {result['findings']}")
        need(code == 10, f"{deviation}: {code}")
        print(f"  {deviation}: {expected[0]}", flush=True)
    code, result, _ = trial(windtunnel, world([fault("malformed")]), python_gateway("garbage_passes"))
    need(result["requests"]["garbage"] >= 5, f"{result['requests']}")
    code, result, _ = trial(windtunnel, world([fault("outage")]), python_gateway("amplifies"))
    need(result["calls"]["most_for_one_request"] == 6, f"five calls, then the other provider: {result['calls']}")


def check_thresholds(windtunnel, _):
    both = [fault("outage", provider="*")]
    code, result, _ = trial(windtunnel, world(both, thresholds={"requests_failed": ["rate<0.1"]}), python_gateway("none"))
    need(was_late(result) or code == 12, f"{code} {result['findings']}")


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
            process = subprocess.Popen([windtunnel, "trial", paths[0], "--gateway", paths[1]], stdin=subprocess.DEVNULL,
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
            need({"gateway.log", "ledger.jsonl", "trial.json", "trial.txt"} <= set(names), f"{names}")
            with open(os.path.join(out, "ledger.jsonl"), encoding="utf-8") as file:
                need(len(file.readlines()) == result["calls"]["total"], "the ledger has a line for each call")
        need(violated(result) == [], f"a false alarm: {result['findings']}")
        requests = result["requests"]
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
