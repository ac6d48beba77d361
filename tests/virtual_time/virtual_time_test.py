"""Real programs in virtual time: every wait of every kind ends at exactly the deadline that the program gave libc.

    virtual_time_test.py WINDTUNNEL FOLDER [GROUP]...

FOLDER holds the built programs `waits` and `waits_cpp`. Each prints lines NAME WANTED MEASURED. Names that end in _ms or
_us are of programs that round to that unit themselves, up; all others agree to the nanosecond.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SKIPPED = 77
UNITS = {"_ms": 1_000_000, "_us": 1_000}
# Debian's own interpreter: a wrapper of another installation may put programs before it.
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


class Doctor:
    def __init__(self, windtunnel):
        self.windtunnel = windtunnel

    def run(self, command, *flags):
        """Returns the lines that the program printed, and the report."""
        until = [] if "--until" in flags else ["--until", "400d"]
        result = subprocess.run([self.windtunnel, "doctor", *until, "--format", "json", *flags, "--", *command],
                                capture_output=True, text=True, timeout=120, check=False)
        lines = result.stdout.splitlines()
        assert lines, f"{command}: exit {result.returncode}, {result.stderr}"
        report = json.loads(lines[-1])
        report["code"] = result.returncode
        report["errors"] = result.stderr
        return lines[:-1], report


def check_lines(name, lines, report, least, own_sleep=0):
    """own_sleep: what the interpreter itself sleeps at a time, in ns, while it brings its threads to a stop. A wait that a
    stop falls into is measured later by a few of these."""
    assert report["holds"] and report["exit_code"] == 0, (name, lines[-3:], report)
    measures = [line.split() for line in lines]
    assert all(len(measure) == 3 for measure in measures), (name, lines)
    assert len(measures) >= least, (name, len(measures))
    for wait, wanted, measured in measures:
        late = int(measured) - int(wanted)
        unit = UNITS.get(wait[-3:], 0)
        is_stopped = own_sleep > 0 and late % own_sleep == 0 and 0 < late <= 100 * own_sleep
        assert 0 <= late <= unit or is_stopped, f"{name}: {wait} of {wanted} took {measured}"
    print(f"{name}: {len(measures)} waits, {report['virtual_seconds']} s in {report['real_seconds']} s")


def programs(doctor, folder):
    waits = os.path.join(folder, "waits")
    for mode, least in (("", 108), ("threads", 4), ("signals", 1), ("processes", 3), ("cpu", 1)):
        lines, report = doctor.run([waits, *([mode] if mode else [])])
        check_lines(f"waits {mode}", lines, report, least)
        assert sum(process["unregistered_sleeps"] for process in report["processes"]) == 0, report
    check_lines("waits_cpp", *doctor.run([os.path.join(folder, "waits_cpp")]), 41)


def interpreters(doctor):
    has_uvloop = subprocess.run([PYTHON, "-c", "import uvloop"], capture_output=True, check=False).returncode == 0
    if not has_uvloop:
        print("uvloop: skipped, it is not installed")
    check_lines("CPython", *doctor.run([PYTHON, os.path.join(HERE, "waits.py"), *(["uvloop"] if has_uvloop else [])]), 34)
    for name, command, least, own_sleep in (("node", [os.path.join(HERE, "waits.js")], 8, 0),
                                            ("java", ["-XX:-UsePerfData", os.path.join(HERE, "Waits.java")], 14, 10_000)):
        if shutil.which(name) is None:
            print(f"{name}: skipped, it is not installed")
            continue
        check_lines(name, *doctor.run([name, *command]), least, own_sleep)


def rust(doctor, folder):
    """tokio and the standard library of Rust, at the versions of the lock file."""
    if shutil.which("cargo") is None:
        print("tokio: skipped, cargo is not installed")
        return
    target = os.path.join(folder, "tokio")
    built = subprocess.run(["cargo", "build", "--release", "--locked", "--manifest-path", os.path.join(HERE, "tokio", "Cargo.toml")],
                           env={**os.environ, "CARGO_TARGET_DIR": target}, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        print(f"tokio: skipped, cargo could not build it: {built.stderr.strip().splitlines()[-1:]}")
        return
    check_lines("tokio", *doctor.run([os.path.join(target, "release", "waits_tokio")]), 28)


def arm64(doctor, folder):
    """The library for arm64, with a program for arm64, under the emulator of user mode. The emulator is linked statically, so
    that nothing is preloaded into itself. What executes another program needs the kernel's help, and is left out."""
    tools = os.path.join(ROOT, "build", "tools", "qemu-user-static", "usr", "bin", "qemu-aarch64-static")
    emulator = shutil.which("qemu-aarch64-static") or (tools if os.path.exists(tools) else None)
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    if not emulator or not compiler:
        print("arm64: skipped, aarch64-linux-gnu-gcc or qemu-aarch64-static is not installed")
        return
    place = os.path.join(folder, "arm64")
    os.makedirs(place, exist_ok=True)
    library, waits = os.path.join(place, "windtunnel_clock.so"), os.path.join(place, "waits")
    sources = sorted(glob.glob(os.path.join(ROOT, "wire", "clock", "preload", "*.c")))
    subprocess.run([compiler, "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror",
                    "-Wno-nonnull-compare", "-I", ROOT, "-o", library, *sources, "-lpthread", "-ldl"], check=True)
    subprocess.run([compiler, "-O1", "-o", waits, os.path.join(HERE, "waits.c"), "-lpthread"], check=True)
    emulated = [emulator, "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_PRELOAD={library}", waits]
    for words, least in (([], 108), (["threads", "50"], 4), (["signals", "100"], 1), (["cpu"], 1), (["spin"], 1)):
        check_lines(f"arm64 {' '.join(words)}", *doctor.run([*emulated, *words]), least)


