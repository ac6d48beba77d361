"""The shipped alert rules, tried by `windtunnel export promtest` with the real promtool: each fires on its scenario of
the catalogue within the time that the file states, and none on the healthy one; the verdict of an expectation is its
exit code.

    alerts_test.py WINDTUNNEL
"""

import json
import os
import sys
import tempfile

from oracles import environment, run

RULES = "reports/prometheus/windtunnel-alerts.yml"
ALERTS = ("BreakerOpen", "ErrorRateHigh", "LatencyHigh", "BudgetSpent80", "BudgetSpent90", "BudgetSpent95",
          "BudgetSpent100")
# As the comments of the rules state it.
EXPECTED = {
    "openai-outage": ["BreakerOpen within 30s of openai-down", "ErrorRateHigh never", "BudgetSpent80 never"],
    "both-down": ["ErrorRateHigh within 60s of all-down", "BreakerOpen within 30s of all-down", "LatencyHigh never"],
    "demo": ["LatencyHigh within 60s of anthropic-slow", "BreakerOpen within 30s of openai-down"],
    "budget-exhaustion": ["BreakerOpen never", "BudgetSpent80 within 4m of start"],
    "healthy": [f"{alert} never" for alert in ALERTS],
}


class Runs:
    def __init__(self, windtunnel, env, folder):
        self.windtunnel, self.env, self.folder = windtunnel, env, folder

    def out(self, name, *arguments):
        out = os.path.join(self.folder, name + "".join(arguments))
        if not os.path.isdir(out):
            # A run that is cut short is inconclusive; a run is what its rules are tried on here, whatever its verdict.
            run([self.windtunnel, "run", f"scenarios/catalog/{name}.json", "--quiet", "--out", out, *arguments],
                self.env, 13 if arguments else 0)
        return out

    def promtest(self, out, expectations, *arguments, expected=0, rules=RULES):
        command = [self.windtunnel, "export", "promtest", out, "--rules", rules, *arguments]
        for one in expectations:
            command += ["--expect", one]
        return run(command, self.env, expected)


def check_budget(runs):
    """Each share's alert comes within 30 s of the pipeline's own."""
    out = runs.out("budget-exhaustion")
    alerts = json.loads(runs.promtest(out, [], "--format", "json"))["alerts"]
    begins = {alert["name"]: alert["episodes"][0]["begin_s"] for alert in alerts if alert["episodes"]}
    with open(os.path.join(out, "events.jsonl"), encoding="utf-8") as file:
        events = [event for event in map(json.loads, file) if event["type"] == "budget_alert"]
    assert [event["share"] for event in events] == [0.8, 0.9, 0.95, 1], events
    for event in events:
        late = begins["BudgetSpent%d" % round(event["share"] * 100)] - event["t_s"]
        assert 0 < late <= 30, (event, begins)


def check_verdicts(runs):
    outage = runs.out("openai-outage")
    said = runs.promtest(outage, ["BreakerOpen within 14s of openai-down"], expected=12)
    assert "fail: BreakerOpen within 14s of openai-down - it fired 15s after it" in said, said
    said = runs.promtest(outage, ["BreakerOpen never"], expected=12)
    assert "fail: BreakerOpen never - it fired at 2m15s (provider=openai" in said, said
    said = runs.promtest(outage, ["ErrorRateHigh within 60s of openai-down"], expected=12)
    assert "it never fired after it" in said, said
    # The run is over before the fault begins, and before the time is.
    said = runs.promtest(runs.out("openai-outage", "--until", "90s"), ["BreakerOpen within 60s of openai-down"],
                         expected=13)
    assert "openai-down never began in this run" in said, said
    said = runs.promtest(runs.out("openai-outage", "--until", "125s"), ["ErrorRateHigh within 60s of openai-down"],
                         expected=13)
    assert "the run was over 15s after it" in said, said
    # Scrapes that are too far apart for a rule make its silence worthless, and that of no other.
    said = runs.promtest(outage, ["LatencyHigh never", "BudgetSpent80 never"], "--interval", "90s", expected=13)
    assert "inconclusive: LatencyHigh never" in said and "a range of 1m holds no two scrapes at 1m30s" in said, said
    assert "pass: BudgetSpent80 never" in said, said


