"""Counts the files that an addition touches: a fault, an executor, an outcome, a counter, a metric.

usage: extension_test.py ROOT COMPILER          tries every example of tests/layering/extensions
       extension_test.py --self-test COMPILER   plants what it must find, in a small tree

An example is a patch, named KIND-NAME.patch. It is applied to a copy of the tree; the number of its files must be the one
that the table of docs/architecture.md gives for its kind. Then the files that it touches and those that decide something
about its kind are compiled without code generation. A forgotten file does not compile, because a switch over an enum has
no default and a visit of a variant asks every alternative.

When the tree has moved away from a patch, make the addition by hand and replace the patch by `git diff -U1`.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROWS = re.compile(r"^\| (?P<kind>\w+) \| (?P<files>\d+) \|", re.MULTILINE)
TOUCHED = re.compile(r"^\+\+\+ b/(?P<path>\S+)$", re.MULTILINE)
# The product's folders, and what is copied besides.
FOLDERS = ("base", "monitor", "sim", "scenarios", "reports", "cli")
DOCUMENT = "docs/architecture.md"
# A .cc of the product that matches decides something about the kind of addition.
DECIDES = {
    "fault": re.compile(r"std::visit\b.{0,200}?(?:\.settings|\bfault)", re.DOTALL),
    "executor": re.compile(r"std::visit\b.{0,200}?executor", re.DOTALL),
    "outcome": re.compile(r"case (?:monitor::)?Outcome::"),
    "counter": re.compile(r"case (?:sim::)?CoverageCounter::"),
    "metric": re.compile(r"case (?:sim::)?Metric::"),
}
FLAGS = ("-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror=switch", "-Wno-missing-field-initializers",
         '-DWINDTUNNEL_VERSION="0"')


def copy_of(root, into):
    for folder in FOLDERS:
        if os.path.isdir(os.path.join(root, folder)):
            shutil.copytree(os.path.join(root, folder), os.path.join(into, folder),
                            ignore=shutil.ignore_patterns("node_modules"))


def files_of(patch):
    with open(patch, encoding="utf-8") as file:
        return TOUCHED.findall(file.read())


def deciding(tree, kind):
    found = []
    for folder in FOLDERS:
        for here, _, names in os.walk(os.path.join(tree, folder)):
            for name in names:
                path = os.path.join(here, name)
                if not name.endswith(".cc"):
                    continue
                with open(path, encoding="utf-8") as file:
                    if DECIDES[kind].search(file.read()):
                        found.append(os.path.relpath(path, tree))
    return found


def errors_of(compiler, tree, path):
    result = subprocess.run([compiler, *FLAGS, "-I", tree, os.path.join(tree, path)], capture_output=True, text=True)
    if result.returncode == 0:
        return []
    first = next((line for line in result.stderr.splitlines() if "error" in line), "no message")
    return [f"{path} does not compile with it: {first.replace(tree + os.sep, '')}"]


def try_patch(root, compiler, patch, numbers):
    """What is wrong with this addition, as sentences."""
    name = os.path.basename(patch)
    kind = name.split("-")[0]
    if kind not in DECIDES:
        return [f"{name}: '{kind}' is no kind of addition"]
    files = files_of(patch)
    if kind not in numbers:
        return [f"{name}: {DOCUMENT} gives no number for '{kind}'"]
    found = []
    if len(files) != numbers[kind]:
        found.append(f"{name}: it touches {len(files)} files, {DOCUMENT} says {numbers[kind]}: {', '.join(files)}")
    with tempfile.TemporaryDirectory() as tree:
        copy_of(root, tree)
        # The copy is no repository, even where the temporary folder lies in one.
        applied = subprocess.run(["git", "apply", "-C1", "--ignore-space-change", os.path.abspath(patch)], cwd=tree,
                                 env={**os.environ, "GIT_CEILING_DIRECTORIES": os.path.dirname(tree)},
                                 capture_output=True, text=True)
        if applied.returncode != 0:
            return [*found, f"{name}: it does not apply: {applied.stderr.splitlines()[0]}"]
        sources = sorted({path for path in files if path.endswith(".cc")} | set(deciding(tree, kind)))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for errors in pool.map(lambda path: errors_of(compiler, tree, path), sources):
                found += [f"{name}: {error}" for error in errors]
    print(f"{name}: {len(files)} files; {len(sources)} compiled")
    return found


def check_tree(root, compiler):
    with open(os.path.join(root, DOCUMENT), encoding="utf-8") as file:
        numbers = {match["kind"]: int(match["files"]) for match in ROWS.finditer(file.read())}
    folder = os.path.join(root, "tests", "layering", "extensions")
    patches = sorted(os.listdir(folder))
    found = [problem for patch in patches
             for problem in try_patch(root, compiler, os.path.join(folder, patch), numbers)]
    tried = {patch.split("-")[0] for patch in patches}
    return found + [f"no example of '{kind}' is tried" for kind in DECIDES if kind not in tried]


# --- Self-test -----------------------------------------------------------------------------------------------------

SMALL = {
    "monitor/request.h": "#pragma once\nenum class Outcome { served };\n",
    "sim/way.cc": '#include "monitor/request.h"\nint way(Outcome outcome) {\n  switch (outcome) {\n'
                  "    case Outcome::served:\n      return 1;\n  }\n  return 0;\n}\n",
}
WORD = ("--- a/monitor/request.h\n+++ b/monitor/request.h\n@@ -2 +2 @@\n"
        "-enum class Outcome { served };\n+enum class Outcome { served, lost };\n")
WAY = ("--- a/sim/way.cc\n+++ b/sim/way.cc\n@@ -4,2 +4,3 @@\n     case Outcome::served:\n"
       "+    case Outcome::lost:\n       return 1;\n")
# (what is wrong, the patch, the number in the document, a part of what must be said; nothing: nothing must be said)
PLANTED = [
    ("nothing", WORD + WAY, 2, None),
    ("one file more than the document says", WORD + WAY, 1, "touches 2 files"),
    ("a file fewer than the document says", WORD + WAY, 3, "touches 2 files"),
    ("a switch that was forgotten", WORD, 1, "sim/way.cc does not compile"),
    ("a tree that has moved away", WORD.replace("enum class Outcome { served };", "enum class Way { served };"), 1,
     "does not apply"),
]


def self_test(compiler):
    failures = []
    for what, patch, number, said in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**SMALL, "outcome-lost.patch": patch}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            found = try_patch(root, compiler, os.path.join(root, "outcome-lost.patch"), {"outcome": number})
        if bool(found) != bool(said) or (said and not any(said in problem for problem in found)):
            failures.append(f"planted {what}: found {found or 'nothing'}")
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(PLANTED)} planted additions, {len(failures)} failures")
    return 1 if failures else 0


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test(sys.argv[2])
    found = check_tree(sys.argv[1], sys.argv[2])
    for problem in found:
        print(problem)
    print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
