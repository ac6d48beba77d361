"""A forecast is the same bytes from 1, 2 and 3 processes of an MPI job as from one process alone, with its stopping rule,
on one thread or two, and from four shards merged in any order.

    mpi_test.py WINDTUNNEL WINDTUNNEL_WITH_MPI
"""

import json
import os
import random
import subprocess
import sys
import tempfile

WORLD = {
    "version": 1, "title": "a small month", "seed": 5, "start": "2026-01-01T00:00:00Z", "duration": "5d",
    "monitor": {"cost_limiter": {"monthly_usd": 4}},
    "workload": {"chat": {"executor": "diurnal", "arrival": "poisson", "rate": 40, "time_unit": "1d", "level_cv": 0.2}},
}
# Open MPI refuses to run as root, and more processes than cores, unless it is told that this is meant; and a process that
# waits for another must leave it a core.
MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
       "OMPI_MCA_mpi_yield_when_idle": "1"}


def said(folder, *command, expected=0):
    done = subprocess.run(command, cwd=folder, env=dict(os.environ, **MPI), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, check=False)
    if done.returncode != expected:
        sys.exit(f"{' '.join(command)}\nends with {done.returncode}, not {expected}:\n{done.stdout}{done.stderr}")
    return done.stdout


def comparable(text):
    parsed = json.loads(text)
    del parsed["timing"]
    return json.dumps(parsed)


def main():
    windtunnel, with_mpi = map(os.path.abspath, sys.argv[1:])
    compared = 0

    def expect_same(what, text, wanted):
        nonlocal compared
        compared += 1
        if comparable(text) != comparable(wanted):
            sys.exit(f"{what} forecasts something else:\n{text}\ninstead of\n{wanted}")

    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "world.json"), "w", encoding="utf-8") as file:
            json.dump(WORLD, file)
        plain = ["forecast", "world.json", "--horizon", "5d", "--format", "json"]
        fixed = plain + ["--replications", "130"]
        stopping = plain + ["--until", "mean:rel=0.0015,p_exceed(0.9):hw=0.04", "--max-replications", "2000"]
        alone = {"fixed": said(folder, windtunnel, *fixed), "stopping": said(folder, windtunnel, *stopping)}
        replications = json.loads(alone["stopping"])["replications"]
        if not 50 < replications < 2000:
            sys.exit(f"the stopping rule stops at {replications}: this test shows nothing")
        for name, arguments in (("fixed", fixed), ("stopping", stopping)):
            expect_same(f"{name}, 2 threads", said(folder, windtunnel, *arguments, "--jobs", "2"), alone[name])
            for ranks in ("1", "2", "3"):
                run = ["mpirun", "--bind-to", "none", "-n", ranks, with_mpi, *arguments]
                expect_same(f"{name}, {ranks} ranks", said(folder, *run), alone[name])
        both = ["mpirun", "--bind-to", "none", "-n", "2", with_mpi, *fixed, "--jobs", "2"]
        expect_same("2 ranks of 2 threads", said(folder, *both), alone["fixed"])

        parts = []
        for shard in range(4):
            parts.append(f"part-{shard}.json")
            said(folder, windtunnel, *fixed, "--shard", f"{shard}/4", "--out", parts[-1])
        random.Random(20260101).shuffle(parts)
        expect_same(f"{parts} merged", said(folder, windtunnel, "merge", *parts, "--format", "json"), alone["fixed"])

        # The verdict and errors are those of one process too.
        mpirun = ["mpirun", "--bind-to", "none", "-n", "2", with_mpi]
        said(folder, *mpirun, *fixed, "--assert", "forecast.cost_usd avg<0.01", expected=12)
        said(folder, *mpirun, "forecast", "nowhere.json", expected=4)
        said(folder, *mpirun, "forecast", "world.json", "--horizon", "0d", expected=2)
    print(f"{compared} forecasts are the same bytes")


main()