SILENT = """
groups:
- name: x
  rules:
  - {record: job:rate, expr: 'sum by (outcome) (rate(windtunnel_requests_total[1m]))'}
  - {record: job:busy, expr: 'windtunnel_requests_total > 1e9'}
  - {alert: QuantileWithoutLe, expr: 'histogram_quantile(0.9, sum(rate(windtunnel_request_duration_seconds_bucket[1m]))) > 3'}
  - {alert: LabelThatTheRecordDropped, expr: 'job:rate{provider="openai"} > 1e9'}
  - {alert: JoinedOnNoLabel, expr: 'windtunnel_requests_total / on (provider) group_left max by (provider) (windtunnel_breaker_state) > 1e9'}
  - {alert: LabelsDiffer, expr: 'windtunnel_requests_total / windtunnel_cost_usd_total > 1e9'}
  - {alert: RangeTooShort, expr: 'rate(windtunnel_requests_total[1s]) > 1e9'}
  - {alert: Rate, expr: 'sum(job:rate) > 1e9'}
  - {alert: Quantile, expr: 'histogram_quantile(0.9, sum by (le) (rate(windtunnel_request_duration_seconds_bucket[1m]))) > 300'}
  - {alert: Unless, expr: 'windtunnel_cost_usd_total > 1e9 unless on () vector(1) > 0'}
  - {alert: OfFiltered, expr: 'job:busy > 0'}
  - {alert: OfAnother, expr: 'ALERTS{alertname="Rate"} == 1'}
  - {alert: Gone, expr: 'absent(windtunnel_requests_total)'}
"""


def check_silence(runs):
    """An alert that has nothing to compare is not judged by its silence; one that has is."""
    outage = runs.out("openai-outage")
    path = os.path.join(runs.folder, "silent.yml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SILENT)
    empty = ("QuantileWithoutLe", "LabelThatTheRecordDropped", "JoinedOnNoLabel", "LabelsDiffer", "RangeTooShort")
    for alert in ("Rate", "Quantile", "Unless", "OfFiltered", "OfAnother", "Gone"):
        said = runs.promtest(outage, [f"{alert} never"], rules=path)
        assert f"pass: {alert} never - it never fired" in said, said
    for alert in empty:
        said = runs.promtest(outage, [f"{alert} never"], rules=path, expected=13)
        assert f"inconclusive: {alert} never - it cannot fire in this run: its expression has no value" in said, said
    # Without its comparison the join has several series on its side of one, which promtool refuses: the rules are then
    # tried as they were written alone.
    with open(path, "w", encoding="utf-8") as file:
        file.write("groups: [{name: x, rules: [{alert: A, expr: 'windtunnel_requests_total > on () vector(1e12)'}]}]\n")
    runs.promtest(outage, ["A never"], rules=path)


def check_bad_rules(runs):
    outage = runs.out("openai-outage")
    path = os.path.join(runs.folder, "bad.yml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("groups: [{name: x, rules: [{alert: A, exprr: up}]}]\n")
    runs.promtest(outage, [], expected=4, rules=path)
    # promtool accepts it, and its evaluation fails: two series for each provider on the one side.
    with open(path, "w", encoding="utf-8") as file:
        file.write("groups:\n- name: x\n  rules:\n  - alert: A\n    expr: |\n      windtunnel_breaker_state "
                   "* on (provider) windtunnel_breaker_transitions_total > 0\n")
    runs.promtest(outage, [], expected=13, rules=path)


def main():
    env = environment("promtool")
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(sys.argv[1], env, folder)
        for name, expectations in EXPECTED.items():
            runs.promtest(runs.out(name), expectations)
        check_budget(runs)
        check_verdicts(runs)
        check_bad_rules(runs)
        check_silence(runs)
    print(f"{sum(map(len, EXPECTED.values()))} expectations hold")


if __name__ == "__main__":
    main()
