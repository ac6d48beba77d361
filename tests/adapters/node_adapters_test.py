"""The adapters for breakers of Node: what windtunnel verify says of cockatiel and of opossum is what their sources do.

    node_adapters_test.py ADAPTERS FOLDER WINDTUNNEL

FOLDER keeps the installed packages. Ends with 77 (skipped) where node or npm is absent, or npm has nowhere to get the
packages from.
"""

import filecmp
import os
import shutil
import subprocess
import sys

FILES = (".npmrc", "package.json", "package-lock.json", "adapter.js", "cockatiel.js", "opossum.js", "opossum.json")


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def install(adapters, folder):
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            skip(f"there is no {program} here; with it, breakers of Node are verified too")
    os.makedirs(folder, exist_ok=True)
    for name in FILES:
        shutil.copy(os.path.join(adapters, name), folder)
    mark = os.path.join(folder, "node_modules", ".installed-lock.json")
    lock = os.path.join(adapters, "package-lock.json")
    if os.path.exists(mark) and filecmp.cmp(mark, lock, shallow=False):
        return
    npm = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, check=False)
    if npm.returncode != 0:
        skip(f"npm ci ended with {npm.returncode}:\n{npm.stdout}{npm.stderr}")
    shutil.copy(lock, mark)


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
    install(adapters, folder)
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