def chance(doctor):
    """The seed gives a program's random bytes: the same twice, and others for another seed."""
    commands = {"CPython": [PYTHON, "-c", "import os,random;print(os.urandom(8),random.random(),hash('x'))"]}
    if shutil.which("node"):
        commands["node"] = ["node", "-e", "console.log(require('crypto').randomUUID(), Math.random())"]
    for name, command in commands.items():
        first, again, other, real = (doctor.run(command, *flags)[0] for flags in (
            ("--seed", "1"), ("--seed", "1"), ("--seed", "2"), ("--entropy", "real")))
        assert first == again, (name, first, again)
        assert first != other and first != real, (name, first, other, real)
        print(f"{name}: {first}")


def limits(doctor, folder):
    waits = os.path.join(folder, "waits")
    # An hour without a wait that ends: the clock moves in one step.
    _, report = doctor.run(["sleep", "3600"])
    assert report["virtual_seconds"] == 3600 and report["real_seconds"] < 1, report
    # A program that reads the clock until it has moved.
    lines, report = doctor.run([waits, "spin"])
    wanted, measured = (int(word) for word in lines[0].split()[1:])
    assert wanted <= measured <= wanted + 1_000_000, lines
    assert report["processes"][0]["pushed"] > 0, report
    # It runs longer than it may.
    _, report = doctor.run(["sleep", "1000"], "--until", "10s")
    assert report["end"] == "until" and report["virtual_seconds"] == 10 and report["exit_code"] is None, report
    # No wait was tried.
    for command, until, reason in ((["true"], "1h", "without a timed wait"), (["sleep", "3600"], "1ns", "after --until"),
                                   (["sh", "-c", "true; true"], "1h", "without a timed wait")):
        _, report = doctor.run(command, "--until", until)
        assert report["code"] == 13 and report["steps"] == 0 and reason in report["why_not"], (command, report)
    assert doctor.run(["sleep", "3600"], "--until", "1h")[1]["code"] == 0
    # It waits for ever.
    _, report = doctor.run([PYTHON, "-c", "import threading; threading.Event().wait()"])
    assert report["end"] == "idle", report
    # A program that is no program.
    result = subprocess.run([doctor.windtunnel, "doctor", "--", "no-such-program"], capture_output=True, text=True, check=False)
    assert result.returncode == 4 and "no-such-program: No such file" in result.stderr, result
    # Those that preloading does not reach: the reason is read from their file.
    with tempfile.TemporaryDirectory() as place:
        source, static = os.path.join(place, "static.c"), os.path.join(place, "static")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <unistd.h>\nint main(void) { sleep(1); return 0; }\n")
        subprocess.run(["gcc", "-static", "-o", static, source], check=True)
        script = os.path.join(place, "script")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!{static}\n")
        os.chmod(script, 0o755)
        cases = [(static, "linked statically"), (script, "linked statically")]
        if shutil.which("go"):
            cases.append((shutil.which("go"), "a Go program"))
        for words in (f"{static}; sleep 1", f"exec {static}"):
            _, report = doctor.run(["sh", "-c", words])
            assert report["code"] == 13 and "static, which it executed, waits in real time: it is linked statically" in report["why_not"], report
        for program, cause in cases:
            _, report = doctor.run([program])
            assert report["code"] == 13 and not report["holds"], report
            assert cause in report["why_not"] and "--clock real" in report["why_not"], report


def killed(doctor):
    """Nothing outlives us."""
    mark = f"{os.getpid()}.25"
    process = subprocess.Popen([doctor.windtunnel, "doctor", "--until", "1ms", "--within", "60s", "--",
                                PYTHON, "-c", f"import os\nos.read(0, 1)\nwhile True: pass # {mark}"])
    time.sleep(0.5)
    process.kill()
    process.wait()
    for _ in range(100):
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if mark not in listing:
            return
        time.sleep(0.1)
    raise AssertionError(listing)


def main():
    windtunnel, folder = sys.argv[1], sys.argv[2]
    doctor = Doctor(windtunnel)
    groups = {"programs": lambda: programs(doctor, folder), "interpreters": lambda: interpreters(doctor),
              "rust": lambda: rust(doctor, folder), "arm64": lambda: arm64(doctor, folder), "chance": lambda: chance(doctor), "limits": lambda: limits(doctor, folder), "killed": lambda: killed(doctor)}
    for name in sys.argv[3:] or groups:
        groups[name]()


main()
