"""Compiles the headers of the product folders alone, in parallel: a header includes what it uses.

A header that its own .cc includes first is compiled alone by every build already, so it is left out here; that its .cc
does include it first is a rule of layering_test.py.

usage: headers_test.py ROOT [COMPILER]
       headers_test.py --self-test [COMPILER]   plants a header that leans on another's include, and sees it found
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

FIRST_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)', re.MULTILINE)
FOLDERS = ("base", "monitor", "sim", "scenarios", "reports", "wire", "runs", "cli")


def compile_alone(compiler, root, header):
    """What the compiler says against it; empty when it compiles."""
    command = [compiler, "-std=c++20", "-fsyntax-only", "-ffp-contract=off", "-I", root]
    result = subprocess.run(
        [*command, "-include", header, "-x", "c++", os.devnull], cwd=root, capture_output=True, text=True
    )
    if result.returncode == 0:
        return ""
    return result.stderr or f"{compiler} ended with {result.returncode}"


def is_built_alone(root, header):
    source = os.path.join(root, header[: -len(".h")] + ".cc")
    if not os.path.isfile(source):
        return False
    with open(source, encoding="utf-8") as file:
        first = FIRST_INCLUDE.search(file.read())
    return first is not None and first.group(1) == header


def check_headers(compiler, root):
    """Returns how many headers there are, and (header, message) of those that do not compile alone."""
    headers = sorted(
        os.path.relpath(os.path.join(folder, name), root)
        for top in FOLDERS
        for folder, _, names in os.walk(os.path.join(root, top))
        for name in names
        if name.endswith(".h")
    )
    tried = [header for header in headers if not is_built_alone(root, header)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        messages = list(pool.map(lambda header: compile_alone(compiler, root, header), tried))
    return len(headers), [pair for pair in zip(tried, messages) if pair[1]]


def self_test(compiler):
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "monitor"))
        for name, text in (
            ("clean.h", "#pragma once\n#include <string>\nstd::string f();\n"),
            ("leaning.h", "#pragma once\nstd::string g();\n"),
            ("built.h", "#pragma once\nstd::string left_to_the_build();\n"),
            ("built.cc", '#include "monitor/built.h"\n'),
            ("late.h", "#pragma once\nstd::string i();\n"),
            ("late.cc", '#include <string>\n#include "monitor/late.h"\n'),
            ("through.h", '#pragma once\n#include "monitor/clean.h"\nstd::string h();\n'),
        ):
            with open(os.path.join(root, "monitor", name), "w", encoding="utf-8") as file:
                file.write(text)
        count, failures = check_headers(compiler, root)
    found = [header for header, _ in failures]
    print(f"self-test: {count} headers, not alone: {found}")
    return 0 if count == 5 and found == ["monitor/late.h", "monitor/leaning.h"] else 1


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    compiler = sys.argv[2] if len(sys.argv) == 3 else "g++"
    if sys.argv[1] == "--self-test":
        return self_test(compiler)
    count, failures = check_headers(compiler, os.path.realpath(sys.argv[1]))
    for header, message in failures:
        print(f"{header} does not compile alone:\n" + "\n".join(message.splitlines()[:8]))
    print(f"{count} headers, {len(failures)} of them do not compile alone")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
