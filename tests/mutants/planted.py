"""The planted bugs: one-place edits of production source, each of which re-introduces a bug that was seen in the field.

planted/FAMILY.json lists {id, file, find, replace, killed_by, note}. `find` occurs exactly once in the file. A mutant is
killed when the first violation that the hunt reports is one of `killed_by`, and by nothing else. `without` (optional)
lists checks that are off meanwhile, because they would tell before the one that is to be seen. J is no invariant: it says
that the judge agrees with the model of tests/sim/checks/claims.
"""

import glob
import json
import os
import re

JUDGE = "J"
KEYS = {"id", "file", "find", "replace", "killed_by", "note"}
OPTIONAL = {"family", "without"}


class BadList(Exception):
    pass


def checks_of(root):
    """Every check's name, from the registry."""
    with open(os.path.join(root, "sim/checks/findings/registry.cc"), encoding="utf-8") as file:
        names = re.findall(r'\{CheckId::(\w+), "(\w+)"', file.read())
    return [name for _, name in names]


def load(root):
    """All mutants in order of family and list, each with its family; raises BadList with every mistake."""
    mutants = []
    for path in sorted(glob.glob(os.path.join(root, "tests/mutants/planted/*.json"))):
        with open(path, encoding="utf-8") as file:
            for one in json.load(file):
                one["family"] = os.path.splitext(os.path.basename(path))[0]
                mutants.append(one)
    mistakes = mistakes_in(root, mutants)
    if mistakes:
        raise BadList("\n".join(mistakes))
    return mutants


def mistakes_in(root, mutants):
    known = checks_of(root)
    mistakes = []
    ids = [one.get("id") for one in mutants]
    for one in mutants:
        name = f"{one['family']}.json: mutant {one.get('id')}"
        if set(one) - OPTIONAL != KEYS:
            mistakes.append(f"{name} has the keys {sorted(set(one) - OPTIONAL)} instead of {sorted(KEYS)}")
            continue
        if ids.count(one["id"]) > 1:
            mistakes.append(f"{name} is there twice")
        named = [*one["killed_by"], *one.get("without", [])]
        unknown = [check for check in named if check not in [*known, JUDGE]]
        if unknown or not one["killed_by"]:
            mistakes.append(f"{name} is killed by {unknown or 'nothing'}")
        try:
            with open(os.path.join(root, one["file"]), encoding="utf-8") as file:
                count = file.read().count(one["find"])
        except OSError as error:
            mistakes.append(f"{name}: {error}")
            continue
        if count != 1:
            mistakes.append(f"{name}: its text occurs {count} times in {one['file']}, not once: {one['find']!r}")
    missing = [check for check in known if not any(check in one.get("killed_by", []) for one in mutants)]
    if missing:
        mistakes.append(f"no mutant is planted for {', '.join(missing)}")
    return mistakes


def mutated(root, mutant):
    """The file's text with the bug in it."""
    with open(os.path.join(root, mutant["file"]), encoding="utf-8") as file:
        return file.read().replace(mutant["find"], mutant["replace"])
