"""The HTML report where there is no npm: a build that must have it says what is missing, one that may do without goes
on, one that does not want it does not ask; and script/demo installs npm where it is absent.

    without_npm_test.py ROOT FOLDER CMAKE COMPILER
"""

import os
import shutil
import subprocess
import sys

WANTED = "node and npm are not installed (Debian: apt-get install npm)"
# What finds programs beside PATH is told to look nowhere.
HIDDEN = "-DCMAKE_IGNORE_PATH=/usr/local/bin;/usr/local/sbin;/usr/bin;/usr/sbin;/bin;/sbin;/opt/bin;/snap/bin"
BEGIN = "#!/bin/sh\n"


class Build:
    def __init__(self, root, folder, cmake, compiler):
        self.root, self.folder, self.cmake, self.compiler = root, folder, cmake, compiler
        self.failures = []
        # A PATH with all that a build and a script need, but for node and npm.
        self.path = os.path.join(folder, "bin")
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(self.path)
        for name in ("as ar ld ranlib nm sh bash env cat dirname mkdir tail id sed grep chmod ninja make uname").split():
            found = shutil.which(name)
            if found:
                os.symlink(found, os.path.join(self.path, name))

    def program(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(BEGIN + text)
        os.chmod(path, 0o755)
        return path

    def run(self, command, **variables):
        return subprocess.run(command, cwd=self.root, env={"PATH": self.path, "HOME": self.folder, **variables},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    def configure(self, mode, *flags):
        build = os.path.join(self.folder, "build")
        shutil.rmtree(build, ignore_errors=True)
        done = self.run([self.cmake, "-S", self.root, "-B", build, "-G", "Ninja", "-DWINDTUNNEL_TESTS=OFF",
                         f"-DCMAKE_CXX_COMPILER={self.compiler}", f"-DCMAKE_C_COMPILER={shutil.which('cc')}",
                         f"-DCMAKE_MAKE_PROGRAM={self.path}/ninja",
                         f"-DWINDTUNNEL_HTML={mode}", HIDDEN, *flags])
        return done.returncode, " ".join((done.stdout + done.stderr).split()), build

    def expect(self, is_so, what, said):
        if not is_so:
            self.failures.append(f"{what}:\n{said}")


def check_modes(build):
    code, said, _ = build.configure("ON")
    build.expect(code != 0 and f"No HTML report: {WANTED}" in said and "WINDTUNNEL_HTML=AUTO" in said,
                 "ON without npm does not fail with its reason", said)
    code, said, folder = build.configure("AUTO")
    build.expect(code == 0 and f"No HTML report: {WANTED}" in said, "AUTO without npm does not go on", said)
    build.expect(os.path.exists(os.path.join(folder, "no_html_bundle.cc")), "AUTO without npm has no stand-in", said)
    code, said, _ = build.configure("OFF")
    build.expect(code == 0 and "No HTML report: WINDTUNNEL_HTML is OFF" in said, "OFF asks for npm", said)
    code, said, _ = build.configure("maybe")
    build.expect(code != 0 and "WINDTUNNEL_HTML is 'maybe': AUTO, ON or OFF" in said, "a misspelt mode passes", said)


def check_npm_that_fails(build):
    node = build.program("node", "exit 0\n")
    npm = build.program("npm", "echo no network here\nexit 7\n")
    flags = (f"-DWINDTUNNEL_NODE={node}", f"-DWINDTUNNEL_NPM={npm}")
    code, said, _ = build.configure("AUTO", *flags)
    build.expect(code == 0 and "ended with 7: no network here" in said, "AUTO does not go on when npm fails", said)
    code, said, _ = build.configure("ON", *flags)
    build.expect(code != 0 and "ended with 7: no network here" in said, "ON goes on when npm fails", said)
    os.remove(node)
    os.remove(npm)


def check_bootstrap(build):
    """All is installed but npm, which apt installs; then with npm there, apt is not asked."""
    log = os.path.join(build.folder, "apt.log")
    installed = os.path.join(build.folder, "installed")
    for path in (log, installed):
        if os.path.exists(path):
            os.remove(path)
    build.program("dpkg-query", f'for last; do :; done\nif [ "$last" = npm ] && ! [ -e {installed} ]; then exit 1; fi\n'
                                "printf installed\n")
    build.program("apt-get", f'echo "$@" >>{log}\ncase "$*" in *" install "*) : >{installed} ;; esac\n')
    build.program("sudo", 'while [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n')
    done = build.run(["bash", "script/bootstrap", "html"])
    asked = open(log, encoding="utf-8").read() if os.path.exists(log) else ""
    build.expect(done.returncode == 0 and "install --no-install-recommends npm\n" in asked,
                 "script/bootstrap html does not install npm", done.stdout + done.stderr + asked)
    if asked:
        os.remove(log)
    build.program("npm", "exit 0\n")
    done = build.run(["bash", "script/bootstrap", "html"])
    build.expect(done.returncode == 0 and not os.path.exists(log), "script/bootstrap html installs a second npm",
                 done.stdout + done.stderr)
    with open(os.path.join(build.root, "script", "demo"), encoding="utf-8") as file:
        build.expect("script/bootstrap html" in file.read(), "script/demo does not ask for it", "")


def main():
    root, folder, cmake, compiler = sys.argv[1:]
    build = Build(os.path.abspath(root), os.path.abspath(folder), cmake, compiler)
    check_modes(build)
    check_npm_that_fails(build)
    check_bootstrap(build)
    shutil.rmtree(build.folder, ignore_errors=True)
    for failure in build.failures:
        print(failure)
    print(f"{len(build.failures)} failures")
    sys.exit(1 if build.failures else 0)


if __name__ == "__main__":
    main()
