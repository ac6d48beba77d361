"""Several programs share one virtual time: applications that drive the workload themselves, gateways, nginx and Redis.

    stack_test.py WINDTUNNEL ROOT FOLDER [CHECK...]

FOLDER keeps what npm installs for the example. What is not installed is skipped with a message.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import npm_packages

PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
APPLICATIONS = os.path.join(HERE, "applications.py")
BAD_GATEWAY = os.path.join(os.path.dirname(HERE), "wire", "bad_gateway.py")
PROVIDER = {"model": "quick-1", "ttft": "30ms", "tpot": "2ms", "price_usd_per_million": {"input": 1, "output": 2}}


def need(holds, what):
    if not holds:
        sys.exit(f"failed: {what}")


class Trials:
    def __init__(self, windtunnel, root, folder):
        self.windtunnel, self.root, self.folder = windtunnel, root, folder
        tools = os.path.join(root, "build", "tools")
        self.tools = os.pathsep.join([os.environ["PATH"], "/usr/sbin", os.path.join(tools, "nginx", "usr", "sbin"),
                                      os.path.join(tools, "redis-server", "usr", "bin")])

    def which(self, program):
        return shutil.which(program, path=self.tools)

    def run(self, verb, arguments, cwd=None):
        """Returns exit code, standard output and standard error."""
        done = subprocess.run([self.windtunnel, verb, *arguments], capture_output=True, text=True, timeout=280, check=False,
                              stdin=subprocess.DEVNULL, cwd=cwd, env={**os.environ, "PATH": self.tools})
        return done.returncode, done.stdout, done.stderr

    def trial(self, scenario, gateway, *arguments):
        """Returns exit code, the parsed result (None if there is none), standard error, and the ledger."""
        with tempfile.TemporaryDirectory() as folder:
            paths = write(folder, "world.json", scenario), write(folder, "gateway.json", gateway)
            out = os.path.join(folder, "out")
            code, text, errors = self.run("trial", [paths[0], "--gateway", paths[1], "--format", "json", "--out", out, *arguments])
            ledger = []
            if text:
                with open(os.path.join(out, "ledger.jsonl"), encoding="utf-8") as file:
                    ledger = [json.loads(line) for line in file]
        return code, json.loads(text) if text else None, errors, ledger


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)
    return path


def world(**more):
    return {"version": 1, "seed": 3, "duration": "5m", "providers": {"openai": PROVIDER, "anthropic": PROVIDER},
            "workload": {"application": {"executor": "external", "tokens": {"input": 50, "output": 20}}}, **more}


def python(name, *words, **more):
    return {"name": name, "command": [PYTHON, *words], "ready": {"within": "20s"}, **more}


def stack(*driver, before=()):
    """A gateway that calls openai and then anthropic, and a program that drives the workload."""
    return {"programs": [*before, python("gateway", BAD_GATEWAY, "{port}", "none", "{url:openai}", "{url:anthropic}"),
                         python("application", APPLICATIONS, *driver, drives=True)]}


def check_jitter(trials):
    """Back-off by random numbers repeats by the seed, and differs between seeds."""
    both = world(faults=[{"id": "down", "kind": "outage", "provider": "*", "at": "0s", "duration": "20s"}])
    times = {}
    for seed in ("1", "1", "2"):
        code, result, errors, ledger = trials.trial(both, stack("jitter", "{url:gateway}"), "--seed", seed)
        need(result is not None, f"exit {code}: {errors}")
        need(result["trial"]["requests"]["sent_by_a_program"] == 1 and result["trial"]["requests"]["total"] == 0, f"{result['trial']['requests']}")
        need(result["trial"]["calls"]["unasked"] == 0 and result["trial"]["calls"]["most_for_one_request"] == len(ledger) > 6, f"{result['trial']['calls']}")
        instants = [line["t"] for line in ledger]
        need(times.setdefault(seed, instants) == instants, f"seed {seed} gave {instants} after {times[seed]}")
    need(times["1"] != times["2"], "two seeds gave the same back-off")
    print(f"  jitter: {len(times['1'])} and {len(times['2'])} calls, {times['1'][:6]} and {times['2'][:6]}")


def check_late_end(trials):
    """A program that drives has ended when it says so, however late its supervisor hears of it."""
    with tempfile.TemporaryDirectory() as folder:
        note = os.path.join(folder, "supervisor")

        def go_on():
            while not os.path.exists(note):
                time.sleep(0.01)
            time.sleep(1)
            with open(note, encoding="utf-8") as file:
                os.kill(int(file.read()), signal.SIGCONT)

        helper = threading.Thread(target=go_on, daemon=True)
        helper.start()
        code, result, errors, _ = trials.trial(world(), stack("late", "{url:gateway}", note))
        helper.join()
    need(result is not None, f"exit {code}: {errors}")
    need(result["trial"]["requests"]["sent_by_a_program"] == 1, f"{result['trial']['requests']}")
    print("  late end: heard of after a second")


def check_redis(trials):
    """Redis, from Debian, expires a key at the application's time."""
    program = trials.which("redis-server")
    if not program:
        return print("  redis: skipped, it is not installed")
    redis = {"name": "redis", "command": [program, "--port", "{port}", "--save", "", "--dir", "{directory}", "--daemonize", "no"],
             "ready": {"path": "", "within": "20s"}}
    begun = time.monotonic()
    code, result, errors, _ = trials.trial(world(), stack("redis", "{host:redis}", before=[redis]), "--verify-determinism")
    need(result is not None and code not in (14,), f"exit {code}: {errors}")
    print(f"  redis: a minute twice in {time.monotonic() - begun:.1f} s")


