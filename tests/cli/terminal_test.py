"""What a forecast shows on a terminal while it works: how far it is, the time that is left and the half-width, in one line
that is rewritten, never wider than the window, wiped before anything else is printed, and not at all where it is not
wanted.

    terminal_test.py WINDTUNNEL
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import time

WORLD = {
    "version": 1, "title": "a small month", "seed": 5, "start": "2026-01-01T00:00:00Z", "duration": "30d",
    "monitor": {"cost_limiter": {"monthly_usd": 60}},
    "workload": {"chat": {"executor": "diurnal", "arrival": "poisson", "rate": 100, "time_unit": "1d", "level_cv": 0.2}},
}
WIPE = "\r\x1b[K"


def need(condition, what):
    if not condition:
        sys.exit(what)


def on_terminal(command, folder, columns, until, environment=None):
    """Runs it on a terminal of that width until its output satisfies `until`, then presses Ctrl-C. The exit code, and what
    the terminal got before and after."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.pop("NO_COLOR", None)
        os.environ.update({"TERM": "xterm", **(environment or {})})
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    got = b""
    before = None
    end = time.monotonic() + 120
    while True:
        so_far = got.decode(errors="ignore")  # the last character may have come in part
        need(time.monotonic() < end, f"{command} shows nothing that was waited for:\n{so_far}")
        if before is None and until(so_far):
            before = so_far
            os.write(terminal, b"\x03")
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            bytes_read = os.read(terminal, 65536)
        except OSError:
            break
        if not bytes_read:
            break
        got += bytes_read
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return code, before or "", got.decode()[len(before or ""):]


def lines_of(shown):
    """The states of the progress line."""
    return shown.split(WIPE)[1:]


def some_with(word, count=2):
    return lambda shown: sum(word in line for line in lines_of(shown)) >= count


def main():
    windtunnel = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "month.json"), "w", encoding="utf-8") as file:
            json.dump(WORLD, file)
        endless = [windtunnel, "forecast", "month.json", "--replications", "1000000"]

        code, shown, after = on_terminal(endless, folder, 100, some_with("±"))
        need(code == 130, f"Ctrl-C ends with {code}, not 130")
        for line in lines_of(shown):
            need(re.fullmatch(r"\d+ of 1000000 replications, \d+ s left(; mean [\d.]+ USD ± [\d.e+-]+)?", line),
                 f"progress looks otherwise: {line!r}")
        need("interrupted by SIGINT; with --out DIR it could be gone on with" in after, f"Ctrl-C says {after!r}")
        # The line is wiped before the results, which begin at the left.
        need(WIPE + "=====" in after, f"the results do not begin on a line of their own: {after[:300]!r}")
        need(after.index("=====") > after.rindex(WIPE), f"progress is wiped after the results began: {after!r}")
        need("interrupted after" in after and "Verdict" in after, f"what was measured is not shown: {after!r}")

        # In a narrow window the line is cut, in characters, and never wraps.
        code, shown, _ = on_terminal(endless, folder, 24, lambda text: len(lines_of(text)) >= 12)
        need(code == 130, f"in a narrow window Ctrl-C ends with {code}")
        longest = max(len(line) for line in lines_of(shown))
        need(longest == 23, f"in a window of 24 columns a line has {longest}")

        # A stop rule is shown with what it has come to, and how many replications it will take.
        until = ["--until", "mean:rel=0.0004", "--max-replications", "1000000"]
        code, shown, _ = on_terminal([windtunnel, "forecast", "month.json", "--plain", *until], folder, 120,
                                     some_with("mean:rel=0.0004 is 0.0"))
        need(code == 130 and "of about " in shown, f"of a stop rule is shown: {shown!r}")

        code, shown, _ = on_terminal([windtunnel, "forecast", "month.json", "--replications", "200", "--headroom",
                                      "--set", "workload.chat.rate=3000", "--set",
                                      "monitor.cost_limiter.monthly_usd=5000"], folder, 100, some_with("headroom: "))
        need(code == 130, f"an interrupted search for headroom ends with {code}")
        need(any(re.fullmatch(r"headroom: \d+ replications with \d+\.\d\d times the traffic", line)
                 for line in lines_of(shown)), f"of headroom is shown: {shown!r}")

        # Without colour there is progress all the same; a dumb terminal and --quiet have none.
        _, shown, after = on_terminal(endless, folder, 100, some_with(" s left"), {"NO_COLOR": "1"})
        need(not re.search("\x1b\\[[0-9;]*m", shown + after), "NO_COLOR is coloured")
        some_time = time.monotonic() + 4
        late = lambda _: time.monotonic() > some_time
        _, shown, after = on_terminal(endless, folder, 100, late, {"TERM": "dumb"})
        need("\x1b" not in shown + after, f"a dumb terminal gets {shown + after!r}")
        some_time = time.monotonic() + 3
        _, shown, _ = on_terminal(endless + ["--quiet"], folder, 100, late)
        need(not lines_of(shown), f"--quiet shows {shown!r}")
    print("progress is shown, cut, wiped and left out as it should be")


main()
