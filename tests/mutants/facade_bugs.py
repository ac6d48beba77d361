"""Plants bugs of the real-time monitor, each in monitor/realtime/llm_monitor.cc, and sees that its test fails.

    facade_bugs.py list             facade_bugs.json is in order; builds nothing
    facade_bugs.py BUILD_DIR        plants each; BUILD_DIR holds the libraries without a bug

The hunt of planted.py cannot find them, because it drives the pipeline without the real-time monitor. `edits` are pairs
of a text that occurs exactly once and what it becomes. A bug is killed when the test named by `killed_by` fails. Ends with
1 when one is not, or when a test fails without a bug.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = "monitor/realtime/llm_monitor.cc"
TESTS = ("answers", "schedule", "state")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def mistakes_in(bugs):
    source = read(SOURCE)
    tests = "".join(read(f"tests/monitor/realtime/llm_monitor_{name}_test.cc") for name in TESTS)
    for bug in bugs:
        for find, _ in bug["edits"]:
            if source.count(find) != 1:
                yield f"{bug['id']}: its text occurs {source.count(find)} times in {SOURCE}, not once: {find!r}"
        suite, test = bug["killed_by"].split(".")
        if not re.search(rf"TEST\({suite}, {test}\)", tests):
            yield f"{bug['id']}: there is no test {bug['killed_by']}"


def compiled(source, place):
    command = ["g++", "-std=c++20", "-O0", "-w", "-I", ROOT, "-c", source, "-o", place]
    subprocess.run(command, check=True)
    return place


def failing_tests(build, folder, tests, text):
    """The tests that fail when this is the text of SOURCE."""
    source = os.path.join(folder, "changed.cc")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    program = os.path.join(folder, "program")
    libraries = [os.path.join(build, f"libwindtunnel_{name}.a") for name in ("monitor", "base")]
    # The changed object comes first, so that it takes the place of the library's.
    subprocess.run(["g++", "-Wl,--allow-multiple-definition", compiled(source, os.path.join(folder, "changed.o")), *tests,
                    *libraries, "-lgtest", "-lgtest_main", "-lfmt", "-lpthread", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    return set(re.findall(r"^\[  FAILED  \] ([\w.]+)(?: \(|$)", done.stdout, re.MULTILINE))


def main():
    with open(os.path.join(ROOT, "tests/mutants/facade_bugs.json"), encoding="utf-8") as file:
        bugs = json.load(file)
    mistakes = list(mistakes_in(bugs))
    if mistakes or len(sys.argv) != 2:
        sys.exit("\n".join(mistakes) or __doc__)
    if sys.argv[1] == "list":
        print(f"{len(bugs)} planted bugs of the real-time monitor, each in its place")
        return
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        tests = [compiled(os.path.join(ROOT, f"tests/monitor/realtime/llm_monitor_{name}_test.cc"),
                          os.path.join(folder, name + ".o")) for name in TESTS]
        without = failing_tests(sys.argv[1], folder, tests, read(SOURCE))
        if without:
            sys.exit(f"without a bug these fail: {', '.join(sorted(without))}")
        for bug in bugs:
            text = read(SOURCE)
            for find, becomes in bug["edits"]:
                text = text.replace(find, becomes)
            is_killed = bug["killed_by"] in failing_tests(sys.argv[1], folder, tests, text)
            missed += not is_killed
            print(f"{'killed   ' if is_killed else 'NOT FOUND'} {bug['id']}", flush=True)
    print(f"{len(bugs) - missed} of {len(bugs)} were found by their test")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
