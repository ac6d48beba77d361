"""The usage example of the monitor, with real API clients, before the providers of `windtunnel serve`.

    http_provider_test.py WINDTUNNEL CAREER_ADVISOR
"""

import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serving import QUICK, TOKENS, Server, need, words_of, world

OUTAGE = {"id": "down", "kind": "outage", "mode": "refuse", "provider": "openai", "at": "0s", "duration": "10m"}


def advise(windtunnel, advisor, faults):
    """Returns exit code, what it printed, its telemetry and the providers' ledger."""
    with tempfile.TemporaryDirectory() as folder, \
            Server(windtunnel, world({"openai": QUICK, "anthropic": QUICK}, faults)) as server:
        done = subprocess.run([os.path.abspath(advisor), server.urls["openai"] + "/v1", server.urls["anthropic"]],
                              capture_output=True, text=True, timeout=30, cwd=folder, check=False,
                              env={**os.environ, "OPENAI_API_KEY": "sk-secret-1", "ANTHROPIC_API_KEY": "sk-secret-2"})
        with open(os.path.join(folder, "telemetry.jsonl"), encoding="utf-8") as file:
            text = file.read()
        need("sk-secret" not in done.stdout + done.stderr + text, "a key in an output")
        return done.returncode, done.stdout, [json.loads(line) for line in text.splitlines()], server.end()


def main(windtunnel, advisor):
    code, out, records, ledger = advise(windtunnel, advisor, [])
    need(code == 0 and out.startswith("answered by openai: " + words_of(0, TOKENS)), f"{code} {out}")
    need(records[0]["tokens"]["output"] == TOKENS and records[0]["metadata"]["feature_version"] == "1.2.3", f"{records}")
    need([line["provider"] for line in ledger] == ["openai"] and ledger[0]["api"] == "chat", f"{ledger}")
    code, out, records, ledger = advise(windtunnel, advisor, [OUTAGE])
    need(code == 0 and out.startswith("answered by anthropic: " + words_of(1, TOKENS)), f"{code} {out}")
    need([attempt["outcome"] for attempt in records[0]["attempts"]] == ["connection_error", "ok"], f"{records}")
    need([line["api"] for line in ledger] == ["chat", "messages"], f"{ledger}")
    code, out, records, _ = advise(windtunnel, advisor, [{**OUTAGE, "provider": "*"}])
    need(code == 1 and "no answer of anthropic" in out, f"{code} {out}")
    need(records[0]["error"] == "connection_error", f"{records}")


if __name__ == "__main__":
    main(*sys.argv[1:])
