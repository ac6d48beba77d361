"""One build of the tests and of the hunt that holds every operator mutant."""

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
    doubtful = sorted({site.file for site in sites if site.file.endswith(".cc")})
    while doubtful:
        write(tree, sites, source_of)
        bad, wrong = set(), []
        for source in doubtful:
            done = subprocess.run(["g++", *FLAGS, "-fsyntax-only", source], cwd=tree, capture_output=True, text=True,
                                  errors="replace", check=False)
            if done.returncode == 0:
                continue
            wrong.append(source)
            found = bad_sites(tree, done.stderr)
            if not found:
                raise RuntimeError(done.stderr[:2000])
            bad |= found
        if bad:
            told(f"{len(bad)} mutants do not compile and are left out")
        sites = [site for site in sites if (site.file, site.number) not in bad]
        doubtful = wrong
    return sites


def bad_sites(tree, errors):
    """The sites on the lines that the compiler objects to."""
    bad = set()
    for file, line in re.findall(r"^(monitor/[\w.]+):(\d+):\d+: error:", errors, re.M):
        with open(os.path.join(tree, file), encoding="latin-1") as opened:
            text = opened.read().split("\n")[int(line) - 1]
        bad.update((file, int(number)) for number in re.findall(r"mutation::\w+<(\d+)", text))
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


def make(root, folder, sites, source_of, jobs, told):
    """The sites that compile; the programs are folder/monitor_tests and folder/hunt."""
    tree, made = os.path.join(folder, "tree"), os.path.join(folder, "made.json")
    sources = fingerprint(root, "monitor", "sim", "tests")
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
    product = [("monitor", batches(tree, "monitor/*.cc", 99)[0])]
    product += [(f"sim-{i}", files) for i, files in
                enumerate(batches(tree, "sim/**/*.cc", 6, ("compare", "forecast", "fit", "merge")))]
    tests = [(f"tests-{i}", files) for i, files in enumerate(batches(tree, "tests/monitor/*.cc", 5))]
    mains = [(name, [os.path.join(tree, "tests/mutants", name + ".cc")]) for name in ("trials", "hunt")]
    objects = compile_all(folder, [*product, *tests, *mains], jobs)
    link(sum(objects[:-1], []), os.path.join(folder, "monitor_tests"), ["-lgtest", "-lrapidcheck"])
    link(sum(objects[: len(product)], []) + objects[-1], os.path.join(folder, "hunt"), [])
    with open(made, "w", encoding="utf-8") as file:
        json.dump({"sources": sources, "left_out": sorted(every - {site.number for site in sites})}, file)
    return sites


def link(objects, program, libraries):
    mold = ["-fuse-ld=mold"] if shutil.which("mold") else []
    subprocess.run(["g++", *mold, *objects, "-o", program, *libraries, "-lfmt", "-lpthread"], check=True)
