"""Hunts planted bugs: builds each into the small explore binary and judges what it finds."""

import concurrent.futures
import os
import subprocess

import builds
import planted

SECONDS_MAX = 120


# Claims about two runs, and the one about the judge: only tried where they are asked for.
ON_REQUEST = ("W1", "F9", planted.JUDGE)


def said_by(program, first, last, words=()):
    """(check, seed, reason) of the first violation. check is '' when there is none; 'stopped' when the program ended
    otherwise than by telling."""
    try:
        done = subprocess.run([program, str(first), str(last), *words], capture_output=True, text=True, check=False,
                              timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return "stopped", 0, f"it ran for more than {SECONDS_MAX} s"
    if done.returncode == 0 and done.stdout == "clean\n":
        return "", last, ""
    if done.returncode == 10:
        seed, check, reason = done.stdout.rstrip("\n").split("\t", 2)
        return check, int(seed), reason
    words = (done.stderr or done.stdout).strip().split("\n")[0]
    return "stopped", 0, f"exit code {done.returncode}: {words}"


def judge(mutant, check, seed, reason, last):
    """What became of a mutant: {..., result, check, seed, reason}; result is 'killed' or says why it is none."""
    if check in mutant["killed_by"]:
        result = "killed"
    elif check == "":
        result = f"survived {last} seeds"
    elif check == "stopped":
        result = "stopped"
    else:
        result = "killed by another check"
    return {**mutant, "result": result, "check": check, "seed": seed, "reason": reason}


def hunt_one(build, scratch, mutant, last, off=()):
    """Builds and hunts one, with the checks of `off` switched off."""
    place = os.path.join(scratch, mutant["id"])
    try:
        program = build.make(place, {mutant["file"]: planted.mutated(build.root, mutant)})
    except builds.DoesNotCompile as error:
        return {**mutant, "result": "does not compile", "check": "", "seed": 0, "reason": str(error)}
    words = ["-" + check for check in off]
    words += ["+" + check for check in mutant["killed_by"] if check in ON_REQUEST and check not in off]
    outcome = judge(mutant, *said_by(program, 1, last, words), last)
    os.remove(program)
    return outcome


def hunt_all(build, scratch, mutants, last, jobs, told):
    """The outcome of each, in order."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(hunt_one, build, scratch, one, last, one.get("without", ())) for one in mutants]
        outcomes = []
        for one in running:
            outcomes.append(one.result())
            told(outcomes[-1])
        return outcomes
