"""Our gateway is equal to its simulation: a trial of `windtunnel gateway` in virtual time makes, for each request, the
decisions that `windtunnel run` makes of the same file, at the same instants, with the same bills.

    equality_test.py WINDTUNNEL ROOT [--all] [--seed N] [NAME...]

Without --all and names, ten scenarios of the catalogue. What cannot be equal is listed in UNEQUAL, each with its reason;
a scenario of that list that is equal nevertheless is a failure too, so that the list stays true.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

# The scenarios of script/test: each way that a request can go, with less load than the file has, because a trial answers
# some hundred requests a second. script/equality takes the files as they are.
TEN = {"seed-readme": None, "budget-exhaustion": None, "both-down": "workload.chat.rate=2", "closed-loop": "workload.users.vus=3",
       "error-burst": "workload.chat.rate=1", "flapping": "workload.chat.rate=1", "stale-if-error": "workload.chat.rate=1",
       "token-limit-average": "workload.chat.rate=1", "token-limit-per-request": "workload.chat.rate=1",
       "three-tiers": "workload.web.rate=0.5"}

# Runs of weeks and of millions of requests are tried for their first hours.
SHORTER = {"leap-february": "1h", "measured-day": "1h", "month": "2h", "quarter-of-outages": "15m", "uncertain-month": "2h",
           "bursty-errors": "1h", "azure-replay": "10m"}

# Name: why it cannot be equal.
UNEQUAL = {
    "malformed-replies": "a simulated bad 200 has a known bill; on a wire its body breaks off before the usage",
    "early-end": "a whole body that ends early without an error is a bad 200 for its reader, and no cut",
    "quota-exhausted": "the old word auth_or_quota stands for two kinds, and a status shows one of them",
    "clock-steps": "virtual time has one calendar, which does not step",
}


def trial(windtunnel, root, name, seed, changed):
    """Returns (how much was compared, the difference; empty: equal)."""
    command = [windtunnel, "trial", os.path.join(root, "scenarios/catalog", name + ".json"), "--gateway",
               os.path.join(root, "scenarios/gateways/windtunnel.json"), "--clock", "virtual", "--equal"]
    if changed:
        command += ["--set", changed]
    if name in SHORTER:
        command += ["--set", "duration=" + SHORTER[name]]
    if seed is not None:
        command += ["--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=550, stdin=subprocess.DEVNULL, check=False)
    if not done.stdout:
        return None, f"exit {done.returncode}: {done.stderr.strip()}"
    equal = re.search(r"Equal to the simulation in each of (\d+) decisions of (\d+) requests", done.stdout)
    begin = done.stderr.find("differ from the simulation")
    text = done.stderr[done.stderr.rfind("\n", 0, begin) + 1:] if begin >= 0 else ""
    if not text and done.returncode in (1, 2, 3, 4):
        text = f"exit {done.returncode}: {done.stderr.strip()}"
    if not text and (equal is None or int(equal.group(1)) == 0):
        text = f"exit {done.returncode}, and nothing was compared: {done.stdout[-500:]}{done.stderr}"
    return f"{equal.group(1)} decisions of {equal.group(2)}" if equal else None, text.strip()


def check_a_difference_is_found(windtunnel, root):
    """A gateway whose breakers open for 20 s in place of 30 s is not equal, and the first decision shows it."""
    with open(os.path.join(root, "scenarios/gateways/windtunnel.json"), encoding="utf-8") as file:
        gateway = json.load(file)
    gateway["command"] += ["--set", "monitor.circuit_breaker.open=20s"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(gateway, file)
        file.flush()
        done = subprocess.run([windtunnel, "trial", os.path.join(root, "scenarios/catalog/both-down.json"), "--gateway", file.name,
                               "--clock", "virtual", "--equal", "--set", "workload.chat.rate=0.5"], capture_output=True,
                              text=True, timeout=200, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 14 or "differ from the simulation" not in done.stderr or "half_open" not in done.stderr:
        sys.exit(f"a planted difference is not found: exit {done.returncode}\n{done.stdout}{done.stderr}")
    print("a planted difference is found")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("windtunnel")
    parser.add_argument("root")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    catalog = sorted(file.removesuffix(".json") for file in os.listdir(os.path.join(arguments.root, "scenarios/catalog")))
    unknown = [name for name in (*UNEQUAL, *SHORTER, *TEN, *arguments.names) if name not in catalog]
    if unknown:
        sys.exit(f"no scenario of the catalogue: {unknown}")
    names = arguments.names or (catalog if arguments.all else TEN)
    if not arguments.names:
        check_a_difference_is_found(arguments.windtunnel, arguments.root)
    failed = 0
    for name in names:
        begun = time.monotonic()
        requests, difference = trial(arguments.windtunnel, arguments.root, name, arguments.seed,
                                     TEN.get(name) if names is TEN else None)
        took = time.monotonic() - begun
        if name in UNEQUAL:
            wrong = not difference
            print(f"{name}: {'equal, though it is listed as unequal' if wrong else 'not equal: ' + UNEQUAL[name]} ({took:.1f} s)")
        else:
            wrong = bool(difference)
            print(f"{name}: {difference if wrong else f'equal in each of {requests} requests'} ({took:.1f} s)")
        sys.stdout.flush()
        failed += wrong
    if failed:
        sys.exit(f"{failed} of {len(names)} are not as they should be")


if __name__ == "__main__":
    main()
