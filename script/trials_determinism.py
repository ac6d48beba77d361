"""Tries gateways in virtual time many times with one seed, and compares all that was seen: the same digest every time, on
a machine that has nothing else to do and on one whose load average is raised by programs that compute.

    trials_determinism.py [--windtunnel W] [--runs 20] [--rate 2] [--load 8]
                          [--gateways nginx,portkey,claude-code-router,litellm,windtunnel]
                          [--scenarios openai-outage,throttle-storm,truncated-replies,both-down] [--folder F]

A gateway of npm or PyPI is started in the folder F, into which `script/trials install` has put it. The digest covers the
ledger, which has every call with its instants, and the figures of the callers. Prints a row for each, and ends with 1 if a
digest differs.
"""

import argparse
import collections
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILES = ("ledger.jsonl", "telemetry.jsonl", "summary.json")
PLACES = ("replay", "scenario", "build", "timing")


def digest_of(folder):
    """Of the files that a trial leaves, without the names of files in them."""
    digest = hashlib.sha256()
    for name in FILES:
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if name == "summary.json":
            figures = json.loads(text)
            figures["trial"].pop("gateway")
            text = json.dumps({key: value for key, value in figures.items() if key not in PLACES})
        digest.update(text.encode())
    return digest.hexdigest()[:16]


def try_once(arguments, scenario, gateway, seed):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(ROOT, "scenarios", "catalog", scenario + ".json")
        environment = {**os.environ, "PATH": os.pathsep.join([
            os.environ["PATH"], "/usr/sbin", os.path.join(ROOT, "build", "tools", "nginx", "usr", "sbin")])}
        done = subprocess.run(
            [arguments.windtunnel, "trial", path, "--gateway", os.path.join(ROOT, "scenarios", "gateways", gateway + ".json"),
             "--set", f"workload.chat.rate={arguments.rate}", "--seed", str(seed), "--clock", "virtual", "--out", folder],
            capture_output=True, text=True, cwd=arguments.folder, env=environment, check=False)
        if done.returncode in (1, 2, 3, 4):
            sys.exit(f"{gateway} on {scenario}: exit {done.returncode}: {done.stderr}")
        return digest_of(folder)


def row(arguments, scenario, gateway, kind):
    began = time.monotonic()
    digests = collections.Counter(try_once(arguments, scenario, gateway, 1) for _ in range(arguments.runs))
    other = try_once(arguments, scenario, gateway, 2)
    seconds = (time.monotonic() - began) / (arguments.runs + 1)
    load = os.getloadavg()[0]
    same = len(digests) == 1
    print(f"| {gateway} | {scenario} | {kind}, {load:.1f} | {arguments.runs} | {len(digests)} | "
          f"{'another' if other not in digests else 'the same'} | {seconds:.1f} s |", flush=True)
    return same and other not in digests


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--windtunnel", default=os.path.join(ROOT, "build", "test", "windtunnel"))
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--rate", default="2")
    parser.add_argument("--load", type=int, default=8)
    parser.add_argument("--gateways", default="nginx,portkey,claude-code-router,litellm,windtunnel")
    parser.add_argument("--scenarios", default="openai-outage,throttle-storm,truncated-replies,both-down")
    parser.add_argument("--folder", default=os.path.join(ROOT, "build", "tools", "gateways"))
    arguments = parser.parse_args()
    print("| gateway | scenario | load average | runs | digests | with another seed | a trial |\n|---|---|---|---|---|---|---|")
    good = True
    for kind, count in (("idle", 0), ("loaded", arguments.load)):
        burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
        try:
            if burners:
                time.sleep(60)  # a load average rises slowly
            for gateway in arguments.gateways.split(","):
                for scenario in arguments.scenarios.split(","):
                    good = row(arguments, scenario, gateway, kind) and good
        finally:
            for burner in burners:
                burner.kill()
    sys.exit(0 if good else 1)


main()
