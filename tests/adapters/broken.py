"""Adapters that break off the conversation: broken.py HOW [FILE]. What they start they note in FILE, one pid a line."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/adapters/python"))

import adapter  # noqa: E402
from clean import Breaker  # noqa: E402

HOW = sys.argv[1]


def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()


class NothingSupported:
    def __init__(self, config):
        raise adapter.Unsupported("on principle")


class Moody(Breaker):
    """Refuses every other call or so, and never the same ones twice."""

    def acquire(self, now):
        return None if os.urandom(1)[0] < 128 else super().acquire(now)


class Breaks(Breaker):
    """A clean breaker that fails at its fifth question."""

    questions = 0

    def look(self, now):
        Breaks.questions += 1
        if Breaks.questions == 5:
            print("a first line on stderr\nthe last line on stderr", file=sys.stderr, flush=True)
            getattr(self, HOW)()
        return super().look(now)

    def dies(self):
        os._exit(7)

    def is_killed(self):
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(10)

    def hangs(self):
        time.sleep(1000)

    def floods(self):
        while True:
            say("x" * 1000)

    def floods_lines(self):
        for _ in range(100_000):
            say('{"state":"closed"}\n' * 10)

    def floods_stderr(self):
        while True:
            sys.stderr.write("complaint\n" * 1000)

    def speaks_nonsense(self):
        say("Traceback: \x1b[31mnothing\n")

    def steers(self):
        print("\x1b[2J::error::pwned ##[error]pwned", file=sys.stderr, flush=True)
        say('{"error": "\\u001b[31mred\\n::error::pwned ##[error]pwned"}\n')
        os._exit(7)

    def answers_half(self):
        say('{"state":"cl')
        os._exit(0)

    def closes(self):
        os.close(1)
        time.sleep(1000)


def start_family(path):
    """Two children, one of them in a session of its own, and a grandchild whose parent has gone."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pids = [os.getpid()]
    pids.append(subprocess.Popen(["sleep", "1000"], **quiet).pid)
    pids.append(subprocess.Popen(["sleep", "1000"], start_new_session=True, **quiet).pid)
    orphan = subprocess.run(["setsid", "sh", "-c", "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!"], capture_output=True, text=True)
    pids.append(int(orphan.stdout))
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(f"{pid}\n" for pid in pids))


if HOW == "supports_nothing":
    sys.exit(adapter.serve(NothingSupported))
if HOW == "is_moody":
    sys.exit(adapter.serve(Moody))
if HOW == "ends_at_once":
    sys.exit(0)
if HOW == "never_reads":
    time.sleep(1000)
if HOW == "says_hello":
    say("breaker 1.0 ready\n")
if len(sys.argv) > 2:
    start_family(sys.argv[2])
if HOW == "stays":  # neither the end of its input nor a polite signal ends it
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    adapter.serve(Breaker)
    time.sleep(1000)
sys.exit(adapter.serve(Breaks if hasattr(Breaks, HOW) else Breaker))
