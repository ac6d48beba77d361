"""report.html in a real headless Chromium: nothing is complained of, nothing is asked of a network, every chart is
drawn and follows one cursor, and every number is the one of summary.json.

    html_test.py HERE FOLDER WINDTUNNEL ROOT

FOLDER keeps the installed driver of the browser (playwright-core). Ends with 77 (skipped) where Chromium, node or npm
is absent, npm has no way to fetch the driver, or windtunnel was built without the page.
"""

import filecmp
import os
import shutil
import subprocess
import sys

SKIPPED = 77
FILES = ("package.json", "package-lock.json", ".npmrc", "page.mjs", "figures.mjs")
# One with faults, breakers and a failover; one with a spent budget; the longest, with an experiment.
SCENARIOS = ("openai-outage", "budget-exhaustion", "month")


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def install(here, folder):
    """`npm ci` into the folder, once for each lock file."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    os.makedirs(folder, exist_ok=True)
    for name in FILES:
        shutil.copy(os.path.join(here, name), folder)
    lock = os.path.join(here, "package-lock.json")
    mark = os.path.join(folder, "node_modules", ".installed-lock.json")
    if os.path.exists(mark) and filecmp.cmp(mark, lock, shallow=False):
        return
    npm = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, check=False)
    if npm.returncode != 0:
        skip("npm ci ended with " + str(npm.returncode) + ":\n" + npm.stdout + npm.stderr)
    shutil.copy(lock, mark)


def make_pages(windtunnel, root, folder):
    """Runs each scenario; returns the folders of their reports."""
    places = []
    for name in SCENARIOS:
        place = os.path.join(folder, "out", name)
        shutil.rmtree(place, ignore_errors=True)
        run = subprocess.run([windtunnel, "run", f"scenarios/catalog/{name}.json", "--html", "--out", place], cwd=root,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if run.returncode == 2 and "built without the HTML report" in run.stderr:
            skip(run.stderr.strip())
        if run.returncode != 0:
            sys.exit(f"{name}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
        page = os.path.join(place, "report.html")
        again = subprocess.run([windtunnel, "report", place, "--output", page + ".again"], capture_output=True,
                               text=True, stdin=subprocess.DEVNULL, check=False)
        if again.returncode != 0 or not filecmp.cmp(page, page + ".again", shallow=False):
            sys.exit(f"{name}: 'windtunnel report' makes another page than 'run --html'\n{again.stderr}")
        if os.path.getsize(page) > 1_500_000:
            sys.exit(f"{name}: report.html has {os.path.getsize(page)} bytes")
        places.append(place)
    return places


def main():
    here, folder, windtunnel, root = sys.argv[1:]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        skip("chromium is not installed")
    install(here, folder)
    places = make_pages(windtunnel, root, folder)
    node = subprocess.run(["node", "page.mjs", chromium, *places], cwd=folder, stdin=subprocess.DEVNULL, check=False)
    sys.exit(node.returncode)


if __name__ == "__main__":
    main()
