"""Tampers with one byte at a time of what a stand-in for windtunnel writes, and sees that byte_equality finds each.

The stand-in is a shell script that writes the files; each case is one change to it, the leg that must report it
and the words of the report.
"""

import contextlib
import io
import os
import tempfile

import byte_equality

STAND_IN = """#!/bin/sh
# run SCENARIO --out DIR [--seeds A..B --jobs N]
mkdir -p "$4" && cd "$4" || exit 4
printf '{"request":1}\\n{"request":2}\\n' > telemetry.jsonl
printf '{"event":"opened"}\\n' > events.jsonl
printf '{"steps":2}\\n' > timeline.json
printf 'Total Requests: 2\\nVerdict: pass\\n' > summary.txt
printf '{"digest":"ab","cost":0.10,"build":{"pid":%d},"timing":{"wall_s":%d}}' $$ $$ > summary.json
"""
TAIL = "exit ${code:-0}\n"

# What is done to the stand-in, the leg that must report it (None: all are equal), words of the report.
CASES = [
    ("", None, ""),
    ("echo x > index.html", "other", "other files: ['index.html']"),
    ("printf '{\"request\":1}\\n{\"request\":3}\\n' > telemetry.jsonl", "other", "telemetry.jsonl:2"),
    ("printf '{\"event\":\"Opened\"}\\n' > events.jsonl", "other", "events.jsonl:1"),
    ("printf '{\"steps\":3}\\n' > timeline.json", "other", "timeline.json:1"),
    ("printf '\\n' >> summary.txt", "other", "summary.txt:3"),
    ("printf '{\"digest\":\"ac\",\"cost\":0.10}' > summary.json", "other", "summary.json:2"),
    ("printf '{\"cost\":0.10,\"digest\":\"ab\"}' > summary.json", "other", "summary.json:2"),
    ("printf '{\"digest\":\"ab\",\"cost\":0.1}' > summary.json", "other", "summary.json:3"),
    ("rm events.jsonl", "other", "other files: ['events.jsonl']"),
    ("code=12", "other", "exit code 0 of the reference, 12 of this one"),
    ("echo broken >&2; code=3", "other", "no verdict, exit code 3\nbroken"),
]
# The same in the reference itself, where only a condition or a missing file can tell.
REFERENCE_CASES = [
    ('[ "$8" != 2 ] || echo x >> summary.txt', "jobs-2", "summary.txt:3"),
    ('[ -z "$GLIBC_TUNABLES" ] || echo x >> telemetry.jsonl', "masked", "telemetry.jsonl:3"),
    ("rm -f ../../../../other-*", "other", "No such file"),
    ("rm telemetry.jsonl", "masked", "nothing to compare: telemetry.jsonl was not written"),
    ("rm -r ../result; mkdir ../result", "jobs-2", "nothing to compare"),
]


def main():
    failures = []
    cases = [(change, "", leg, words) for change, leg, words in CASES]
    cases += [("", change, leg, words) for change, leg, words in REFERENCE_CASES]
    with tempfile.TemporaryDirectory() as folder:
        scenarios = [os.path.join(folder, name) for name in ("calm.json", "outage.json")]
        for number, (other_change, reference_change, leg_expected, words) in enumerate(cases):
            paths = []
            for name, change in (("reference", reference_change), ("other", other_change)):
                paths.append(os.path.join(folder, f"{name}-{number}"))
                with open(paths[-1], "w", encoding="utf-8") as file:
                    file.write(STAND_IN + change + "\n" + TAIL)
                os.chmod(paths[-1], 0o755)
            legs = [
                byte_equality.Leg("other", paths[1], {}, True),
                byte_equality.Leg("masked", paths[0], {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2"}, False),
            ]
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                different = byte_equality.compare_catalog(scenarios, paths[0], legs, os.path.join(folder, "out"))
            text = printed.getvalue()
            if leg_expected is None:
                right = different == 0 and text.count("2 scenarios equal\n") == 3
            else:
                right = different > 0 and f"{leg_expected}: calm.json: first difference:" in text and words in text
            if not right:
                failures.append(f"case {other_change or reference_change or 'untouched'!r}: {text}")
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(cases)} cases, {len(failures)} failures")
    return 1 if failures else 0
