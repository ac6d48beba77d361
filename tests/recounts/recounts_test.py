"""Recounts every number of every report of a run from the run's events alone.

    recounts_test.py WINDTUNNEL RECORD_EVENTS FOLDER

Runs scenarios with all their reports, lets record_events write down the events of the same runs, and compares what each
report shows with a recount: summary.json, summary.txt, timeline.json, timeline.csv, openmetrics.txt, report.html (what
its charts draw and its tables), junit.xml, telemetry.jsonl, events.jsonl. The recounts share no code with the product,
and no figure is found by a path that the report itself names. Ends with 1 at the first run with a difference.
"""

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal

import exports
import line_files
import page
import summary_lines
import totals
from comparison import Comparison, sees_what_is_wrong
from forecast_sums import compare_forecast
from history import record
from not_recounted import NOT_RECOUNTED
from over_time import OverTime, padded
from worlds import world

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Between them: breakers, failover, an experiment, a cache and stale answers, limiters, a budget, steps of the clock, a queue,
# a closed loop, a Retry-After. The small worlds add streams, replies of unknown bill, users, retries and deadlines.
CATALOG = (("both-down", 11), ("stale-if-error", 7), ("token-limit-average", 7), ("budget-exhaustion", 7),
           ("clock-steps", 7), ("abandoned-work", 7), ("closed-loop", 7), ("throttle-storm", 7))
WORLDS = range(1, 13)
SHOWN = 40


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return file.read()


def run_windtunnel(program, folder, scenario, seed):
    """Whether there is a page too: a build without npm makes none."""
    command = [program, "run", scenario, "--seed", str(seed), "--out", folder, "--quiet"]
    done = subprocess.run([*command, "--html"], cwd=ROOT, capture_output=True, text=True, check=False)
    has_page = done.returncode != 2 or "built without the HTML report" not in done.stderr
    if not has_page:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # A claim that does not hold is recounted too.
    if done.returncode not in (0, 10, 11, 12, 13):
        sys.exit(f"{' '.join(command)} ends with {done.returncode}: {done.stderr}")
    return has_page


def interval_of(timeline):
    """The time between two scrapes: a view of the page, because an export in steps is ten times as long."""
    return timeline["step_ns"] * timeline["view_steps"]


def export(program, folder):
    interval = interval_of(json.loads(read(folder, "timeline.json")))
    for words in (["csv"], ["openmetrics", "--interval", f"{interval}ns"]):
        command = [program, "export", words[0], folder, *words[1:]]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ends with {done.returncode}: {done.stderr}")


def compare(compared, folder, history):
    summary = json.loads(read(folder, "summary.json"), parse_float=Decimal)
    recount = totals.summary(history)
    compared.tree("summary.json", summary, recount)
    for shown, fault in zip(summary["faults"], recount["faults"]):
        for key in ("touched", "affected"):
            fault.setdefault(key, shown[key])
    summary_lines.compare_text(compared, read(folder, "summary.txt"), recount, history, totals.shown_means(history))
    timeline = json.loads(read(folder, "timeline.json"))
    time = OverTime(history, timeline["step_ns"], timeline["view_steps"])
    wanted = time.document()
    timeline["series"] = padded(timeline["series"], wanted["series"])
    compared.tree("timeline.json", timeline, wanted)
    if os.path.exists(os.path.join(folder, "report.html")):
        page.compare_page(compared, read(folder, "report.html"), recount, history, time, timeline["start_is_given"])
    line_files.compare_telemetry(compared, read(folder, "telemetry.jsonl"), history)
    line_files.compare_events(compared, read(folder, "events.jsonl"), history)
    line_files.compare_junit(compared, read(folder, "junit.xml"), history)
    exports.compare_csv(compared, read(folder, "timeline.csv"), time)
    exports.compare_openmetrics(compared, read(folder, "openmetrics.txt"), time, interval_of(timeline))


def scenarios(place):
    """(name, file, seed) of each run."""
    for seed in WORLDS:
        file = os.path.join(place, f"world-{seed}.json")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(world(seed), out)
        yield f"world-{seed}", file, seed
    for name, seed in CATALOG:
        yield name, f"scenarios/catalog/{name}.json", seed


def main():
    windtunnel, recorder, place = sys.argv[1:]
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    if not sees_what_is_wrong():
        sys.exit("the comparison sees neither a wrong figure nor one that nothing recounts")
    compared, has_pages = Comparison(NOT_RECOUNTED), True
    for name, scenario, seed in scenarios(place):
        folder = os.path.join(place, name)
        has_pages = run_windtunnel(windtunnel, folder, scenario, seed) and has_pages
        export(windtunnel, folder)
        compared.run = f"{name} seed {seed}"
        compare(compared, folder, record(recorder, scenario, seed, ROOT))
        if compared.wrong:
            break
    else:
        compared.run = "forecast of world-2"
        compare_forecast(compared, windtunnel, recorder, os.path.join(place, "world-2.json"),
                         os.path.join(place, "forecast"), ROOT)
        for entry in compared.stale_entries() if has_pages else ():
            compared.mistake("not_recounted.py", f"no report has what this entry leaves out: {entry}")
    for words in compared.wrong[:SHOWN]:
        print(words)
    if not has_pages:
        print("no page was recounted, because windtunnel was built without it")
    print(f"{compared.figures} comparisons, {len(compared.wrong)} differences")
    sys.exit(1 if compared.wrong else 0)


if __name__ == "__main__":
    main()
