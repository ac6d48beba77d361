"""Reads ctest's JUnit file: prints 'passed failed skipped'; on stderr the ten slowest tests, and the failed ones with
their output.

usage: junit_counts.py FILE CTEST_EXIT_CODE

ctest writes a test whose executable is missing as skipped, and nothing at all when it crashes. So a non-zero exit code
always counts as at least one failure.
"""

import sys
import xml.etree.ElementTree as ElementTree

OUTPUT_LINES_MAX = 60
FAILURES_SHOWN_MAX = 10
SLOWEST_SHOWN = 10


def asked_to_skip(case) -> bool:
    reason = case.find("skipped")
    return reason is not None and reason.get("message", "").startswith("SKIP_")


def print_slowest(cases) -> None:
    slowest = sorted(cases, key=lambda case: float(case.get("time") or 0), reverse=True)[:SLOWEST_SHOWN]
    print(f"\nThe {len(slowest)} slowest tests of {len(cases)}:", file=sys.stderr)
    for case in slowest:
        print(f"  {float(case.get('time') or 0):6.1f} s  {case.get('name')}", file=sys.stderr)


def main() -> int:
    path, code = sys.argv[1], int(sys.argv[2])
    passed = skipped = 0
    failures = []
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"FAILED: ctest left no readable results: {error}", file=sys.stderr)
        cases = []
    if cases:
        print_slowest(cases)
    for case in cases:
        status = case.get("status")
        if status == "run":
            passed += 1
        elif status == "fail":
            failures.append(case)
        elif status == "disabled" or asked_to_skip(case):
            skipped += 1
        else:
            failures.append(case)
    for case in failures[:FAILURES_SHOWN_MAX]:
        output = (case.findtext("system-out") or "").splitlines()
        print(f"\nFAILED: {case.get('name')}", file=sys.stderr)
        for line in output[:OUTPUT_LINES_MAX]:
            print(f"  | {line}", file=sys.stderr)
        if len(output) > OUTPUT_LINES_MAX:
            print(f"  | ... and {len(output) - OUTPUT_LINES_MAX} lines more in the step's log", file=sys.stderr)
    if len(failures) > FAILURES_SHOWN_MAX:
        print(f"\n... and {len(failures) - FAILURES_SHOWN_MAX} failed tests more", file=sys.stderr)
    failed = len(failures)
    if code != 0 and failed == 0:
        failed = 1
    print(passed, failed, skipped)
    return 0


if __name__ == "__main__":
    sys.exit(main())
