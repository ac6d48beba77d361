"""Plants bugs and sees that they are found.

    mutants.py list                        the list of planted bugs is in order; builds nothing
    mutants.py fast [--jobs N]             one planted bug of each family, and the canaries
    mutants.py planted [--jobs N] [--only NAME]... [--seeds N] [--table]
    mutants.py operators [--jobs N] [--every K] [--table]
    mutants.py judge [--jobs N] [--every K] [--table]
    mutants.py tests [--jobs N] [--only FOLDER]... [--table]

planted hunts every bug of planted/*.json (or those of the ids and families named); operators tries every K-th operator
mutant of monitor/; judge those of thresholds, coverage and the judge itself on the tests of sim/; tests sees each test of sim/, scenarios/ and reports/ (or of those named) fail under an operator mutant
of its folder. All need build/mutants, which script/mutants makes. --table writes what became of them to TABLE.md.
Ends with 1 when a planted bug was not found by its check, when a canary was not noticed, when less than 95 % of the
operator mutants (98 % of the judge's) were killed or a survivor is not argued in survivors.json, or when a test has failed
neither under a mutant nor by what by_hand.json says.
"""

import argparse
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import builds  # noqa: E402
import hunting  # noqa: E402
import operator_build  # noqa: E402
import operator_trial  # noqa: E402
import operators  # noqa: E402
import planted  # noqa: E402
import table  # noqa: E402
import test_trial  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, os.environ.get("WINDTUNNEL_MUTANTS_BUILD", "build/mutants"))
TABLE = os.path.join(ROOT, "tests/mutants/TABLE.md")
SEEDS = 2000
FAST_SEEDS = 400
# One of each family of checks, in .cc files of monitor/, so that nothing else is compiled file by file.
FAST = ("late-result-counts", "next-after-unpaid", "failover-skips-the-gate", "grant-leaks-on-cache-hit",
        "hits-renew-the-age", "failover-changes-the-variant", "no-record-when-all-are-open", "back-off-by-an-address")
KILLED_LEAST = 0.95
JUDGE_KILLED_LEAST = 0.98
JUDGE = ("sim/checks/judge.", "sim/checks/claims/thresholds.", "sim/checks/claims/threshold_units.", "sim/checks/claims/coverage.")
# A world with many pauses before retries.
RETRIES = ("scenarios/catalog/error-burst.json", "--set", "monitor.provider_call.max_attempts=4", "--set", "thresholds={}")


def say(text):
    print(text, flush=True)


def told(outcome):
    if outcome["result"] == "killed":
        say(f"killed    {outcome['id']}: {outcome['check']} at seed {outcome['seed']}")
    else:
        say(f"NOT FOUND {outcome['id']} (by {', '.join(outcome['killed_by'])}): {outcome['result']} {outcome['check']} "
            f"{outcome['reason']}")


def real_is_clean(build, seeds):
    """Whether the program without a bug finds nothing on the same seeds."""
    check, seed, reason = hunting.said_by(build.program, 1, seeds, ["+" + one for one in hunting.ON_REQUEST])
    if check == "":
        return True
    say(f"FALSE ALARM: without any bug, seed {seed} breaks {check}: {reason}")
    return False


def canaries_are_noticed(build, mutants, seeds):
    """What the script must not take for a success: a check that is switched off, an edit that changes nothing, a text
    that is not there, a text that is there twice."""
    scratch = os.path.join(FOLDER, "scratch")
    bug = next(one for one in mutants if one["id"] == FAST[0])
    outcomes = {
        "a disabled check": hunting.hunt_one(build, scratch, bug, seeds, off=bug["killed_by"]),
        "a mutant with no effect": hunting.hunt_one(build, scratch, {**bug, "replace": bug["find"] + " "}, seeds),
    }
    noticed = True
    for name, outcome in outcomes.items():
        is_noticed = outcome["result"] != "killed"
        say(f"canary: {name} is {'noticed: ' + outcome['result'] if is_noticed else 'NOT NOTICED'}")
        noticed = noticed and is_noticed
    for name, find in (("a text that is not there", "no such text"), ("a text that is there often", "now")):
        is_noticed = any("not once" in one for one in planted.mistakes_in(ROOT, [*mutants, {**bug, "id": "x", "find": find}]))
        say(f"canary: {name} is {'noticed' if is_noticed else 'NOT NOTICED'}")
        noticed = noticed and is_noticed
    return noticed


