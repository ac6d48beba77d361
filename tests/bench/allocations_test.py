"""A request asks the heap for nothing once a run is under way, with routes, weights and limits too.

usage: allocations_test.py WINDTUNNEL_BENCH
"""

import json
import subprocess
import sys

# Vectors that double as a run grows ask once in thousands of requests.
MOST = 0.001
WORKS = ("pipeline/served", "pipeline/one_call_of_20_fails", "world/healthy", "world/routed")


def main():
    done = subprocess.run([sys.argv[1], "--benchmark_filter=^(" + "|".join(WORKS) + ")$", "--benchmark_format=json",
                           "--benchmark_min_time=0.01"], capture_output=True, text=True, check=False, timeout=250)
    if done.returncode != 0:
        sys.exit(f"{done.returncode}: {done.stderr}")
    counted = {each["name"]: each["allocations/request"] for each in json.loads(done.stdout)["benchmarks"]}
    if sorted(counted) != sorted(WORKS):
        sys.exit(f"{sorted(counted)} were measured, not {sorted(WORKS)}")
    for name, count in counted.items():
        print(f"{name}: {count:g} allocations a request")
    if any(count > MOST for count in counted.values()):
        sys.exit(f"a request allocates more than {MOST} times")


main()
