"""Reads the subjects of the commits since BASE and fails on those that do not read "scope: imperative".

usage: commits_test.py ROOT          exits with 77 where there is no history to read (an archive, a shallow clone)
       commits_test.py --self-test   judges subjects of each kind
"""

import re
import subprocess
import sys

BASE = "800667f92730ddbad1ba25545f62920873c2b20a"
LENGTH_MAX = 72
SKIPPED = 77
SUBJECT = re.compile(r"^[a-z0-9][a-z0-9_./, -]*: (?P<verb>[a-z][a-z-]*)\b")
# What a verb in the imperative does not end in, and what is no verb at all.
NOT_IMPERATIVE = re.compile(r"(?:ed|ing|[^s]s)$|^(?:the|a|an|all|each|every|what|when|no|its?|we|i|there|is|are|was|were|has|had|found|made|took|gave|said|told|kept|held)$")
IMPERATIVE_ALL_THE_SAME = {"embed", "feed", "need", "seed", "shed", "bring", "focus"}
GENERATED = ("Merge ", "Revert ", "fixup! ", "squash! ")


def problem_with(subject):
    """What is wrong with a subject, or nothing."""
    if subject.startswith(GENERATED):
        return None
    if len(subject) > LENGTH_MAX:
        return f"has {len(subject)} characters, {LENGTH_MAX} at most"
    match = SUBJECT.match(subject)
    if not match:
        return "does not begin with a scope in lower case and a verb: 'checks: find ...'"
    verb = match.group("verb")
    if NOT_IMPERATIVE.search(verb) and verb not in IMPERATIVE_ALL_THE_SAME:
        return f"'{verb}' is not imperative"
    return None


def self_test():
    good = ["checks: find a retry that is due", "run, report: print the bound", "sim/faults: make a fault one file",
            "x: " + "a" * (LENGTH_MAX - 3), "docs: need no browser", "Merge branch 'x'"]
    bad = ["checks find it", "Checks: find it", "checks: found it", "checks: finds it", "checks: finding it",
           "checks: the retry is found", "x: " + "a" * (LENGTH_MAX - 2), "checks:find it", ""]
    failures = [f"refuses {one!r}: {problem_with(one)}" for one in good if problem_with(one)]
    failures += [f"accepts {one!r}" for one in bad if not problem_with(one)]
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(good) + len(bad)} subjects, {len(failures)} failures")
    return 1 if failures else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    try:
        log = subprocess.run(["git", "-C", sys.argv[1], "log", "--format=%h %s", f"{BASE}..HEAD"], capture_output=True,
                             text=True, check=False)
    except OSError:
        log = None
    if log is None or log.returncode != 0:
        print(f"skipped: there is no history from {BASE} on")
        return SKIPPED
    lines = log.stdout.splitlines()
    wrong = [(line, problem) for line in lines if (problem := problem_with(line.partition(" ")[2]))]
    for line, problem in wrong:
        print(f"{line}: {problem}")
    print(f"{len(lines)} commits, {len(wrong)} wrong subjects")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
