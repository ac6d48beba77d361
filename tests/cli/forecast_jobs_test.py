"""The job files of docs/forecast.md do what it says: their own commands, run once for each task with the variable
that Slurm or Kubernetes sets, write parts that merge to the bytes of one process. And a forecast that was killed or
interrupted goes on from what it left, and comes to the same bytes.

    forecast_jobs_test.py WINDTUNNEL PAGE
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

WORLD = {
    "version": 1, "title": "a small month", "seed": 5, "start": "2026-01-01T00:00:00Z", "duration": "5d",
    "monitor": {"cost_limiter": {"monthly_usd": 20}},
    "workload": {"chat": {"executor": "diurnal", "arrival": "poisson", "rate": 40, "time_unit": "1d", "level_cv": 0.2}},
}
REPLICATIONS = "130"
LONGER = ["forecast", "month.json", "--horizon", "30d", "--replications", "2000", "--jobs", "2"]


def need(condition, what):
    if not condition:
        sys.exit(what)


def the_one(pattern, text, what):
    found = re.findall(pattern, text, re.DOTALL)
    need(len(found) == 1, f"the page has {len(found)} of: {what}")
    return found[0]


def said(command, folder, environment, expected=0):
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=240, check=False)
    need(done.returncode == expected,
         f"{command}\nends with {done.returncode}, not {expected}:\n{done.stdout}{done.stderr}")
    return done.stdout


def comparable(text):
    parsed = json.loads(text)
    del parsed["timing"]
    return json.dumps(parsed)


def shell_jobs(readme):
    """The Slurm script, and the numbers of its array's tasks."""
    script = the_one(r"```sh\n(#!/bin/sh\n#SBATCH.*?)```", readme, "a script for Slurm")
    first, last = map(int, the_one(r"#SBATCH --array=(\d+)-(\d+)", script, "an array"))
    return script, range(first, last + 1)


def pod_jobs(readme):
    """The Kubernetes Job's command as a list of words, and the indices of its pods."""
    job = the_one(r"```yaml\n(apiVersion: batch/v1.*?)```", readme, "a Job for Kubernetes")
    need("completionMode: Indexed" in job, "the Job is not Indexed")
    # An expansion in `command` takes a variable that the container itself declares.
    need("- name: JOB_COMPLETION_INDEX" in job, "the container does not declare JOB_COMPLETION_INDEX")
    words = the_one(r"command: \[(.*?)\]", job, "a command")
    return [word.strip().strip('"') for word in words.split(",")], range(int(the_one(r"completions: (\d+)", job, "completions")))


def check_readme(readme, make_folder, environment):
    folder, alone = make_folder("")
    script, tasks = shell_jobs(readme)
    need("100000" in script, "the script's number of replications is not the one that this test shortens")
    with open(os.path.join(folder, "job.sh"), "w", encoding="utf-8") as file:
        file.write(script.replace("100000", REPLICATIONS))
    for task in tasks:
        said(["sh", "job.sh"], folder, dict(environment, SLURM_ARRAY_TASK_ID=str(task)))
    merge = the_one(r"Then `(windtunnel merge [^`]*)`", readme, "the command that merges")
    need(comparable(said(["sh", "-c", merge + " --format json"], folder, environment)) == comparable(alone),
         "the parts of the Slurm array are another forecast")

    folder, alone = make_folder("/")  # the pods see the file by its whole path
    words, pods = pod_jobs(readme)
    for pod in pods:
        command = [word.replace("$(JOB_COMPLETION_INDEX)", str(pod)).replace("/data/", folder + "/").replace(
            "100000", REPLICATIONS) for word in words]
        said(command, folder, environment)
    need(comparable(said(["sh", "-c", merge + " --format json"], folder, environment)) == comparable(alone),
         "the parts of the Indexed Job are another forecast")
    return len(tasks) + len(pods)


def stop_after_a_block(command, folder, environment, partial, how):
    """Starts it, waits for two blocks in its checkpoint, stops it; what is there then."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    path = os.path.join(folder, partial)
    for _ in range(2400):
        if os.path.exists(path) and open(path, "rb").read().count(b"\n") >= 3:
            break
        need(process.poll() is None, f"{command} ended before it could be stopped")
        time.sleep(0.05)
    process.send_signal(how)
    output = process.communicate(timeout=60)[0].decode()
    need(os.path.exists(path), f"{partial} is not kept")
    return process.returncode, output


def check_stops(make_folder, environment):
    folder, _ = make_folder("")
    said(["windtunnel", *LONGER, "--shard", "1/2", "--out", "whole.json"], folder, environment)
    whole = open(os.path.join(folder, "whole.json"), "rb").read()
    alone = said(["windtunnel", *LONGER, "--format", "json"], folder, environment)
    for how, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130), (signal.SIGTERM, 130)):
        part = ["windtunnel", *LONGER, "--shard", "1/2", "--out", "part.json"]
        ended, output = stop_after_a_block(part, folder, environment, "part.json.partial", how)
        need(ended == code, f"{how.name} ends a part with {ended}, not {code}: {output}")
        need(not os.path.exists(os.path.join(folder, "part.json")), "a stopped part looks complete")
        if code == 130:
            need(f"interrupted by {how.name}; the same command goes on from part.json.partial" in output, output)
        said(["windtunnel", "merge", "part.json.partial"], folder, environment, expected=4)
        said(part, folder, environment)
        need(open(os.path.join(folder, "part.json"), "rb").read() == whole, f"after {how.name} it is another part")
        os.remove(os.path.join(folder, "part.json"))

        out = ["windtunnel", *LONGER, "--format", "json", "--out", "out"]
        ended, output = stop_after_a_block(out, folder, environment, "out/part.json.partial", how)
        need(ended == code, f"{how.name} ends a forecast with {ended}, not {code}: {output}")
        names = sorted(os.listdir(os.path.join(folder, "out")))
        kept = ["forecast.csv.partial", "forecast.json.partial", "forecast.txt.partial"] if code == 130 else []
        need(names == kept + ["part.json.partial"], f"{how.name} leaves {names}")
        if code == 130:
            need("interrupted after" in json.loads(output[:output.rindex("}") + 1])["notes"][-1], output)
        need(comparable(said(out, folder, environment)) == comparable(alone), f"after {how.name} it is another forecast")
        names = sorted(os.listdir(os.path.join(folder, "out")))
        need(names == ["forecast.csv", "forecast.json", "forecast.txt"], f"a whole forecast leaves {names}")
        for name in names:
            os.remove(os.path.join(folder, "out", name))


def main():
    windtunnel, readme = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory() as top:
        os.mkdir(os.path.join(top, "bin"))
        os.symlink(windtunnel, os.path.join(top, "bin", "windtunnel"))
        environment = dict(os.environ, PATH=os.path.join(top, "bin") + ":" + os.environ["PATH"])

        def make_folder(root):
            """A folder with the scenario, and its forecast in one process; with a root the file's name is its whole path."""
            folder = tempfile.mkdtemp(dir=top)
            with open(os.path.join(folder, "month.json"), "w", encoding="utf-8") as file:
                json.dump(WORLD, file)
            name = os.path.join(folder, "month.json") if root else "month.json"
            plain = ["windtunnel", "forecast", name, "--replications", REPLICATIONS, "--format", "json"]
            return folder, said(plain, folder, environment)

        with open(readme, encoding="utf-8") as file:
            jobs = check_readme(file.read(), make_folder, environment)
        check_stops(make_folder, environment)
    print(f"{jobs} jobs of the page and 6 stopped forecasts come to the bytes of one process")


main()
