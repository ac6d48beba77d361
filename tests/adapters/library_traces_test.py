"""A library's circuit breaker and our preset of its name give the same answers on 500 traces of calls one after the
other and on 500 traces of calls that overlap.

    library_traces_test.py LIBRARY FOLDER WINDTUNNEL   FOLDER keeps what the registry of the library serves
    library_traces_test.py --self-test WINDTUNNEL      each deviation of DEVIATIONS is found on those traces

A trace is drawn from its seed while the library answers, because only admitted calls report. It lasts for virtual
milliseconds: the adapter sets the clock of the library to the time of each question. Its instants lie at and beside the
ends of OPEN and of buckets. Ends with 77 (skipped) where the library cannot be had.
"""

import collections
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))

import npm_packages  # noqa: E402
import pip_packages  # noqa: E402

TRACES = 500
NODE_ADAPTERS = os.path.join(ROOT, "examples", "adapters", "node")
PYTHON_ADAPTERS = os.path.join(ROOT, "examples", "adapters", "python")


class Program:
    """A breaker behind the protocol."""

    base = {}  # settings that every reset of it has

    def __init__(self, command, cwd=None):
        self.process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, questions):
        self.process.stdin.write("".join(json.dumps(question) + "\n" for question in questions))
        self.process.stdin.flush()

    def ask(self, *questions):
        self.send({**question, "config": {**self.base, **question["config"]}} if "config" in question else question
                  for question in questions)
        lines = [self.process.stdout.readline() for _ in questions]
        if not all(lines):
            raise SystemExit(f"{self.process.args} ended with {self.process.wait()}")
        answers = [json.loads(line) for line in lines]
        for question, answer in zip(questions, answers):
            # After an answer that differs, ours may not know a permit of the library.
            if "unsupported" in answer or ("error" in answer and len(questions) == 1):
                raise SystemExit(f"{self.process.args}: {question} is answered with {answer}")
        return answers

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Preset:
    """What a trace needs to know about a preset, and the settings that are varied."""

    def __init__(self, open_ms, calls, changes=(), bucket_ms=0):
        self.open_ms = open_ms      # how long OPEN lasts
        self.calls = calls          # questions of a trace
        self.changes = [{}, *changes]  # beside the defaults; each setting has the name of the protocol
        self.bucket_ms = bucket_ms  # the width of the window's buckets


PRESETS = {
    "pybreaker": Preset(60_000, 120, [{"consecutive_threshold": 2}, {"consecutive_threshold": 1, "open_ms": 5000}]),
    "opossum": Preset(30_000, 120, [{"minimum_calls": 8}, {"failure_rate_threshold": 0.25, "open_ms": 3000}], 1000),
    "cockatiel": Preset(10_000, 120, [{"consecutive_threshold": 2}, {"consecutive_threshold": 1, "open_ms": 300}]),
    "gobreaker": Preset(60_000, 120, [{"consecutive_threshold": 2},
                                      {"half_open_max_calls": 3, "half_open_success_threshold": 3}]),
    "resilience4j": Preset(60_000, 300, [{"minimum_calls": 4, "window_size": 6, "half_open_max_calls": 3},
                                         {"minimum_calls": 10, "window_size": 20, "open_ms": 5000},
                                         {"minimum_calls": 4, "window_size": 8, "open_ms": 3000, "half_open_max_calls": 3,
                                          "slow_call_ms": 3000, "slow_call_rate": 0.5}]),
}

