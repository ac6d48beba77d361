"""Clean logs give no finding: the telemetry of the whole catalogue, each audited by its own scenario.

    audit_catalogue_test.py WINDTUNNEL CATALOGUE

Long scenarios run for their first hours, which are as clean as the rest.
"""

import json
import os
import subprocess
import sys
import tempfile

# Of what would take longer than the others together.
SHORTER = {"azure-replay.json": "10m", "leap-february.json": "2d", "measured-day.json": "2h", "month.json": "4h",
           "mooncake-replay.json": "5m", "uncertain-month.json": "4h"}
# Each of them is shown by some log of the catalogue, so that "no finding" is said of something.
SHOWN = {"records.readable", "records.once", "records.order", "attempts.bounded", "attempts.end", "failover.order",
         "breaker.open", "cost.adds_up", "cost.cache_hits", "cost.refused", "tokens.add_up", "outcome.agrees",
         "cost.price", "time.adds_up", "time.limits", "time.percentiles", "budget.month"}


def main():
    program, catalogue = os.path.abspath(sys.argv[1]), sys.argv[2]
    failed, shown = [], set()
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log.jsonl")
        for name in sorted(name for name in os.listdir(catalogue) if name.endswith(".json")):
            scenario = os.path.join(catalogue, name)
            if os.path.exists(log):
                os.remove(log)
            command = [program, "run", scenario, "--quiet", "--checks", "none", "--telemetry", log]
            if name in SHORTER:
                command += ["--set", f"duration={SHORTER[name]}"]
            subprocess.run(command, capture_output=True, check=False)
            audit = subprocess.run([program, "audit", log, "--config", scenario, "--format", "json"],
                                   capture_output=True, text=True, check=False)
            if audit.returncode != 0:
                failed.append(name)
                print(name, audit.returncode, audit.stderr)
                if audit.stdout:
                    for claim in json.loads(audit.stdout)["claims"]:
                        for finding in claim["findings"][:3]:
                            print("  ", claim["name"], finding)
                continue
            shown |= {claim["name"] for claim in json.loads(audit.stdout)["claims"] if claim["verdict"] == "pass"}
    print(f"{len(failed)} of the catalogue's logs have findings; not shown by any: {sorted(SHOWN - shown)}")
    return int(bool(failed) or not SHOWN <= shown)


if __name__ == "__main__":
    sys.exit(main())