def check_errors(trials):
    plain = world(workload={"chat": {"rate": 1}})
    two = stack("fails")
    two["programs"].append(two["programs"][0])
    for scenario, gateway, expected, words in (
            (plain, stack("fails"), 3, "no workload with \"executor\": \"external\""),
            (world(), python_gateway(), 3, "no program of the gateway's file has \"drives\": true"),
            (world(), two, 3, "two programs have this name"),
            (world(), {"programs": [stack("fails")["programs"][1]]}, 3, "none is the gateway"),
            (world(), stack("jitter", "{url:mistral}"), 3, "neither a provider of the scenario nor one of the programs"),
            (world(duration="10s"), stack("forever"), 4, "had not ended after the scenario's duration"),
            (world(), stack("fails"), 4, "the program application ended with exit code 3; the end of its output:\n  | it broke"),
            (plain, {"url": "http://127.0.0.1:9"}, 2, "--clock real")):
        code, result, errors, _ = trials.trial(scenario, gateway)
        need(code == expected and result is None and words in errors, f"{gateway}: {code} {errors}")


def python_gateway(deviation="none", stream=False):
    return {"command": [PYTHON, BAD_GATEWAY, "{port}", deviation, "{url:openai}", "{url:anthropic}"], "ready": {"within": "20s"},
            "request": {"stream": stream, "timeout": "10s"}}


def check_static(trials):
    """What cannot live in virtual time is refused with its reason, and the remedy."""
    with tempfile.TemporaryDirectory() as place:
        source, static = os.path.join(place, "static.c"), os.path.join(place, "static")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <unistd.h>\nint main(void) { sleep(100); return 0; }\n")
        subprocess.run(["gcc", "-static", "-o", static, source], check=True)
        code, _, errors, _ = trials.trial(world(workload={"chat": {"rate": 1}}), {"command": [static]})
    need(code == 4 and "it is linked statically" in errors and "--clock real" in errors, f"{code} {errors}")