# For each preset, changes after which it no longer is the library.
DEVIATIONS = {
    "pybreaker": [{"late_results": "ignore"}, {"late_results": "current_state"}, {"state_view": "eager", "late_results": "ignore"},
                  {"late_results": "origin_counts_stale_probe"}, {"open_compare": "gt"}, {"half_open_max_calls": 1},
                  {"late_success_in_open": "drop"}, {"consecutive_threshold": 6}, {"open_ms": 60_001}],
    "opossum": [{"volume": "outcomes"}, {"late_results": "ignore"}, {"on_close": "reset"}, {"failure_rate_compare": "ge"},
                {"window_buckets": 0, "volume": "outcomes"}, {"window_ms": 9000}, {"window_buckets": 5},
                {"state_view": "lazy"}, {"minimum_calls": 9}],
    "cockatiel": [{"late_results": "ignore"}, {"late_results": "current_state"}, {"late_results": "origin_forces"},
                  {"state_view": "eager"}, {"open_compare": "gt"}, {"half_open_max_calls": 0},
                  {"late_success_in_open": "drop"}],
    "gobreaker": [{"late_results": "current_state"}, {"open_compare": "ge"}, {"state_view": "lazy"},
                  {"consecutive_threshold": 5}],
    "resilience4j": [{"late_results": "ignore"}, {"state_view": "eager"}, {"open_compare": "ge"},
                     {"evaluate_on": "failure"}, {"half_open_failure_rate": None}, {"failure_rate_compare": "gt"},
                     {"on_close": "keep"}, {"minimum_calls": 11}, {"slow_call_rate": None}, {"slow_call_ms": 3001},
                     {"slow_call_rate": 0.6}],
}


