"""What `cmake --install` puts on a machine can be used there: the program runs the shipped scenarios, and a project that
says find_package(windtunnel) is built with the monitor library and runs.

    install_test.py ROOT BUILD CMAKE COMPILER

The installed tree is moved before it is used: nothing in it may name the place where it was made.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile


def done(*command, **options):
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, **options)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return run.stdout


def files_below(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(where, name)


def expect(true, what):
    if not true:
        sys.exit("failed: " + what)


def check_texts(prefix, places):
    """What people and build systems read names no place of the machine that built it."""
    for path in files_below(prefix):
        if path.endswith((".a", ".so")) or os.access(path, os.X_OK):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for place in places:
            expect(place not in text, f"{os.path.relpath(path, prefix)} names {place}")


def check_consumer(root, folder, prefix, cmake, compiler):
    build = os.path.join(folder, "consumer")
    done(cmake, "-S", os.path.join(root, "tests", "install"), "-B", build, "-DCMAKE_BUILD_TYPE=Debug",
         "-DCMAKE_CXX_FLAGS_DEBUG=-O0", f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_PREFIX_PATH={prefix}")
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        expect(f"windtunnel_DIR:PATH={prefix}" in file.read(), "another windtunnel than the installed one was found")
    done(cmake, "--build", build)
    said = done(os.path.join(build, "consumer"))
    expect(said == "served after 2 attempts by anthropic\n", "the consumer says: " + said)
    with socket.socket() as taken:  # bound and not listened at: every connection is refused
        taken.bind(("127.0.0.1", 0))
        said = done(os.path.join(build, "http_consumer"), f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
    expect(said == "all providers failed after 2 attempts\n", "the consumer with real providers says: " + said)


def check_program(prefix, version):
    program = os.path.join(prefix, "bin", "windtunnel")
    expect(done(program, "--version") == f"windtunnel {version}\n", "the program says another version")
    catalog = os.path.join(prefix, "share", "windtunnel", "scenarios", "catalog")
    for name in ("seed-readme.json", "azure-replay.json"):
        done(program, "validate", os.path.join(catalog, name))


def check_manual(prefix):
    """The shells and man find what they read."""
    for path in ("bash-completion/completions/windtunnel", "zsh/site-functions/_windtunnel",
                 "fish/vendor_completions.d/windtunnel.fish", "man/man1/windtunnel.1", "man/man1/windtunnel-run.1"):
        path = os.path.join(prefix, "share", path)
        expect(os.path.isfile(path) and os.path.getsize(path) > 500, f"{path} is missing or short")


def check_path_lines(root, build, folder):
    """The last two lines that script/demo prints put windtunnel on PATH."""
    with open(os.path.join(root, "script", "demo"), encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("echo ")][-2:]
    where = f"root={os.path.dirname(build)}\nbuild={os.path.basename(build)}\n"
    printed = done("bash", "-euc", where + "".join(lines))
    expect(len(printed.splitlines()) == 2, "script/demo does not end with two lines: " + printed)
    home = os.path.join(folder, "home")
    found = done("bash", "-euc", printed + "command -v windtunnel", env={**os.environ, "HOME": home})
    expect(found.splitlines()[-1] == os.path.join(home, ".local", "bin", "windtunnel"), "another is on PATH: " + found)
    check_manual(os.path.join(home, ".local"))


def headers_below(root, folder):
    """The headers of a folder and of those in it, from the root."""
    return {os.path.normpath(os.path.relpath(os.path.join(path, name), root))
            for path, _, names in os.walk(os.path.join(root, folder)) for name in names if name.endswith(".h")}


def main():
    root, build, cmake, compiler = sys.argv[1:]
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        version = next(line.split("=", 1)[1].strip() for line in file if line.startswith("CMAKE_PROJECT_VERSION:"))
    with open(os.path.join(root, "CHANGELOG.md"), encoding="utf-8") as file:
        expect(f"\n## {version}" in file.read(), f"CHANGELOG.md has no entry for version {version}")
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "made")
        done(cmake, "--install", build, "--prefix", made)
        prefix = os.path.join(folder, "moved")
        shutil.move(made, prefix)
        check_texts(prefix, (os.path.abspath(root), os.path.abspath(build), made))
        headers = headers_below(root, "base") | headers_below(root, "monitor") | {"wire/client/http_provider.h"}
        installed = headers_below(os.path.join(prefix, "include", "windtunnel"), ".")
        expect(installed == headers, f"other headers than those of base/, monitor/ and the client: {sorted(installed ^ headers)}")
        check_program(prefix, version)
        check_manual(prefix)
        check_path_lines(os.path.abspath(root), os.path.abspath(build), folder)
        check_consumer(root, folder, prefix, cmake, compiler)


if __name__ == "__main__":
    main()
