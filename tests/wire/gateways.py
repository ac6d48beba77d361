"""`windtunnel gateway` for the tests beside this file: starts it before providers, ends it, and reads what it left."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

from serving import need


class Gateway:
    """`with Gateway(windtunnel, urls, ...) as gateway:`; `urls` are the providers' by name."""

    def __init__(self, windtunnel, urls, server=None, environment=None, folder=None, endpoint=None, providers=None, **more):
        self.kept = folder
        self.folder = folder or tempfile.TemporaryDirectory().name
        os.makedirs(self.folder, exist_ok=True)
        self.file = os.path.join(self.folder, "gateway.json")
        known = {name: {**(providers or {}).get(name, {"model": "quick-1", "price_usd_per_million": {"input": 1, "output": 2}}),
                        "endpoint": {"base_url": url + "/v1", **(endpoint or {}).get(name, {})}}
                 for name, url in urls.items()}
        settings = {"version": 1, "providers": known, "server": {"listen": "127.0.0.1:0", **(server or {})}, **more}
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        self.process = subprocess.Popen([os.path.abspath(windtunnel), "gateway", self.file, "--format", "json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, cwd=self.folder,
                                        env={**os.environ, **(environment or {})})
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"gateway ended with {self.process.wait()}:\n{self.process.stderr.read()}")
        self.url = json.loads(line)["url"]
        self.output = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def connect(self, timeout=10):
        url = urlsplit(self.url)
        return http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)

    def end(self, how=signal.SIGTERM):
        """Ends it and returns what it wrote to stderr."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=40)
        need(self.process.returncode == 0, f"gateway ended with {self.process.returncode}:\n{out}{err}")
        return out + err

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=20)

    def metrics(self):
        """The samples of /metrics by name and labels."""
        connection = self.connect()
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        need(text.endswith("# EOF\n"), "the metrics have their end")
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.split("\n")
                if line and not line.startswith("#")}
