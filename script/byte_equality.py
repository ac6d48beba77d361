"""Runs the catalogue with several builds of windtunnel and compares what they write, byte for byte.

usage: byte_equality.py --reference BINARY [--variant NAME=BINARY] [--debug NAME=BINARY] [--masked NAME=TUNABLES]
                        [--only SCENARIO.json] [--catalog DIR] [--out DIR]
       byte_equality.py --self-test

Compared: telemetry, events, timeline and summary.txt as bytes, summary.json without its members 'build' and 'timing', the names
of all files written, and the exit code. Each build runs in a folder of its own with the same arguments, so that a path
in the output is no difference. The reference also runs seeds 1 to 4 on one job and on two.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

# Scenarios too long for an unoptimised build: name -> (arguments that shorten them there, or None to leave them out;
# why). The reference runs once more with the same arguments, so that like is compared with like.
LONG_FOR_DEBUG = {}

RUN_SECONDS_MAX = 300
VERDICT_CODES = {0, 10, 11, 12, 13}  # pass, invariant, liveness, threshold, inconclusive: each a finished run
BYTES_COMPARED = {
    "telemetry.jsonl",
    "telemetry.jsonl.zst",
    "events.jsonl",
    "events.jsonl.zst",
    "summary.txt",
    "timeline.json",
}
JSON_COMPARED = "summary.json"
JSON_LEFT_OUT = ("build", "timing")

Leg = collections.namedtuple("Leg", "name binary environment is_debug")


class Difference(Exception):
    pass


def run(binary, environment, scenario, folder, arguments):
    """Runs one scenario in a fresh folder; returns its exit code."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    command = [binary, "run", scenario, "--out", "result", *arguments]
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RUN_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        raise Difference(f"{' '.join(command)}: not finished after {RUN_SECONDS_MAX} s") from None
    except OSError as error:
        raise Difference(f"{' '.join(command)}: {error}") from None
    if result.returncode not in VERDICT_CODES:
        tail = result.stderr.decode(errors="replace")[-2000:]
        raise Difference(f"{' '.join(command)}: no verdict, exit code {result.returncode}\n{tail}")
    return result.returncode


def files_below(folder):
    return sorted(
        os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names
    )


def comparable_json(path):
    """The lines to compare: rewritten, one member a line, in the order of the file."""
    with open(path, encoding="utf-8") as file:
        value = json.load(file, parse_float=lambda text: f"number {text}")  # 0.1 and 0.10 are other bytes
    for member in JSON_LEFT_OUT:
        value.pop(member, None)
    return json.dumps(value, indent=1, ensure_ascii=False).encode().splitlines()


def compare_file(name, left, right):
    if os.path.basename(name) == JSON_COMPARED:
        a, b = comparable_json(left), comparable_json(right)
        note = " (of the file written one member a line, without build and timing)"
    elif os.path.basename(name) in BYTES_COMPARED:
        with open(left, "rb") as file_a, open(right, "rb") as file_b:
            while True:
                block_a, block_b = file_a.read(1 << 20), file_b.read(1 << 20)
                if block_a != block_b:
                    break
                if not block_a:
                    return
        a, b = open(left, "rb"), open(right, "rb")
        note = ""
    else:
        return
    number = 0
    a, b = iter(a), iter(b)
    while True:
        number += 1
        line_a, line_b = next(a, None), next(b, None)
        if line_a is None and line_b is None:
            return
        if line_a != line_b:
            shown = [repr(line)[:400] if line is not None else "(the file has ended)" for line in (line_a, line_b)]
            raise Difference(f"{name}:{number}{note}\n    reference: {shown[0]}\n    this one:  {shown[1]}")


def compare_folders(left, right, required):
    names = files_below(left)
    others = files_below(right)
    if names != others:
        raise Difference(f"other files: {sorted(set(names) ^ set(others))} are in one of the two only")
    present = {os.path.basename(name) for name in names}
    missing = [name for name in required if not {name, name + ".zst"} & present]
    if missing:
        raise Difference(f"nothing to compare: {', '.join(missing)} was not written")
    for name in names:
        compare_file(name, os.path.join(left, name), os.path.join(right, name))


def compare_runs(left, right, scenario, folder, arguments, required):
    """left and right: (binary, environment, further arguments). A folder that exists holds left's run already."""
    place_a, place_b = folder
    if not os.path.isdir(place_a):
        code_a = run(left[0], left[1], scenario, place_a, [*arguments, *left[2]])
        with open(os.path.join(place_a, "exit_code"), "w", encoding="utf-8") as file:
            file.write(str(code_a))
    with open(os.path.join(place_a, "exit_code"), encoding="utf-8") as file:
        code_a = int(file.read())
    code_b = run(right[0], right[1], scenario, place_b, [*arguments, *right[2]])
    if code_a != code_b:
        raise Difference(f"exit code {code_a} of the reference, {code_b} of this one")
    compare_folders(os.path.join(place_a, "result"), os.path.join(place_b, "result"), required)


