"""What stands at the front door works: presets, workflows, the action, the container, the scripts.

    front_door_test.py ROOT CMAKE WINDTUNNEL
    front_door_test.py --self-test CMAKE WINDTUNNEL    each rule finds what is planted

The container is not built here, because that takes a daemon and minutes. Its recipe is linted instead: pinned base images,
no recommended packages, a package for every library that the program links and no other, a user who is not root.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

FILES = ("Dockerfile", "action.yml", "CMakePresets.json", "LICENSE", "CONTRIBUTING.md", "SECURITY.md", ".editorconfig",
         ".clang-format", ".clang-tidy", ".github/workflows/ci.yml", ".github/workflows/release.yml")


def said(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options)


def linked_packages(windtunnel):
    """The Debian packages of the libraries that the program links, without those of every Debian; None where dpkg is absent."""
    if not shutil.which("dpkg-query"):
        return None
    packages = set()
    for path in re.findall(r"=> (/\S+)", said("ldd", windtunnel).stdout):
        for name in {path, os.path.realpath(path), path.removeprefix("/usr"), "/usr" + path}:
            found = said("dpkg-query", "-S", name)
            if found.returncode == 0:
                packages.add(found.stdout.split(":")[0])
                break
    return packages - {"libc6", "libgcc-s1", "libstdc++6", "libasan8", "libubsan1"}


def dockerfile_findings(text, packages):
    joined = re.sub(r"\\\n", " ", text)
    stages = re.split(r"^FROM ", joined, flags=re.M)[1:]
    found = [f"Dockerfile: the base image {stage.split()[0]} has no tag" for stage in stages
             if ":" not in stage.split()[0] or stage.split()[0].endswith(":latest")]
    for line in re.findall(r"apt-get install[^&]*", joined):
        if "--no-install-recommends" not in line:
            found.append(f"Dockerfile: installs recommended packages: {line.strip()}")
    final = stages[-1]
    if not re.search(r"^USER (?!root)\S+", final, re.M):
        found.append("Dockerfile: the program runs as root")
    if not re.search(r'^ENTRYPOINT \["windtunnel"\]$', final, re.M):
        found.append("Dockerfile: windtunnel is not the entry point")
    if "rm -rf /var/lib/apt/lists" not in final:
        found.append("Dockerfile: the lists of apt stay in the image")
    installed = set(" ".join(re.findall(r"--no-install-recommends([^&]*)", final)).split())
    if packages is not None and installed != packages:
        found.append(f"Dockerfile: installs {sorted(installed)}, the program links {sorted(packages)}")
    return found


def script_findings(root, name, text):
    """Shell in YAML parses, and names scripts that exist."""
    found = []
    blocks = re.findall(r"^( *)(?:- )?run: \|\n((?:\1 +.*\n|\n)+)", text, re.M)
    lines = re.findall(r"^ *(?:- )?run: (?!\|)(.+)$", text, re.M)
    for shell in [block for _, block in blocks] + lines:
        if said("bash", "-n", "-c", shell).returncode != 0:
            found.append(f"{name}: bash cannot read: {shell.strip()[:80]}")
    for script in re.findall(r"(?<![\w.-])script/[\w-]+", text):
        if not os.access(os.path.join(root, script), os.X_OK):
            found.append(f"{name}: {script} is no program")
    return found


def yaml_findings(name, text):
    try:
        import yaml
    except ImportError:
        return []
    try:
        yaml.safe_load(text)
        return []
    except yaml.YAMLError as error:
        return [f"{name}: is no YAML: {error}"]


def preset_findings(root, cmake, text):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("CMakeLists.txt", "CMakePresets.json"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text if name == "CMakePresets.json" else "")
        listed = said(cmake, "--list-presets", cwd=folder)
    if listed.returncode != 0 or '"release"' not in listed.stdout:
        return [f"CMakePresets.json: cmake lists no preset release: {listed.stdout}{listed.stderr}"]
    return []


def findings(root, texts, cmake, packages):
    found = [f"{name} is missing" for name in FILES if name not in texts]
    found += dockerfile_findings(texts["Dockerfile"], packages)
    found += preset_findings(root, cmake, texts["CMakePresets.json"])
    for name, text in texts.items():
        if name.endswith(".yml"):
            found += yaml_findings(name, text) + script_findings(root, name, text)
    return found


def texts_of(root):
    names = [name for name in FILES if os.path.isfile(os.path.join(root, name))]
    templates = os.path.join(root, ".github", "ISSUE_TEMPLATE")
    names += [os.path.relpath(os.path.join(templates, name), root) for name in sorted(os.listdir(templates))]
    texts = {}
    for name in names:
        with open(os.path.join(root, name), encoding="utf-8") as file:
            texts[name] = file.read()
    return texts


def self_test(root, cmake, packages):
    texts = texts_of(root)
    planted = [
        ("has no tag", "Dockerfile", "FROM debian:12-slim\n", "FROM debian\n"),
        ("recommended packages", "Dockerfile", "-y --no-install-recommends npm", "-y npm"),
        ("runs as root", "Dockerfile", "USER nobody", "USER root"),
        ("entry point", "Dockerfile", 'ENTRYPOINT ["windtunnel"]', "ENTRYPOINT windtunnel"),
        ("lists of apt", "Dockerfile", "rm -rf /var/lib/apt/lists/*", "true"),
        ("bash cannot read", "action.yml", '--junit "$OUT/junit.xml"', '--junit "$OUT/junit.xml'),
        ("is no program", ".github/workflows/ci.yml", "- run: script/test", "- run: script/tset"),
        ("no preset release", "CMakePresets.json", '"name": "release"', '"name": "relaese"'),
        ("is missing", "LICENSE", None, None),
    ]
    if packages is not None:
        planted.append(("the program links", "Dockerfile", " libzstd1", ""))
    failures = 0
    for expected, name, old, new in planted:
        changed = dict(texts)
        if old is None:
            del changed[name]
        else:
            changed[name] = texts[name].replace(old, new)
        found = findings(root, changed, cmake, packages)
        if changed == texts or not found or expected not in found[0]:
            failures += 1
            print(f"not found as planted: {expected}: {found}")
    print(f"self-test: {len(planted)} planted errors, {failures} failures")
    return failures


def main():
    testing = sys.argv[1] == "--self-test"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) if testing else sys.argv[1]
    cmake, windtunnel = sys.argv[2:4]
    packages = linked_packages(windtunnel)
    if testing:
        return 1 if self_test(root, cmake, packages) else 0
    found = findings(root, texts_of(root), cmake, packages)
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