class Trace:
    """The questions of one seed, and the answers of a library to them."""

    def __init__(self, seed, preset, overlap, change):
        self.chance = random.Random(f"{seed} {overlap}")
        self.preset = preset
        self.overlap = overlap
        self.open_ms = change.get("open_ms", preset.open_ms)
        self.now = 0
        self.ends = [0]  # of OPEN, as far as the answers show them
        self.out = []    # permits that have not reported
        self.state = "closed"
        self.success = 0.5
        self.questions, self.answers = [], []
        self.seen = collections.Counter()

    def move(self):
        draw = self.chance.random()
        if draw < 0.5:
            return
        if draw < 0.6:
            to = self.now + self.chance.choice([1, 1, 2, 10, 100])
        elif draw < 0.85:
            to = self.ends[-1] + self.chance.choice([-1, 0, 1])
        elif draw < 0.93 and self.preset.bucket_ms:
            width = self.preset.bucket_ms
            to = (self.now // width + self.chance.choice([1, 1, 2, 9, 10])) * width + self.chance.choice([-1, 0, 1])
        else:
            to = self.now + self.chance.randrange(2 * self.open_ms)
        self.now = max(self.now, to)

    def next_question(self):
        self.move()
        if self.chance.random() < 0.05:
            self.success = self.chance.choice([0.05, 0.3, 0.5, 0.7, 0.95])
        if self.chance.random() < 0.08:
            return {"op": "state", "t_ms": self.now}
        most = 1 if not self.overlap else self.chance.choice([2, 6, 12])
        if self.out and (len(self.out) >= most or self.chance.random() < 0.35):
            place = self.chance.choice([0, -1, self.chance.randrange(len(self.out))])
            ok = self.chance.random() < self.success
            return {"op": "report", "t_ms": self.now, "permit": self.out.pop(place), "ok": ok}
        return {"op": "acquire", "t_ms": self.now}

    def hear(self, question, answer):
        self.questions.append(question)
        self.answers.append(answer)
        if question["op"] == "acquire":
            self.seen["admitted" if answer["admitted"] else "refused"] += 1
            if answer["admitted"]:
                self.out.append(answer["permit"])
        if answer["state"] == self.state:
            return
        self.seen[f"{self.state} to {answer['state']}"] += 1
        self.state = answer["state"]
        if self.state == "open":
            self.ends.append(self.now + self.open_ms)


def record(library, seed, preset, overlap, change):
    trace = Trace(seed, preset, overlap, change)
    library.ask({"op": "reset", "config": change})
    for _ in range(preset.calls):
        question = trace.next_question()
        trace.hear(question, library.ask(question)[0])
    return trace


def first_difference(trace, ours):
    for place, (theirs, answer) in enumerate(zip(trace.answers, ours)):
        if any(theirs.get(key) != answer.get(key) for key in ("admitted", "state")):
            return place
    return None


def show(trace, ours, place, config):
    print(f"The answers differ, {trace.answers[place]} in place of {ours[place]}, at the end of:")
    print(json.dumps({"op": "reset", "config": config}))
    for question in trace.questions[:place + 1]:
        print(json.dumps(question))


def compare(library, windtunnel, name, overlap, changed=None):
    """How many of the traces agree, and what was met on them. `changed` changes our preset, not the library."""
    preset, seen, agreed, shown = PRESETS[name], collections.Counter(), 0, changed is not None
    for seed in range(TRACES):
        change = preset.changes[seed % len(preset.changes)]
        trace = record(library, seed, preset, overlap, change)
        config = {"preset": name, **change, **(changed or {})}
        ours = windtunnel.ask({"op": "reset", "config": config}, *trace.questions)[1:]
        place = first_difference(trace, ours)
        agreed += place is None
        seen += trace.seen
        if place is not None and changed is not None:
            break
        if place is not None and not shown:
            show(trace, ours, place, config)
            shown = True
    return agreed, seen


def self_test(windtunnel):
    missed = 0
    for name, deviations in DEVIATIONS.items():
        library, ours = Program([windtunnel, "breaker"]), Program([windtunnel, "breaker"])
        library.base = {"preset": name}  # our own breaker in place of the library
        for deviation in deviations:
            if all(compare(library, ours, name, overlap, deviation)[0] == TRACES for overlap in (False, True)):
                print(f"no trace of {name} shows {deviation}")
                missed += 1
        library.end(), ours.end()
    print(f"{sum(map(len, DEVIATIONS.values()))} deviations, {missed} not found")
    return 1 if missed else 0


def pybreaker(folder):
    python = pip_packages.install(os.path.join(HERE, "libraries", "requirements.txt"), folder)
    return Program([python, os.path.join(HERE, "libraries", "pybreaker_adapter.py"), PYTHON_ADAPTERS])


def of_node(name):
    def start(folder):
        npm_packages.install(NODE_ADAPTERS, folder, ["adapter.js"])
        shutil.copy(os.path.join(HERE, "libraries", f"{name}_adapter.js"), folder)
        return Program(["node", f"{name}_adapter.js"], cwd=folder)
    return start


def of_go(folder):
    shutil.copytree(os.path.join(ROOT, "examples", "adapters", "go"), folder, dirs_exist_ok=True)
    run_or_skip(["go", "build", "-mod=readonly", "-o", "adapter", "."], folder, {"GOTOOLCHAIN": "local"})
    library = Program([os.path.join(folder, "adapter")])
    library.base = {"preset": "gobreaker"}
    return library


def of_maven(folder):
    shutil.copytree(os.path.join(HERE, "libraries", "resilience4j"), folder, dirs_exist_ok=True)
    if not os.path.isdir(os.path.join(folder, "jars")):
        run_or_skip(["mvn", "-q", "-B", "-C", "dependency:copy-dependencies", "-DoutputDirectory=jars"], folder)
    for line in open(os.path.join(folder, "jars.sha256"), encoding="utf-8"):
        digest, jar = line.split()
        with open(os.path.join(folder, "jars", jar), "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != digest:
                raise SystemExit(f"{jar} is not the file that was pinned")
    run_or_skip(["javac", "-cp", "jars/*", "-d", ".", "Resilience4jAdapter.java"], folder)
    return Program(["java", "-cp", ".:jars/*", "Resilience4jAdapter"], cwd=folder)


def run_or_skip(command, folder, environment=None):
    if not shutil.which(command[0]):
        npm_packages.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        npm_packages.skip(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


LIBRARIES = {"pybreaker": pybreaker, "opossum": of_node("opossum"), "cockatiel": of_node("cockatiel"),
             "gobreaker": of_go, "resilience4j": of_maven}


def main():
    if sys.argv[1] == "--self-test":
        return self_test(os.path.abspath(sys.argv[2]))
    name, folder, windtunnel = sys.argv[1], *map(os.path.abspath, sys.argv[2:4])
    library, ours = LIBRARIES[name](folder), Program([windtunnel, "breaker"])
    failures = 0
    for overlap in (False, True):
        agreed, seen = compare(library, ours, name, overlap)
        words = "overlap" if overlap else "follow each other"
        print(f"{name}: {agreed} of {TRACES} traces of calls that {words} agree: " +
              ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
        failures += TRACES - agreed
        # A breaker that never moves agrees with everything.
        failures += min(seen["refused"], seen["half_open to closed"], seen["half_open to open"]) < TRACES // 5
    library.end(), ours.end()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
