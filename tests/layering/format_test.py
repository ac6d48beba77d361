"""Every C++ file stands as clang-format 16 writes it, because a diff then shows what changed and nothing else.

    format_test.py ROOT          the files that git tracks, or all under ROOT where there is no git
    format_test.py --self-test   finds a planted line, and passes a formatted one

Exits with 77 where clang-format-16 is not installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile

TOOL = "clang-format-16"
SKIPPED = 77
FILES_AT_ONCE = 100


def cpp_files(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "*.h", "*.cc"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.split("\n") if name]
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ("build", "node_modules") and not name.startswith(".")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith((".h", ".cc"))]
    return sorted(found)


def would_change(root, name):
    """Whether the text would differ: clang-format 16 also reports the end of an inline namespace that it leaves alone."""
    formatted = subprocess.run([TOOL, name], cwd=root, capture_output=True, check=True).stdout
    with open(os.path.join(root, name), "rb") as file:
        return file.read() != formatted


def misformatted(root, names):
    """The files that clang-format would change, each with the first line that it would."""
    found = {}
    for first in range(0, len(names), FILES_AT_ONCE):
        checked = subprocess.run([TOOL, "--dry-run", *names[first:first + FILES_AT_ONCE]], cwd=root, capture_output=True,
                                 text=True, check=True)
        for line in checked.stderr.split("\n"):
            if "[-Wclang-format-violations]" in line:
                name, number = line.split(":")[:2]
                found.setdefault(name, number)
    return {name: line for name, line in found.items() if would_change(root, name)}


def self_test(style):
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(style, os.path.join(root, ".clang-format"))
        for name, text in (("good.cc", "int f(int x) { return x + 1; }\n"), ("bad.cc", "\nint f( int x ){return x+1;}\n")):
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(text)
        found = misformatted(root, ["bad.cc", "good.cc"])
    if list(found) == ["bad.cc"]:
        print("self-test: the planted file is found, and only that one")
        return 0
    print(f"self-test: found {found} instead of bad.cc")
    return 1


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which(TOOL):
        print(f"{TOOL} is not installed: script/bootstrap test installs it")
        return SKIPPED
    if sys.argv[1] == "--self-test":
        return self_test(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".clang-format"))
    names = cpp_files(sys.argv[1])
    found = misformatted(sys.argv[1], names)
    for name, line in found.items():
        print(f"{name}:{line}: is not formatted; {TOOL} -i {name} mends it")
    print(f"{len(names)} files, {len(found)} not formatted")
    return 1 if found or not names else 0


if __name__ == "__main__":
    sys.exit(main())
