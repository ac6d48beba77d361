"""What tests in node need from npm: put into a folder of the build once for each lock file, so that the source tree
stays as it is. A test that cannot have it ends with SKIPPED and says why.
"""

import filecmp
import os
import shutil
import subprocess
import sys

SKIPPED = 77


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def install(here, folder, files):
    """`npm ci` of here/package-lock.json into the folder, with the files that stand beside it."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    os.makedirs(folder, exist_ok=True)
    for name in (".npmrc", "package.json", "package-lock.json", *files):
        shutil.copy(os.path.join(here, name), folder)
    lock = os.path.join(here, "package-lock.json")
    mark = os.path.join(folder, "node_modules", ".installed-lock.json")
    if os.path.exists(mark) and filecmp.cmp(mark, lock, shallow=False):
        return
    npm = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True,
                         text=True, stdin=subprocess.DEVNULL, check=False)
    if npm.returncode != 0:
        skip(f"npm ci ended with {npm.returncode}:\n{npm.stdout}{npm.stderr}")
    shutil.copy(lock, mark)
