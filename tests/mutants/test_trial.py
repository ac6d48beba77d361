"""Sees each test of a folder fail: tries it under operator mutants of its folder until an assertion of its own fails.

A test is tried under no more than TRIES of the mutants that it comes by, first under those that few other tests come by.
That the program stops or hangs shows nothing of the test's assertions and does not count.
"""

import collections
import concurrent.futures
import json
import os
import threading

import operator_build
import operators
from operator_trial import ALL, FEW, Server

TRIES = 40
CPU_MICROS = 120_000_000  # for one test


class Test:
    """A test, as short as it passes without a mutant."""

    def __init__(self, name, server):
        self.name = name
        for self.params in (FEW, ALL):
            word, self.micros, self.reached = server.ask(0, 600_000, name, self.params)
            if word == "ok":
                return
        raise RuntimeError(f"{name} {word} before any mutant acts")


def tests_in(folder):
    """[Test], and the places that are reached before main: such a mutant would have to act from the start."""
    server = Server(folder)
    tests = [Test(name, server) for name in server.tests]
    server.close()
    return tests, server.reached_before


def candidates(test, order):
    """Half of them those that come first in this order, half of them from all over the others."""
    own = sorted(test.reached & order.keys(), key=order.get)
    half = TRIES // 2
    others = own[half:]
    return own[:half] + others[:: max(1, -(-len(others) // half))]


def seen_to_fail(folder, sites, jobs, told):
    """{test: the mutant's number, or None}"""
    tests, before_main = tests_in(folder)
    told(f"{len(tests)} tests, {len(sites)} mutants")
    reached_by = collections.Counter(number for test in tests for number in test.reached)
    order = {site.number: (reached_by[site.number], operators.ORDER[site.operator], site.number) for site in sites
             if site.number not in before_main}
    own = threading.local()

    def first_failure(test):
        if not hasattr(own, "server"):
            own.server = Server(folder)
        spent = 0
        for number in candidates(test, order):
            word, micros, _ = own.server.ask(number, 1000 + 3 * test.micros // 1000, test.name, test.params)
            if word == "failed":
                return number
            spent += micros
            if spent > CPU_MICROS:
                break
        told(f"never fails: {test.name}, which comes by {len(test.reached)} mutants")
        return None

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return dict(zip([test.name for test in tests], pool.map(first_failure, tests)))


def results(root, name, folder, made_sites, jobs, told):
    """The same; from an earlier run, if nothing has changed since."""
    path = os.path.join(folder, "seen.json")
    sources = operator_build.basis(root, name)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            earlier = json.load(file)
        if earlier["sources"] == sources:
            return earlier["seen"]
    seen = seen_to_fail(folder, made_sites(), jobs, told)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"sources": sources, "seen": seen}, file)
    return seen
