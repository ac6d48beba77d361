"""What tests in Python need from PyPI: a virtual environment in a folder of the build, made once for each list of
requirements, all of which carry their hashes. A test that cannot have it ends with SKIPPED and gives the reason.
"""

import os
import shutil
import subprocess
import sys

from npm_packages import skip


def install(wanted, folder):
    """The Python of an environment in the folder that holds what the list names."""
    python, mark = os.path.join(folder, "bin", "python"), os.path.join(folder, "requirements.txt")
    if os.path.exists(mark) and open(mark, encoding="utf-8").read() == open(wanted, encoding="utf-8").read():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    for command in ([sys.executable, "-m", "venv", folder],
                    [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
                     "--require-hashes", "-r", wanted]):
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            skip(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    shutil.copy(wanted, mark)
    return python
