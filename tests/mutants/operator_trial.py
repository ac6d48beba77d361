"""Tries every operator mutant on the tests that come by it, and on the hunt when no test minds.

A mutant is tried on one test after the other, the quickest first, until one fails; first with few generated cases, then
with all of them. A test that computes much longer than without a mutant hangs, which counts as a failure.
"""

import concurrent.futures
import hashlib
import json
import os
import resource
import subprocess
import threading

import operator_build

FEW = "seed=20260120 max_success=10"
ALL = "seed=20260120"
SEEDS = 300


class Server:
    """A process of the tests that tries mutants on demand (trials.cc)."""

    def __init__(self, folder, mutant=0):
        self.tests = {}
        scratch = os.path.join(folder, f"scratch-{threading.get_ident()}")
        os.makedirs(scratch, exist_ok=True)
        self.process = subprocess.Popen([os.path.join(folder, "tests")], cwd=os.path.join(folder, "tree"), text=True,
                                        env={**os.environ, "WINDTUNNEL_MUTANT": str(mutant), "TEST_TMPDIR": scratch},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.reached_before = None
        for line in self.process.stdout:
            word, *words = line.split()
            if word == "test":
                self.tests[words[0]] = os.path.basename(words[1])
            if word == "ready":
                self.reached_before = {int(number) for number in words}
                return

    def is_ready(self):
        return self.reached_before is not None

    def ask(self, mutant, cpu_ms, test, params):
        """(ok, failed, stops or hangs; microseconds; the places that were reached)"""
        self.process.stdin.write(f"{mutant} {cpu_ms} {test} {params}\n")
        self.process.stdin.flush()
        word, micros, *numbers = self.process.stdout.readline().split()
        return word, int(micros), {int(number) for number in numbers}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Test:
    def __init__(self, name, file):
        self.name, self.file = name, file
        self.micros = {}
        self.reached = set()


class Reach:
    """Which tests, and whether the hunt, come by which mutant, and how long each takes without one."""

    def __init__(self, folder, has_hunt=True):
        server = Server(folder)
        self.before_main = server.reached_before
        self.tests = [Test(name, file) for name, file in server.tests.items()]
        for test in self.tests:
            for params in (FEW, ALL):
                word, micros, reached = server.ask(0, 600_000, test.name, params)
                if word == "ok":
                    test.micros[params] = micros
                elif params == ALL:
                    raise RuntimeError(f"{test.name} fails before any mutant acts")
                test.reached |= reached
        server.close()
        self.tests.sort(key=lambda one: min(one.micros.values()))
        self.hunt = set()
        if has_hunt:
            self.hear_of_hunt(folder)

    def hear_of_hunt(self, folder):
        file = os.path.join(folder, "hunt-reached")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        if run_hunt(folder, 0, 600, {"WINDTUNNEL_REACHED": file}) is not None:
            raise RuntimeError("the hunt finds something before any mutant acts")
        self.hunt_seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        with open(file, encoding="utf-8") as opened:
            self.hunt = {int(number) for number in opened.read().split()}

    def trials(self, number):
        """(test, parameters) in the order of trying. All cases are a new trial only where they are more than the few; a
        test that needs all of them to see enough has no other."""
        own = [test for test in self.tests if number in test.reached or number in self.before_main]
        yield from ((test, FEW) for test in own if FEW in test.micros)
        yield from ((test, ALL) for test in own if test.micros[ALL] > 1.5 * test.micros.get(FEW, 0))


def run_hunt(folder, mutant, cpu_seconds, more=None):
    """What kills it, or None."""
    own = {"WINDTUNNEL_MUTANT": str(mutant), **(more or {})}
    done = subprocess.run([os.path.join(folder, "hunt"), "1", str(SEEDS)], cwd=os.path.join(folder, "tree"),
                          env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          errors="replace", check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds)))
    if done.returncode == 10:
        return "check " + done.stdout.split("\t")[1]
    return None if done.returncode == 0 else "explore stops"


class Trials:
    def __init__(self, folder, reach):
        self.folder, self.reach = folder, reach
        self.own = threading.local()

    def ask(self, number, test, params):
        """Whether the test minds. What acts before main needs a process that begins with it."""
        at_start = number in self.reach.before_main
        if at_start:
            server = Server(self.folder, number)
            if not server.is_ready():
                return True
        else:
            if not hasattr(self.own, "server"):
                self.own.server = Server(self.folder)
            server = self.own.server
        word, _, _ = server.ask(number, 2000 + test.micros[params] // 100, test.name, params)
        if at_start:
            server.close()
        return word != "ok"

    def result_of(self, site):
        """{how, test, file}: how it was killed, or None."""
        for test, params in self.reach.trials(site.number):
            if self.ask(site.number, test, params):
                return {"how": "test " + test.name, "test": test.name, "file": test.file}
        how = None
        if site.number in self.reach.hunt:
            how = run_hunt(self.folder, site.number, int(10 + 5 * self.reach.hunt_seconds))
        return {"how": how, "test": None, "file": None}

    def killed_by(self, test, numbers):
        """The first of these mutants that makes the test fail, or None."""
        return next((number for number in numbers if self.ask(number, test, ALL)), None)


class Memory:
    """Results of this and of earlier runs, so that a run that was ended goes on.

    What a test killed stays killed while the product and that test's file are the same; what the hunt killed, while the
    product is; what survived, while the tests are the same too."""

    def __init__(self, folder):
        tree = os.path.join(folder, "tree")
        self.product = operator_build.fingerprint(tree, "base", "monitor", "sim", "tests/mutants")
        self.tests = operator_build.fingerprint(tree, "tests/monitor")
        self.files = {}
        for path, _, names in os.walk(os.path.join(tree, "tests/monitor")):
            for name in names:
                with open(os.path.join(path, name), "rb") as file:
                    self.files[name] = hashlib.sha256(file.read()).hexdigest()
        self.known = {}
        self.path = os.path.join(folder, "results.jsonl")
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                for line in file:
                    one = json.loads(line)
                    if one["product"] == self.product and one["of"] == self._basis(one):
                        self.known[one["number"]] = one

    def _basis(self, result):
        if result["how"] is None:
            return self.tests
        return self.files.get(result["file"]) if result["file"] else ""

    def keep(self, site, result):
        one = {"number": site.number, "product": self.product, **result}
        one["of"] = self._basis(one)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(one) + "\n")


class NoMemory:
    """Of a run that begins at its beginning."""

    known = {}

    def keep(self, site, result):
        pass


def try_all(folder, reach, sites, jobs, told, memory=None):
    """[(site, how, the test that failed or None)] in order."""
    trials, memory = Trials(folder, reach), memory or Memory(folder)

    def one(site):
        known = memory.known.get(site.number)
        return known or trials.result_of(site)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = []
        for site, result in zip(sites, pool.map(one, sites)):
            if site.number not in memory.known:
                memory.keep(site, result)
            results.append((site, result["how"], result["test"]))
            told(len(results), site, result["how"])
        return results


def never_failed(folder, reach, results):
    """The tests that no mutant makes fail: those that were first for none are tried on all that they come by."""
    failed = {test for _, _, test in results}
    trials = Trials(folder, reach)
    numbers = [site.number for site, how, _ in results if how is not None]
    never = []
    for test in reach.tests:
        if test.name in failed:
            continue
        if trials.killed_by(test, [number for number in numbers if number in test.reached]) is None:
            never.append(test.name)
    return never
