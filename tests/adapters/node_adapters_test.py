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

# What is verified, how it ends, and what is said of it.
CASES = [
    # A result that began before it opened counts in HALF_OPEN; an error that is none of its business closes it.
    (["node", "cockatiel.js"], [], 10, ["late results act - "]),
    # It counts calls that begin, not outcomes, so that a call that has not come back yet dilutes the rate.
    (["node", "opossum.js"], ["--config", "opossum.json"], 10, []),
    (["node", "opossum.js"], [], 13, ["it always has a rate rule"]),
]


def main():
    adapters, folder, windtunnel = (os.path.abspath(path) for path in sys.argv[1:4])
    install(adapters, folder, ["adapter.js", "cockatiel.js", "opossum.js", "opossum.json"])
    failures = 0
    for command, arguments, code, words in CASES:
        done = subprocess.run([windtunnel, "verify", "--timeout", "30s", *arguments, "--", *command], cwd=folder,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != code or not all(word in done.stdout for word in words):
            failures += 1
            print(f"{' '.join(command)}: exit code {done.returncode}, not {code}, or without {words}:")
            print(done.stdout + done.stderr)
    print(f"{len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