def tells_two_runs_apart(mutants):
    """Whether windtunnel itself, with a bug by which no two runs are the same, says so, and without it does not."""
    bug = next(one for one in mutants if one["id"] == FAST[-1])
    build = builds.Build(ROOT, FOLDER, "windtunnel")
    changed = {bug["file"]: planted.mutated(ROOT, bug)}
    programs = {"without": build.program, "with": build.make(os.path.join(FOLDER, "scratch/windtunnel"), changed)}
    right = True
    for name, program in programs.items():
        command = [program, "run", *RETRIES, "--verify-determinism", "--checks", "none", "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        words = next((line for line in done.stderr.split("\n") if "not deterministic" in line), "two equal runs")
        say(f"canary: windtunnel {name} {bug['id']} ends with {done.returncode}: {words}")
        right = right and done.returncode == (14 if name == "with" else 0)
    return right


def hunt(mutants, seeds, jobs):
    build = builds.Build(ROOT, FOLDER, "hunt")
    outcomes = hunting.hunt_all(build, os.path.join(FOLDER, "scratch"), mutants, seeds, jobs, told)
    found = [one for one in outcomes if one["result"] == "killed"]
    clean = real_is_clean(build, seeds)
    noticed = canaries_are_noticed(build, planted.load(ROOT), min(seeds, FAST_SEEDS))
    noticed = tells_two_runs_apart(planted.load(ROOT)) and noticed
    say(f"{len(found)} of {len(mutants)} planted bugs were found by the check that is meant to")
    return outcomes, len(found) == len(mutants) and clean and noticed


def run_planted(arguments):
    mutants = planted.load(ROOT)
    if arguments.only:
        mutants = [one for one in mutants if {one["id"], one["family"]} & set(arguments.only)]
    outcomes, good = hunt(mutants, arguments.seeds, arguments.jobs)
    if arguments.table:
        table.write(TABLE, table.PLANTED, table.planted_part(outcomes, arguments.seeds))
    return good


def run_fast(arguments):
    mutants = {one["id"]: one for one in planted.load(ROOT)}
    return hunt([mutants[name] for name in FAST], FAST_SEEDS, arguments.jobs)[1]


def sample_of(sites, every):
    """Every so many of them, and in words how many that are."""
    chosen = sites[::every]
    share = "all of them" if every == 1 else f"every {every}th of {len(sites)}"
    say(f"{len(chosen)} mutants to try: {share}")
    return chosen, share


def run_operators(arguments):
    folder = os.path.join(FOLDER, "operators")
    sites, source_of = operators.find_sites(ROOT, "monitor")
    sites = operator_build.make(ROOT, "monitor", folder, sites, source_of, arguments.jobs, say,
                                operator_build.tests_and_hunt)
    reach = operator_trial.Reach(folder)
    chosen, share = sample_of(sites, arguments.every)

    results = operator_trial.try_all(folder, reach, chosen, arguments.jobs, shown(source_of))
    argued = table.Argued(ROOT)
    never = operator_trial.never_failed(folder, reach, results)
    part = table.operators_part(results, source_of, argued, share, len(reach.tests), never)
    if arguments.table:
        table.write(TABLE, table.OPERATORS, part)
    return are_killed(results, source_of, argued, KILLED_LEAST)


def shown(source_of):
    def show(count, site, how):
        if how is None:
            say(f"survives {site.file} {site.operator}: {' -> '.join(site.describe(source_of(site.file)))}")
        if count % 100 == 0:
            say(f"{count} tried")

    return show


def are_killed(results, source_of, argued, least):
    alive = [site for site, how, _ in results if how is None]
    unargued = [site for site in alive if argued.why(table.key_of(site, source_of(site.file))) is None]
    say(f"{len(results) - len(alive)} of {len(results)} killed; {len(unargued)} survivors are not argued")
    return len(alive) <= (1 - least) * len(results) and not unargued


def run_judge(arguments):
    folder = os.path.join(FOLDER, "judge")
    sites, source_of = operators.find_sites(ROOT, "sim")
    sites = operator_build.make(ROOT, "sim", folder, [site for site in sites if site.file.startswith(JUDGE)], source_of,
                                arguments.jobs, say, operator_build.tests_of("sim", FOLDER))
    chosen, share = sample_of(sites, arguments.every)
    reach = operator_trial.Reach(folder, has_hunt=False)
    results = operator_trial.try_all(folder, reach, chosen, arguments.jobs, shown(source_of), operator_trial.NoMemory())
    argued = table.Argued(ROOT)
    if arguments.table:
        table.write(TABLE, table.JUDGE, table.judge_part(results, source_of, argued, share))
    return are_killed(results, source_of, argued, JUDGE_KILLED_LEAST)


def run_tests(arguments):
    with open(os.path.join(ROOT, "tests/mutants/by_hand.json"), encoding="utf-8") as file:
        by_hand = json.load(file)
    seen, unseen, gone = {}, [], []
    for name in arguments.only or operator_build.FOLDERS[2:]:
        folder = os.path.join(FOLDER, "tests-" + name)

        def made_sites(name=name, folder=folder):
            return operator_build.make(ROOT, name, folder, *operators.find_sites(ROOT, name), arguments.jobs, say,
                                       operator_build.tests_of(name, FOLDER))

        seen[name] = test_trial.results(ROOT, name, folder, made_sites, arguments.jobs, say)
        never = [test for test, mutant in seen[name].items() if mutant is None]
        say(f"{len(seen[name]) - len(never)} of {len(seen[name])} tests of {name}/ fail under some mutant")
        unseen += [test for test in never if f"{name}/{test}" not in by_hand]
        gone += [one for one in by_hand if one.startswith(name + "/") and one[len(name) + 1 :] not in seen[name]]
    if arguments.table:
        table.write(TABLE, table.TESTS, table.tests_part(seen, by_hand))
    say(f"{len(unseen)} tests were never seen to fail: {', '.join(unseen) or 'none'}")
    if gone:
        say(f"by_hand.json speaks of tests that are not there: {', '.join(gone)}")
    return not unseen and not gone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", choices=("list", "fast", "planted", "operators", "judge", "tests"))
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N")
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--every", type=int, default=1, metavar="K")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    try:
        if arguments.form == "list":
            say(f"{len(planted.load(ROOT))} planted bugs, each in its place")
            return 0
        forms = {"fast": run_fast, "planted": run_planted, "operators": run_operators, "judge": run_judge,
                 "tests": run_tests}
        good = forms[arguments.form](arguments)
    except planted.BadList as mistakes:
        say(f"the list of planted bugs is wrong:\n{mistakes}")
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
