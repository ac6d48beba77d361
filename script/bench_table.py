"""Turns Google Benchmark's JSON, and the peers' lines, into a Markdown table with machine, compiler and date.

usage: bench_table.py RESULTS.json PEERS.jsonl BUILD_DIR [--into FILE.md]

Of every benchmark the least of its repetitions is shown: noise only ever adds. --into replaces what stands between the
lines <!-- figures --> and <!-- end of figures -->.
"""

import json
import os
import re
import subprocess
import sys

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# What Google Benchmark adds to the name of a work whose threads are all counted, and which is timed by the clock.
WITH_THREADS = "/process_time/real_time"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def least_of(results):
    """name -> (ns of an item, counters), of the fastest repetition."""
    best = {}
    for run in results["benchmarks"]:
        if run.get("run_type") == "aggregate" or run.get("error_occurred"):
            continue
        name = run["run_name"].removesuffix(WITH_THREADS)
        rate = run.get("items_per_second")
        each = 1e9 / rate if rate else run["cpu_time"] * NS[run["time_unit"]]
        if name not in best or each < best[name][0]:
            best[name] = (each, run)
    return best


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def rate(per_second):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if per_second >= size:
            return f"{per_second / size:.3g} {unit}"
    return f"{per_second:.3g}"


def remarks(run):
    # What start-up allocates differs between runs of two lengths by a few, not by one a request.
    notes = [f"{abs(round(value, 4)):g} {name}" for name, value in run.items() if name.startswith("allocations/")]
    if "events/s" in run:
        notes.append(f"{rate(run['events/s'])} events/s")
    if run["run_name"].endswith(WITH_THREADS):
        share = run["cpu_time"] / run["real_time"]
        notes.append(f"by the clock; {duration(share * 1e9 / run['items_per_second'])} of CPU")
    if "bytes_per_second" in run:
        notes.append(f"{rate(run['bytes_per_second'])}B/s")
    return ", ".join(notes)


def machine(results, build):
    cpu = re.search(r"^model name\s*:\s*(.*)$", text_of("/proc/cpuinfo"), re.MULTILINE)
    cache = text_of(os.path.join(build, "CMakeCache.txt"))
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.MULTILINE).group(1)
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    context = results["context"]
    load = "/".join(f"{value:.1f}" for value in context["load_avg"])
    return (f"{cpu.group(1) if cpu else os.uname().machine}, {context['num_cpus']} cores, load average {load}; "
            f"{version}, Release; {context['date'][:10]}. CPU time of one core, the least of several repetitions.")


def table(results, peers, build):
    lines = [machine(results, build), "", "| work | one item | items/s | |", "|---|---:|---:|---|"]
    best = least_of(results)
    for name, (each, run) in sorted(best.items()):
        lines.append(f"| `{name}` | {duration(each)} | {rate(1e9 / each)} | {remarks(run)} |")
    each_of = {name: each for name, (each, _) in best.items()}
    for peer in peers:
        if "ns_per_item" in peer:
            each = each_of[peer["name"]] = peer["ns_per_item"]
            lines.append(f"| `{peer['name']}` | {duration(each)} | {rate(1e9 / each)} | |")
        else:
            lines.append(f"| `{peer['name']}` | {peer['value']} | | {peer.get('remark', '')} |")
    return "\n".join(lines + ratios(each_of))


def ratios(each_of):
    """How many times longer another takes for the same work."""
    def others(prefix, suffix):
        found = {name: each for name, each in each_of.items() if name.startswith(prefix) and name.endswith(suffix)}
        return min(found.values()) if found else None

    rows = []
    for what, ours, other in (
        ("LLM request: a conventional C++ world", "world/llm_request", each_of.get("peer/conventional_cpp/llm_request")),
        ("LLM request: ns-3 on its best event list", "world/llm_request", others("peer/ns3/", "/llm_request")),
        ("LLM request: SimGrid", "world/llm_request", each_of.get("peer/simgrid/llm_request")),
        ("LLM request: SimPy", "world/llm_request", each_of.get("peer/simpy/llm_request")),
        *((f"HOLD, {pending:,} pending: {whose}", f"event_queue/hold/{pending}", other)
          for pending in (100, 10_000, 1_000_000)
          for whose, other in (
              ("std::priority_queue", each_of.get(f"event_queue/hold/std_priority_queue/{pending}")),
              ("ns-3's best event list", others("peer/ns3/", f"/hold/{pending}")))),
        ("a record: nlohmann dump", "record/format", each_of.get("record/format/nlohmann")),
    ):
        if other and ours in each_of:
            rows.append(f"| {what} | {other / each_of[ours]:.3g}x |")
    return ["", "| the same work by another | takes |", "|---|---:|", *rows] if rows else []


def main():
    words = sys.argv[1:]
    if len(words) not in (3, 5) or (len(words) == 5 and words[3] != "--into"):
        print(__doc__, file=sys.stderr)
        return 2
    results = json.loads(text_of(words[0]))
    peers = [json.loads(line) for line in text_of(words[1]).splitlines() if line.startswith("{")]
    made = table(results, peers, words[2])
    if len(words) == 3:
        print(made)
        return 0
    page = text_of(words[4])
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        print(f"bench_table: {words[4]} has no place for figures ({BEGIN} ... {END})", file=sys.stderr)
        return 1
    head, rest = page.split(BEGIN)
    with open(words[4], "w", encoding="utf-8") as file:
        file.write(f"{head}{BEGIN}\n{made}\n{END}{rest.split(END)[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
