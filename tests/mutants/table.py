"""TABLE.md: what became of every mutant, for people."""

import collections
import json
import os
import re
import statistics

PLANTED = ("<!-- planted -->", "<!-- /planted -->")
OPERATORS = ("<!-- operators -->", "<!-- /operators -->")
JUDGE = ("<!-- judge -->", "<!-- /judge -->")
TESTS = ("<!-- tests -->", "<!-- /tests -->")
HEAD = """# Mutants

Written by `script/mutants planted --table`, `operators --table`, `judge --table` and `tests --table`; see README.md beside it.

"""


def cell(text):
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


def code(text):
    return "`" + re.sub(r"\s+", " ", text).replace("|", "\\|").replace("`", "'") + "`"


def planted_part(outcomes, seeds):
    killed = [one for one in outcomes if one["result"] == "killed"]
    checks = {check for one in killed for check in [one["check"]]}
    median = statistics.median(one["seed"] for one in killed)
    lines = [
        "## Planted bugs",
        "",
        f"{len(outcomes)} bugs, {len(killed)} killed by the check that is meant to, {len(outcomes) - len(killed)} "
        f"survivors; {len(checks)} checks are the killer of at least one. Median seeds to kill: {median:g}; most: "
        f"{max(one['seed'] for one in killed)}. The real build is clean on seeds 1 to {seeds}.",
        "",
        "| mutant | file | the bug, and where it was seen | check | seeds to kill |",
        "|---|---|---|---|---|",
    ]
    for one in outcomes:
        result = one["check"] if one["result"] == "killed" else f"**{one['result']}**"
        lines.append(f"| {one['id']} | {one['file']} | {cell(one['note'])} | {result} | {one['seed']} |")
    return "\n".join(lines) + "\n"


class Argued:
    """Why a survivor is none of a test's affair, by the words of its line."""

    def __init__(self, root):
        with open(os.path.join(root, "tests/mutants/survivors.json"), encoding="utf-8") as file:
            self.arguments = {tuple(one[key] for key in ("file", "line", "operator", "after")): one["why"]
                              for one in json.load(file)}

    def why(self, key):
        return self.arguments.get(key)


def key_of(site, source):
    """What names a site as long as its line stays as it is."""
    begin = source.rfind("\n", 0, site.begin) + 1
    end = source.find("\n", site.begin)
    return site.file, source[begin:end].strip(), site.operator, site.describe(source)[1]


def mutants_part(title, results, source_of, argued, share):
    by_operator = collections.Counter(site.operator for site, _, _ in results)
    alive = [(site, how) for site, how, _ in results if how is None]
    alive_by = collections.Counter(site.operator for site, _ in alive)
    by_whom = collections.Counter((how or "").split(" ")[0] for _, how, _ in results if how)
    killed = len(results) - len(alive)
    lines = [
        f"## {title}",
        "",
        f"{len(results)} mutants ({share}), {killed} killed: {100 * killed / len(results):.1f} %. "
        f"Killed by: {', '.join(f'{who} {count}' for who, count in by_whom.most_common())}.",
        "",
        "| operator | mutants | killed |",
        "|---|---|---|",
    ]
    for operator, count in sorted(by_operator.items()):
        lines.append(f"| {operator} | {count} | {count - alive_by[operator]} |")
    lines += ["", "| survivor | line | mutated to | why it survives |", "|---|---|---|---|"]
    for site, _ in alive:
        key = key_of(site, source_of(site.file))
        why = argued.why(key) or "**not argued**"
        lines.append(f"| {site.file}, {site.operator} | {code(key[1])} | {code(key[3])} | {cell(why)} |")
    return lines


def operators_part(results, source_of, argued, share, tests, never_failed):
    lines = mutants_part("Operator mutants of monitor/", results, source_of, argued, share)
    lines += ["", f"Of {tests} tests of monitor/, {tests - len(never_failed)} were seen to fail under some mutant. "
              "The others:", ""]
    lines += [f"- {name}" for name in sorted(never_failed)]
    return "\n".join(lines) + "\n"


def judge_part(results, source_of, argued, share):
    title = "Operator mutants of the judge, of thresholds and of coverage"
    return "\n".join(mutants_part(title, results, source_of, argued, share)) + "\n"


def tests_part(seen, by_hand):
    """seen: {folder: {test: mutant or None}}; by_hand: {folder/test: what was broken}."""
    lines = [
        "## Each test was seen to fail",
        "",
        "Under an operator mutant of its folder, by an assertion of its own.",
        "",
        "| folder | tests | seen to fail under a mutant | others |",
        "|---|---|---|---|",
    ]
    others = []
    for folder, tests in seen.items():
        never = [f"{folder}/{name}" for name, mutant in tests.items() if mutant is None]
        lines.append(f"| tests/{folder} | {len(tests)} | {len(tests) - len(never)} | {len(never)} |")
        others += sorted(never)
    lines += ["", "The others failed when this was broken by hand:", ""]
    lines += [f"- {name}: {by_hand.get(name, '**nothing yet**')}" for name in others]
    return "\n".join(lines) + "\n"


def write(path, marks, part):
    """Puts a part between its marks; the other parts stay."""
    text = HEAD + "\n".join([*PLANTED, "", *OPERATORS, "", *JUDGE, "", *TESTS, ""])
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
    begin, end = text.index(marks[0]) + len(marks[0]), text.index(marks[1])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text[:begin] + "\n" + part + text[end:])