def check_explore(trials):
    """Seeds of a real gateway: the first that fails is found, shrunk, and fails again from its file."""
    cuts = [{"id": kind, "kind": kind, "provider": "openai", "at": "2s", "duration": "10s", "fraction": 0.005, "bill_fraction": 0.5}
            for kind in ("truncated",)]
    slow = [{"id": "slow", "kind": "latency_spike", "provider": "openai", "at": "1s", "duration": "5s", "add": "20ms"}]
    scenario = {**world(workload={"chat": {"rate": 5, "tokens": {"input": 50, "output": 20}}}), "duration": "20s",
                "faults": [*slow, *cuts]}
    with tempfile.TemporaryDirectory() as folder:
        paths = write(folder, "world.json", scenario), write(folder, "gateway.json", python_gateway("clean_end", True))
        out = os.path.join(folder, "out")
        code, text, errors = trials.run("explore", [paths[0], "--gateway", paths[1], "--seeds", "1..30", "--format", "json",
                                                    "--out", out])
        need(code == 10 and text, f"exit {code}: {text} {errors}")
        found = json.loads(text)
        failure = found["failure"]
        need(failure["id"] == "X4" and failure["shrunk"]["minimal"], f"{failure}")
        need(found["seeds"]["last"] == failure["seed"] == found["totals"]["seeds"], f"{found}")
        small = json.loads(failure["shrunk"]["scenario"])
        need([fault["kind"] for fault in small["faults"]] == ["truncated"], f"{small}")
        for replay in (failure["replay"], failure["shrunk"]["replay"]):
            words = replay.split()
            need(words[:2] == ["windtunnel", "trial"], replay)
            code, text, errors = trials.run("trial", words[2:])
            need(code == 10 and "X4" in text, f"{replay}: exit {code}: {text} {errors}")
        if failure["seed"] > 1:
            code, text, _ = trials.run("trial", [paths[0], "--gateway", paths[1], "--seed", "1"])
            need(code != 10, f"seed 1: exit {code}: {text}")
        print(f"  explore: seed {failure['seed']} fails, shrunk in {failure['shrunk']['runs']} trials to {small['duration']}")
        code, text, errors = trials.run("explore", [paths[0], "--gateway", paths[1], "--swarm", "--seeds", "1..2"])
        need(code == 2 and "--swarm" in errors, f"{code} {errors}")


def check_determinism(trials):
    """Three gateways on two scenarios of the catalogue, each twice: all that is seen is the same."""
    npm_packages.install(os.path.join(trials.root, "examples", "application"), trials.folder, [])
    for gateway in ("nginx", "portkey", "windtunnel"):
        if gateway == "nginx" and not trials.which("nginx"):
            print("  nginx: skipped, it is not installed")
            continue
        for scenario in ("openai-outage", "throttle-storm"):
            begun = time.monotonic()
            code, text, errors = trials.run("trial", [
                os.path.join(trials.root, "scenarios", "catalog", scenario + ".json"), "--gateway",
                os.path.join(trials.root, "scenarios", "gateways", gateway + ".json"), "--set", "workload.chat.rate=0.2",
                "--verify-determinism", "--format", "json"], cwd=trials.folder)
            need(text, f"{gateway} on {scenario}: exit {code}: {errors}")
            need(code != 14, f"{gateway} on {scenario}: two trials differ: {text} {errors}")
            requests = json.loads(text)["trial"]["requests"]
            need(requests["served"] > 60, f"{gateway} on {scenario}: {requests}")
            print(f"  {gateway} on {scenario}: {requests['total']} requests twice in {time.monotonic() - begun:.1f} s", flush=True)


def check_example(trials):
    """The example: one wish of an application makes 18 calls, in virtual time."""
    if not trials.which("nginx"):
        return print("  example: skipped, nginx is not installed")
    source = os.path.join(trials.root, "examples", "application")
    names = ["application.mjs", "stack.json", "both-down.json"]
    npm_packages.install(source, trials.folder, names)
    begun = time.monotonic()
    code, text, errors = trials.run("trial", ["both-down.json", "--gateway", "stack.json", "--format", "json",
                                              "--verify-determinism"], cwd=trials.folder)
    need(code == 12 and text, f"exit {code}: {text} {errors}")
    result = json.loads(text)
    need(result["trial"]["requests"]["sent_by_a_program"] == 1, f"{result['trial']['requests']}")
    need(result["trial"]["calls"]["total"] == result["trial"]["calls"]["most_for_one_request"] == 18, f"{result['trial']['calls']}")
    need([provider["calls"] for provider in result["providers"]] == [9, 9], f"{result['providers']}")
    print(f"  example: 18 calls for one wish, twice in {time.monotonic() - begun:.1f} s")


def main():
    trials = Trials(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3]))
    checks = {"errors": check_errors, "static": check_static, "jitter": check_jitter, "late_end": check_late_end, "redis": check_redis,
              "explore": check_explore, "determinism": check_determinism, "example": check_example}
    for name in sys.argv[4:] or checks:
        checks[name](trials)


main()
