"""Trials of real programs in virtual time: each is tried twice, and all that was seen must be the same.

    virtual_trial_test.py WINDTUNNEL ROOT

nginx and a small gateway of Python run unchanged.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
WIRE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "wire")
sys.path.insert(0, WIRE)
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def need(holds, what):
    if not holds:
        sys.exit(f"failed: {what}")


def trial(windtunnel, scenario, gateway, *flags, path=None):
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    begun = time.monotonic()
    done = subprocess.run([windtunnel, "trial", scenario, "--gateway", gateway, "--clock", "virtual", "--format", "json", *flags],
                          capture_output=True, text=True, timeout=120, check=False, env=environment)
    need(done.stdout, f"exit {done.returncode}: {done.stderr}")
    return done.returncode, json.loads(done.stdout), time.monotonic() - begun


def check_nginx(windtunnel, root):
    tools = os.path.join(root, "build", "tools", "nginx", "usr", "sbin")
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", tools])
    if not shutil.which("nginx", path=path):
        print("nginx: skipped, it is not installed")
        return
    scenario = os.path.join(root, "tests", "wire", "trials", "short.json")
    gateway = os.path.join(root, "scenarios", "gateways", "nginx.json")
    for seed in ("1", "2", "3"):
        code, result, seconds = trial(windtunnel, scenario, gateway, "--seed", seed, "--verify-determinism", path=path)
        need(code != 14, f"nginx: two trials of seed {seed} differ")
        need(result["trial"]["requests"]["served"] == result["trial"]["requests"]["total"] > 50, f"{result['trial']['requests']}")
        need(seconds < 20, f"nginx: 20 virtual seconds twice took {seconds:.1f} s")
        print(f"nginx: seed {seed}, {result['trial']['requests']['total']} requests twice in {seconds:.2f} s")


def check_python(windtunnel, root):
    """A provider that is silent for an hour, behind a gateway whose time-out is its own."""
    provider = {"model": "quick-1", "ttft": "30ms", "tpot": "2ms", "price_usd_per_million": {"input": 1, "output": 2}}
    world = {"version": 1, "seed": 3, "duration": "2h", "providers": {"openai": provider, "anthropic": provider},
             "workload": {"chat": {"executor": "constant-arrival-rate", "rate": 1, "time_unit": "1m",
                                   "tokens": {"input": 50, "output": 20}}},
             "faults": [{"id": "down", "kind": "outage", "provider": "openai", "at": "30m", "duration": "1h"}]}
    gateway = {"command": [PYTHON, os.path.join(WIRE, "bad_gateway.py"), "{port}", "none", "{url:openai}", "{url:anthropic}"],
               "ready": {"within": "20s"}, "request": {"stream": False, "timeout": "30s"}}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, content in (("world.json", world), ("gateway.json", gateway)):
            files.append(os.path.join(folder, name))
            with open(files[-1], "w", encoding="utf-8") as file:
                json.dump(content, file)
        code, result, seconds = trial(windtunnel, *files, "--verify-determinism")
        need(code in (0, 13), f"exit {code}: {result}")
        need(result["trial"]["requests"]["served"] == result["trial"]["requests"]["total"] >= 119, f"{result['trial']['requests']}")
        need(result["trial"]["requests"]["failed_over"] >= 59, f"{result['trial']['requests']}")
        need(seconds < 60, f"two virtual hours twice took {seconds:.1f} s")
        print(f"python: {result['trial']['requests']['total']} requests of two hours twice in {seconds:.2f} s")


def main():
    windtunnel, root = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    check_nginx(windtunnel, root)
    check_python(windtunnel, root)


main()
