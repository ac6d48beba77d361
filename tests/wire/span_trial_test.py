"""`windtunnel trial` with a receiver of spans: what a gateway reports of its calls is compared with the ledger (X11), in JSON and in
protobuf, plain and zipped, with new and old names; each planted lie is found, and malformed exports are refused and counted.

    span_trial_test.py WINDTUNNEL ROOT [CHECK...]
    span_trial_test.py WINDTUNNEL ROOT sdk FOLDER       with OpenTelemetry's SDK, which is installed into the folder
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.dirname(HERE))
import bad_gateway
import pip_packages
import trial_test
from serving import need
from trial_test import fault, python_gateway, trial, violated, world

FORMS = {"json": {}, "protobuf": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
         "zipped json": {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
         "zipped protobuf": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
         "old names": {"SPAN_NAMES": "old"}, "no answers": {"SPAN_ANSWERS": "no"}, "batches": {"SPAN_BATCH": "yes"}}


def gateway(deviation="none", form=None, stream=False, patience="10s"):
    made = python_gateway(deviation, stream, patience)
    made["environment"] = {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url:otlp}", **(form or {})}
    return made


def spans_of(windtunnel, scenario, program, *arguments):
    code, result, err = trial(windtunnel, scenario, program, "--clock", "virtual", *arguments)
    need(result is not None, err)
    return code, result


def without_x11(result):
    return [claim for claim in result["trial"]["not_observed"] if claim.startswith("X11")]


def check_forms(windtunnel, _):
    """The same spans in another form are the same spans."""
    first = None
    for name, form in FORMS.items():
        code, result = spans_of(windtunnel, world([fault("outage")]), gateway(form=form))
        need(code == 0 and violated(result) == [] and "X11" in result["checks"], f"{name}: {code} {result['findings']}")
        spans, calls = result["trial"]["spans"], result["trial"]["calls"]["total"]
        need(spans["calls"] == calls > 40 and spans["of_callers"] == spans["others"] == calls, f"{name}: {spans} of {calls}")
        need(spans["unreadable"] == spans["refused"] == 0 and without_x11(result) == [], f"{name}: {spans}")
        first = first or spans
        need(spans == first, f"{name}: {spans}, not {first}")
        print(f"  {name}: {calls} calls", flush=True)


def check_worlds(windtunnel, _):
    """A gateway that reports what it does is no false alarm, whatever happens to it, and the check is judged."""
    for name, (settings, stream, patience) in trial_test.planted_worlds().items():
        settings = dict(settings)
        scenario = world(settings.pop("faults", ()), settings.pop("errors", None),
                         **{key: value for key, value in settings.items() if key != "limit"})
        if "limit" in settings:
            scenario["providers"]["openai"] = {**trial_test.PROVIDER, "rate_limit": settings["limit"]}
        for form in ("json", "no answers"):
            _, result = spans_of(windtunnel, scenario, gateway("none", FORMS[form], stream, patience))
            need(violated(result) == [] and "X11" in result["checks"], f"{name}, {form}: {result['findings']}")
        print(f"  {name}: {result['trial']['spans']['calls']} spans", flush=True)


def check_planted(windtunnel, _):
    for deviation in bad_gateway.DEVIATIONS["X11"]:
        for name, form in FORMS.items():
            # The same lie is seen by the sums where no answer is named.
            code, result = spans_of(windtunnel, world([fault("outage")]), gateway(deviation, form))
            need(violated(result) == ["X11"] and code == 10, f"{deviation}, {name}: {code} {result['findings']}")
        reason = next(finding["reason"] for finding in result["findings"] if finding["id"] == "X11")
        print(f"  {deviation}: {reason}", flush=True)


def check_malformed(windtunnel, _):
    with tempfile.TemporaryDirectory() as out:
        code, result = spans_of(windtunnel, world(), gateway("malformed_exports"), "--out", out)
        with open(os.path.join(out, "gateway.log"), encoding="utf-8") as file:
            answers = [line.split()[1:] for line in file if line.startswith("statuses")]
        with open(os.path.join(out, "summary.txt"), encoding="utf-8") as file:
            need("Spans: 40 of calls, 40 of requests, 40 others; 0 unreadable, 16 exports refused: 400" in file.read(), "summary.txt")
    need(answers == [["400", "400", "415", "200", "200", "404"]] * 4, f"{answers}")
    spans = result["trial"]["spans"]
    need(code == 0 and violated(result) == [] and spans["calls"] == 40, f"{code} {result['findings']} {spans}")
    # Each tenth call sends two that are malformed, one of another type and one to another path.
    need(spans["refused"] == 16 and spans["first_problem"] == "400: the body is no export of spans in protobuf", f"{spans}")
    need(any("16 exports of spans were refused" in note for note in result["notes"]), f"{result['notes']}")
    need("X11" in result["checks"], f"{result['checks']}")


def check_absent(windtunnel, _):
    """What was not seen never passes."""
    _, result = spans_of(windtunnel, world(), python_gateway("none"))
    need(without_x11(result) == ["X11: the gateway's file has no {url:otlp}, so that no spans are received"], f"{without_x11(result)}")
    need("X11" not in result["checks"] and "spans" not in result["trial"], f"{result['checks']}")
    silent = python_gateway("none")
    silent["environment"] = {"COLLECTOR": "{url:otlp}"}
    _, result = spans_of(windtunnel, world(), silent)
    need(without_x11(result) == ["X11: the gateway sent no spans"] and "X11" not in result["checks"], f"{without_x11(result)}")
    # A provider of that name is a provider.
    scenario = world()
    scenario["providers"] = {"otlp": trial_test.PROVIDER, "anthropic": trial_test.PROVIDER}
    program = python_gateway("none")
    program["command"][4] = "{url:otlp}"
    _, result = spans_of(windtunnel, scenario, program)
    need("spans" not in result["trial"] and result["trial"]["requests"]["served"] == 40, f"{result['trial']}")


def check_determinism(windtunnel, _):
    code, result = spans_of(windtunnel, world([fault("outage")]), gateway(form=FORMS["protobuf"]), "--verify-determinism")
    need(code == 0 and violated(result) == [], f"{code} {result['findings']}")


def check_own(windtunnel, root):
    """Our own gateway reports each of its calls, and nothing else."""
    faults = [fault("truncated", fraction=0.3, bill_fraction=0.5), fault("malformed", fraction=0.2),
              {**fault("outage"), "at": "3s", "duration": "500ms", "expect": {"min_affected": 3}}]
    for stream in (False, True):
        program = {"command": ["{windtunnel}", "gateway", "{file}", "--listen", "127.0.0.1:{port}", "--set",
                               "server.otlp={url:otlp}"],
                   "ready": {"path": "/ready", "within": "10s"}, "request": {"stream": stream, "model": "default"}}
        _, result = spans_of(windtunnel, world(faults), program)
        need(violated(result) == [] and "X11" in result["checks"], f"{result['findings']} {without_x11(result)}")
        spans = result["trial"]["spans"]
        need(spans["calls"] == result["trial"]["calls"]["total"] and spans["of_callers"] == 40, f"{spans}")


def check_sdk(windtunnel, folder):
    """Another's encoder of the same spans gives the same result, and a span that it did not get is missed."""
    python = pip_packages.install(os.path.join(HERE, "spans", "requirements.txt"), folder)
    for deviation, compression, found in (("none", "none", []), ("none", "gzip", []), ("drops_span", "gzip", ["X11"])):
        program = gateway(deviation, {"SPAN_SENDER": "sdk", "OTEL_EXPORTER_OTLP_COMPRESSION": compression})
        program["command"][0] = python
        code, result = spans_of(windtunnel, world([fault("outage")]), program)
        need(violated(result) == found and "X11" in result["checks"], f"{deviation}: {code} {result['findings']}")
        spans = result["trial"]["spans"]
        need(spans["refused"] == spans["unreadable"] == 0 and spans["others"] == result["trial"]["calls"]["total"], f"{spans}")
        print(f"  {deviation}, {compression}: {spans['calls']} spans", flush=True)


CHECKS = {"forms": check_forms, "worlds": check_worlds, "planted": check_planted, "malformed": check_malformed,
          "absent": check_absent, "determinism": check_determinism, "own": check_own}


def main():
    windtunnel, root, names = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    if names[:1] == ["sdk"]:
        return check_sdk(windtunnel, os.path.abspath(names[1]))
    for name, check in CHECKS.items():
        if not names or name in names:
            check(windtunnel, root)
            print(f"{name}: ok", flush=True)


if __name__ == "__main__":
    main()
