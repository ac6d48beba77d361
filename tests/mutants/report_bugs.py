"""Plants bugs of reports and of what they count, and sees that the recounts find each.

    report_bugs.py list              report_bugs.json is in order; builds nothing
    report_bugs.py BUILD_DIR [ID]... plants each, or those named; in BUILD_DIR reports/ and sim/ are compiled file by file

The hunt of planted.py cannot find them, because it writes no report. In `file`, `find` occurs exactly once and becomes
`replace`. A bug is killed when tests/recounts/recounts_test.py fails, and one of the figures that it names is at a place
that `killed_by` matches. Ends with 1 when one is not, or when the recounts differ without a bug.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import builds  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def mistakes_in(bugs):
    for bug in bugs:
        with open(os.path.join(ROOT, bug["file"]), encoding="utf-8") as file:
            times = file.read().count(bug["find"])
        if times != 1:
            yield f"{bug['id']}: its text occurs {times} times in {bug['file']}, not once: {bug['find']!r}"
    ids = [bug["id"] for bug in bugs]
    yield from (f"{one}: there are two of this name" for one in sorted({one for one in ids if ids.count(one) > 1}))


def differences(program, recorder, folder):
    """The places at which reports of the program differ from the recounts, one a line."""
    command = [sys.executable, os.path.join(ROOT, "tests/recounts/recounts_test.py"), program, recorder, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    return [line.split(": ", 1)[-1] for line in (done.stdout + done.stderr).splitlines()] if done.returncode else []


def main():
    with open(os.path.join(ROOT, "tests/mutants/report_bugs.json"), encoding="utf-8") as file:
        bugs = json.load(file)
    mistakes = list(mistakes_in(bugs))
    if mistakes or len(sys.argv) < 2:
        sys.exit("\n".join(mistakes) or __doc__)
    if sys.argv[1] == "list":
        print(f"{len(bugs)} planted bugs of reports, each in its place")
        return
    build = builds.Build(ROOT, os.path.abspath(sys.argv[1]), "windtunnel")
    recorder = os.path.join(build.folder, "tests/record_events")
    chosen = [bug for bug in bugs if not sys.argv[2:] or bug["id"] in sys.argv[2:]]
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        without = differences(os.path.join(build.folder, build.program), recorder, os.path.join(folder, "runs"))
        if without:
            sys.exit("without a bug the recounts differ:\n" + "\n".join(without))
        for bug in chosen:
            with open(os.path.join(ROOT, bug["file"]), encoding="utf-8") as file:
                changed = {bug["file"]: file.read().replace(bug["find"], bug["replace"])}
            found = differences(build.make(os.path.join(folder, "mutant"), changed), recorder, os.path.join(folder, "runs"))
            is_killed = any(re.match(bug["killed_by"], line) for line in found)
            missed += not is_killed
            print(f"{'killed   ' if is_killed else 'NOT FOUND'} {bug['id']}: {found[0] if found else 'no difference'}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} were found by the recounts")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
