"""Prometheus' own programs, as oracles: where they are, and what they answer.

They come from PATH, or from build/tools/prometheus, where script/bootstrap unpacks Debian's package without installing
it. A test without them ends with SKIPPED.
"""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal

SKIPPED = 77
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def environment(*programs):
    """PATH with the programs on it."""
    path = os.environ["PATH"] + os.pathsep + os.path.join(ROOT, "build", "tools", "prometheus", "usr", "bin")
    for program in programs:
        if not shutil.which(program, path=path):
            print(f"skipped: {program} is not here (script/bootstrap test fetches it)")
            sys.exit(SKIPPED)
    return dict(os.environ, PATH=path)


def run(command, env, expected=0):
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          check=False)
    if done.returncode != expected:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}, not {expected}:\n{done.stdout}{done.stderr}")
    return done.stdout


def summary_of(folder):
    with open(os.path.join(folder, "summary.json"), encoding="utf-8") as file:
        return json.load(file, parse_float=Decimal)


class Prometheus:
    """A server of its own on a loopback port, by the command that windtunnel prints."""

    def __init__(self, command, env, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        words = [word for word in shlex.split(command) if not word.startswith("--web.listen-address=")]
        self.log = open(os.path.join(folder, "prometheus.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(words + [f"--web.listen-address={self.address}"], env=env, cwd=folder,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.log.seek(0)
        said = self.log.read()
        self.__exit__()
        sys.exit("prometheus does not get ready:\n" + said)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def ask(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            sys.exit(f"prometheus refuses {parameters}: {error.read().decode()}")

    def value(self, query, at):
        """The one number that a query gives, as it is written."""
        result = self.ask("query", query=query, time=at)
        if len(result) != 1:
            sys.exit(f"{query} gives {len(result)} series, not one: {result}")
        return Decimal(result[0]["value"][1])
