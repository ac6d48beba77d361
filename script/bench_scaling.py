"""How much two cores bring to many runs, and how much memory a month takes. Prints one JSON object a line.

usage: bench_scaling.py WINDTUNNEL

One job and two jobs take turns, and the least time of each counts. It says something only on two idle cores, so the
load average stands beside it.
"""

import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CATALOG = os.path.join(ROOT, "scenarios", "catalog")


def seconds(command):
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def scaling(name, command):
    load = os.getloadavg()[0]
    best = {1: float("inf"), 2: float("inf")}
    for _ in range(4):
        for jobs in best:
            best[jobs] = min(best[jobs], seconds([*command, "--jobs", str(jobs)]))
    return {"name": name, "value": f"{best[1] / best[2]:.2f}x with 2 jobs",
            "remark": f"{best[1]:.2f} s and {best[2]:.2f} s, load average {load:.1f} before"}


def peak_mib(command):
    """The greatest resident set of this command alone."""
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
    return os.wait4(pid, 0)[2].ru_maxrss / 1024


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    windtunnel = os.path.abspath(sys.argv[1])
    month = os.path.join(CATALOG, "month.json")
    print(json.dumps(scaling("scaling/run --seeds", [windtunnel, "run", month, "--seeds", "1..8"])))
    print(json.dumps(scaling("scaling/forecast", [windtunnel, "forecast", month, "--horizon", "31d", "--replications",
                                                  "40"])))
    once = peak_mib([windtunnel, "run", month])
    tenfold = peak_mib([windtunnel, "run", month, "--set", "workload.gateway.rate=100000"])
    print(json.dumps({"name": "memory/month at 10,000 a day", "value": f"{once:.1f} MiB",
                      "remark": f"{tenfold:.1f} MiB with ten times the requests"}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
