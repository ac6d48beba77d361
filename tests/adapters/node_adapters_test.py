"""The adapters for breakers of Node: what windtunnel verify says of cockatiel and of opossum is what their sources do.

    node_adapters_test.py ADAPTERS FOLDER WINDTUNNEL

FOLDER keeps the installed packages. Ends with 77 (skipped) where node or npm is absent, or npm has nowhere to get the
packages from.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from npm_packages import install

# What is verified, how it ends, what is said of it, and the name that the history on which it fails is given.
CASES = [
    # An error that is none of its business closes it.
    (["node", "cockatiel.js"], [], 10, [], "ignored probe succeeds"),
    # It counts calls that begin, not outcomes, so that a call that has not come back yet dilutes the rate.
    (["node", "opossum.js"], ["--config", "opossum.json"], 10, [], "counts attempts"),
    # The settings that it supports are found beside it.
    (["node", "opossum.js"], [], 10, ["The settings of opossum.json, which lies beside it, are tried."], "counts attempts"),
]


# The first name, which is that of the history on which the breaker fails; empty if there is none.
def first_name(out):
    lines = out.splitlines()
    for line, following in zip(lines, lines[1:]):
        if line.startswith("Recognised:"):
            return following.split(" - ")[0].strip()
    return ""


def main():
    adapters, folder, windtunnel = (os.path.abspath(path) for path in sys.argv[1:4])
    install(adapters, folder, ["adapter.js", "cockatiel.js", "opossum.js", "opossum.json"])
    failures = 0
    for command, arguments, code, words, name in CASES:
        done = subprocess.run([windtunnel, "verify", "--timeout", "30s", *arguments, "--", *command], cwd=folder,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        says = all(word in done.stdout for word in words) and first_name(done.stdout) == name
        if done.returncode != code or not says:
            failures += 1
            print(f"{' '.join(command)}: exit code {done.returncode}, not {code}, or without {words}, {name}:")
            print(done.stdout + done.stderr)
    print(f"{len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
