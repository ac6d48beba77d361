"""One build that holds every operator mutant of a folder: of the folder's tests, and for monitor/ of the hunt."""

import concurrent.futures
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess

import operators

COMPILER = ["ccache", "g++"] if shutil.which("ccache") else ["g++"]
# Each is built on those before it.
FOLDERS = ("base", "monitor", "sim", "scenarios", "reports")
LIBRARIES = {"reports": ["-lzstd", "-lsimdjson"]}
# Neither the tests of monitor/ nor the hunt need them.
UNUSED = ("/sim/compare/", "/sim/fit/", "/sim/forecast/", "/sim/rare/")
FLAGS = ["-std=c++20", "-O1", "-w", "-ffp-contract=off", "-I."]


def fingerprint(root, *folders):
    """Of all that a mutant is made of and tried on in these folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path, inner, files in os.walk(os.path.join(root, folder)):
            inner.sort()
            for name in sorted(files):
                if name.endswith((".h", ".cc")) or name == "operators.py":
                    with open(os.path.join(path, name), "rb") as file:
                        digest.update(name.encode() + b"\0" + file.read())
    return digest.hexdigest()


def basis(root, name):
    """Of all that the mutants of this folder are made of and tried on; those of monitor/ on the hunt too."""
    below = FOLDERS[: max(3, FOLDERS.index(name) + 1)]
    return fingerprint(root, *below, *(f"tests/{one}" for one in below), "tests/mutants")


def copy_tree(root, tree):
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                            capture_output=True, text=True, check=True).stdout
    for path in filter(None, listed.split("\0")):
        if os.path.isfile(os.path.join(root, path)):
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            shutil.copy2(os.path.join(root, path), os.path.join(tree, path))


def write(tree, sites, source_of):
    by_file = {}
    for site in sites:
        by_file.setdefault(site.file, []).append(site)
    for file, own in by_file.items():
        text = operators.rewritten(source_of(file), own)
        with open(os.path.join(tree, file), "w", encoding="latin-1") as opened:
            opened.write(text)


def weeded(tree, sites, source_of, told):
    """Writes the sites and leaves out those with which a file does not compile: they are no programs."""
    files = sorted({site.file for site in sites if site.file.endswith(".cc")})
    doubtful = [files[i : i + 6] for i in range(0, len(files), 6)]
    while doubtful:
        write(tree, sites, source_of)
        bad, wrong = set(), []
        for sources in doubtful:
            done = subprocess.run(["g++", *FLAGS, "-fsyntax-only", "-x", "c++", "-"], cwd=tree, capture_output=True,
                                  input="".join(f'#include "{one}"\n' for one in sources), text=True, errors="replace",
                                  check=False)
            if done.returncode == 0:
                continue
            found = bad_sites(tree, done.stderr)
            if not found and len(sources) == 1:
                raise RuntimeError(done.stderr[:2000])
            wrong += [sources] if found else [[one] for one in sources]  # names of several files may collide
            bad |= found
        if bad:
            told(f"{len(bad)} mutants do not compile and are left out")
        sites = [site for site in sites if (site.file, site.number) not in bad]
        doubtful = wrong
    return sites


def bad_sites(tree, errors):
    """The sites on the lines that the compiler objects to, or where such an expression begins."""
    bad = set()
    for file, line in re.findall(r"^([\w./]+):(\d+):\d+:\s+(?:error:|required from)", errors, re.M):
        file = os.path.normpath(file)
        if not file.startswith(FOLDERS):
            continue
        with open(os.path.join(tree, file), encoding="latin-1") as opened:
            lines = opened.read().split("\n")
        for text in reversed(lines[max(0, int(line) - 5) : int(line)]):
            found = re.findall(r"mutation::\w+<(\d+)", text)
            if found:
                bad.update((file, int(number)) for number in found)
                break
    return bad


def batches(tree, pattern, size, leave_out=()):
    files = [file for file in sorted(glob.glob(os.path.join(tree, pattern), recursive=True))
             if not any(word in file for word in leave_out)]
    return [files[i : i + size] for i in range(0, len(files), size)]


def compile_all(folder, named, jobs):
    """Several files in one go each, as a unity build does, or one by one where their names collide.

    named: [(name, files)]; gives a list of objects for each."""

    def one(name, files):
        try:
            return [together(name, files)]
        except subprocess.CalledProcessError:
            if len(files) == 1:
                raise
            return [together(f"{name}-{i}", [file]) for i, file in enumerate(files)]

    def together(name, files):
        source, obj = os.path.join(folder, name + ".cc"), os.path.join(folder, name + ".o")
        with open(source, "w", encoding="utf-8") as opened:
            opened.writelines(f'#include "{file}"\n' for file in files)
        tree = os.path.join(folder, "tree")
        subprocess.run([*COMPILER, *FLAGS, f'-DWINDTUNNEL_ROOT="{tree}"', '-DWINDTUNNEL_BINARY="none"', "-c", source, "-o",
                        obj], cwd=tree, check=True, stderr=None if len(files) == 1 else subprocess.DEVNULL)
        return obj

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda pair: one(*pair), named))


def make(root, name, folder, sites, source_of, jobs, told, programs):
    """The sites of the folder of this name that compile, in programs that `programs` makes of the tree."""
    tree, made = os.path.join(folder, "tree"), os.path.join(folder, "made.json")
    sources = basis(root, name)
    if os.path.exists(made):
        with open(made, encoding="utf-8") as file:
            earlier = json.load(file)
        if earlier["sources"] == sources:
            return [site for site in sites if site.number not in earlier["left_out"]]
        os.remove(made)
    shutil.rmtree(tree, ignore_errors=True)
    copy_tree(root, tree)
    every = {site.number for site in sites}
    sites = weeded(tree, sites, source_of, told)
    programs(folder, tree, jobs)
    with open(made, "w", encoding="utf-8") as file:
        json.dump({"sources": sources, "left_out": sorted(every - {site.number for site in sites})}, file)
    return sites


def tests_and_hunt(folder, tree, jobs):
    """folder/tests, those of monitor/, and folder/hunt."""
    product = [(one, batches(tree, f"{one}/**/*.cc", 99)[0]) for one in ("base", "monitor")]
    product += [(f"sim-{i}", files) for i, files in
                enumerate(batches(tree, "sim/**/*.cc", 6, UNUSED))]
    tests = [(f"tests-{i}", files) for i, files in enumerate(batches(tree, "tests/monitor/**/*.cc", 5))]
    mains = [(name, [os.path.join(tree, "tests/mutants", name + ".cc")]) for name in ("trials", "hunt")]
    objects = compile_all(folder, [*product, *tests, *mains], jobs)
    link(sum(objects[:-1], []), os.path.join(folder, "tests"), ["-lgtest", "-lrapidcheck"])
    link(sum(objects[: len(product)], []) + objects[-1], os.path.join(folder, "hunt"), [])


def tests_of(name, archives):
    """Makes folder/tests, those of the folder of this name; what it is built on comes from the archives."""

    def programs(folder, tree, jobs):
        sources = [(f"{name}-{i}", files) for i, files in enumerate(batches(tree, f"{name}/**/*.cc", 6))]
        sources += [(f"tests-{i}", files) for i, files in enumerate(batches(tree, f"tests/{name}/**/*.cc", 5))]
        objects = compile_all(folder, [*sources, ("trials", [os.path.join(tree, "tests/mutants/trials.cc")])], jobs)
        below = [os.path.join(archives, f"libwindtunnel_{one}.a") for one in reversed(FOLDERS[: FOLDERS.index(name)])]
        link(sum(objects, []), os.path.join(folder, "tests"),
             [*below, "-lgtest", "-lrapidcheck", *LIBRARIES.get(name, [])])

    return programs


def link(objects, program, libraries):
    mold = ["-fuse-ld=mold"] if shutil.which("mold") else []
    subprocess.run(["g++", *mold, *objects, "-o", program, *libraries, "-lfmt", "-lpthread"], check=True)
