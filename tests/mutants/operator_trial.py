"""Tries every operator mutant on the tests that come by it, and on the hunt when no test minds."""

import concurrent.futures
import os
import re
import subprocess

QUICK_MICROSECONDS = 50_000
SEEDS = 300


class Programs:
    def __init__(self, folder):
        self.tests = os.path.join(folder, "monitor_tests")
        self.hunt = os.path.join(folder, "hunt")
        self.cwd = os.path.join(folder, "tree")

    def run(self, number, seconds, *command, reached=None):
        """(exit code, output); the code is None when it took too long."""
        own = {"WINDTUNNEL_MUTANT": str(number), "RC_PARAMS": "seed=20260120"}
        if reached:
            own["WINDTUNNEL_REACHED"] = reached
        try:
            done = subprocess.run(command, cwd=self.cwd, env={**os.environ, **own}, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", check=False, timeout=seconds)
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            return None, (late.stdout or b"").decode(errors="replace") if isinstance(late.stdout, bytes) else ""


class Reach:
    """Which tests come by which mutant, and how long each takes."""

    def __init__(self, programs, folder):
        file = os.path.join(folder, "reached.tsv")
        if os.path.exists(file):
            os.remove(file)
        code, output = programs.run(0, 600, programs.tests, "--gtest_brief=1", reached=file)
        if code != 0:
            raise RuntimeError("the tests fail before any mutant acts:\n" + output[-2000:])
        self.micros, self.tests_of = {}, {}
        with open(file, encoding="utf-8") as opened:
            for line in opened:
                name, micros, numbers = line.rstrip("\n").split("\t")
                self.micros[name] = int(micros)
                for number in numbers.split():
                    self.tests_of.setdefault(int(number), []).append(name)

    def split(self, number):
        """(quick tests, slow tests), the quickest first."""
        names = sorted(self.tests_of.get(number, []), key=self.micros.get)
        return ([name for name in names if self.micros[name] < QUICK_MICROSECONDS],
                [name for name in names if self.micros[name] >= QUICK_MICROSECONDS])


def failed_tests(output):
    """Those that failed, and the one that never came to its end."""
    failed = set(re.findall(r"^\[  FAILED  \] (\w+\.\w+)", output, re.M))
    begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
    ended = set(re.findall(r"^\[(?:       OK |  FAILED  |  SKIPPED )\] (\w+\.\w+)", output, re.M))
    if begun and begun[-1] not in ended:
        failed.add(begun[-1])
    return failed


def try_one(programs, reach, site):
    """(how it was killed or None, the names of the tests that failed)."""
    quick, slow = reach.split(site.number)
    for names, extra in ((quick, ()), (slow, ("--gtest_fail_fast",))):
        if not names:
            continue
        seconds = 10 + 20 * sum(reach.micros[name] for name in names) / 1e6
        code, output = programs.run(site.number, seconds, programs.tests, "--gtest_filter=" + ":".join(names), *extra)
        if code != 0:
            failed = failed_tests(output)
            return ("hangs" if code is None else "test " + min(failed, default="?")), failed
    code, output = programs.run(site.number, 60, programs.hunt, "1", str(SEEDS))
    if code is None:
        return "explore hangs", set()
    if code == 10:
        return "check " + output.split("\t")[1], set()
    if code != 0:
        return "explore stops", set()
    return None, set()


def try_all(programs, reach, sites, jobs, told):
    """[(site, how, failed tests)] in order."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = []
        for site, (how, failed) in zip(sites, pool.map(lambda one: try_one(programs, reach, one), sites)):
            results.append((site, how, failed))
            told(len(results), site, how)
        return results