def compare_scenario(scenario, reference, legs, out):
    """Returns (leg name, None if equal, else what differs or why it was left out, whether it failed) for each leg."""
    name = os.path.basename(scenario)
    folder = os.path.join(out, name)
    shutil.rmtree(folder, ignore_errors=True)
    results = []

    def compare(leg_name, *arguments):
        try:
            compare_runs(*arguments)
            results.append((leg_name, None, False))
        except Difference as difference:
            results.append((leg_name, str(difference), True))

    whole = ("telemetry.jsonl", "events.jsonl", "timeline.json", "summary.txt", "summary.json")
    for leg in legs:
        shorter, place = (), "reference"
        if leg.is_debug and name in LONG_FOR_DEBUG:
            shorter, why = LONG_FOR_DEBUG[name]
            if shorter is None:
                results.append((leg.name, why, False))
                continue
            place = "reference-shortened"
        places = (os.path.join(folder, place), os.path.join(folder, leg.name))
        compare(leg.name, (reference, {}, ()), (leg.binary, leg.environment, ()), scenario, places, shorter, whole)
        if not results[-1][2]:
            shutil.rmtree(places[1])
    one, two = (reference, {}, ("--jobs", "1")), (reference, {}, ("--jobs", "2"))
    places = (os.path.join(folder, "jobs-1"), os.path.join(folder, "jobs-2"))
    compare("jobs-2", one, two, scenario, places, ("--seeds", "1..4"), ("summary.json",))
    if not any(failed for _, _, failed in results):
        shutil.rmtree(folder)
    return name, results


def compare_catalog(scenarios, reference, legs, out):
    """Prints one line per leg; returns the number of differences."""
    equal, left_out, different = collections.Counter(), collections.defaultdict(list), collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, results in pool.map(lambda scenario: compare_scenario(scenario, reference, legs, out), scenarios):
            for leg_name, what, failed in results:
                if failed:
                    different[leg_name].append((name, what))
                elif what:
                    left_out[leg_name].append((name, what))
                else:
                    equal[leg_name] += 1
    for leg_name in [leg.name for leg in legs] + ["jobs-2"]:
        print(f"equal bytes: {leg_name}: {equal[leg_name]} scenarios equal", end="")
        print(f", {len(different[leg_name])} DIFFERENT" if different[leg_name] else "")
        for name, why in left_out[leg_name]:
            print(f"  left out: {name}: {why}")
        for name, what in different[leg_name][:3]:
            print(f"  {leg_name}: {name}: first difference: {what}")
        if len(different[leg_name]) > 3:
            print(f"  and {len(different[leg_name]) - 3} scenarios more")
    return sum(len(found) for found in different.values())


def main():
    if sys.argv[1:] == ["--self-test"]:
        import byte_equality_self_test  # beside this file

        return byte_equality_self_test.main()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--debug", action="append", default=[])
    parser.add_argument("--masked", action="append", default=[])
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--catalog", default=os.path.join(ROOT, "scenarios/catalog"))
    parser.add_argument("--out", default=os.path.join(ROOT, "out/byte-equality"))
    options = parser.parse_args()

    reference = os.path.realpath(options.reference)
    legs = []
    for given, is_debug in ((options.variant, False), (options.debug, True)):
        for name, _, binary in (text.partition("=") for text in given):
            legs.append(Leg(name, os.path.realpath(binary), {}, is_debug))
    for name, _, tunables in (text.partition("=") for text in options.masked):
        legs.append(Leg(name, reference, {"GLIBC_TUNABLES": tunables}, False))

    catalog = os.path.realpath(options.catalog)
    names = sorted(name for name in os.listdir(catalog) if name.endswith(".json"))
    unknown = set(options.only) - set(names)
    if unknown or not names:
        print(f"byte_equality: no such scenario in {catalog}: {', '.join(unknown) or '*.json'}")
        return 2
    names = [name for name in names if not options.only or name in options.only]
    different = compare_catalog([os.path.join(catalog, name) for name in names], reference, legs, options.out)
    if different:
        print(f"byte_equality: {different} differences; what was written is in {options.out}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True  # the source tree stays as it is
    sys.exit(main())
