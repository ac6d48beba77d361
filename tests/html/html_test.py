"""report.html in a real headless Chromium: nothing is complained of, nothing is asked of a network, every chart is
drawn in under a second and follows one cursor, and every number is the one of summary.json, or of forecast.json.

    html_test.py run|forecast HERE FOLDER WINDTUNNEL ROOT

FOLDER keeps the installed driver of the browser (playwright-core). Ends with 77 (skipped) where Chromium, node or npm
is absent, npm has no way to fetch the driver, or windtunnel was built without the page.
"""

import filecmp
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from npm_packages import install, skip

FILES = ("browser.mjs", "drawings.mjs", "figures.mjs", "reading.mjs", "run_page.mjs", "forecast_page.mjs")
BYTES_MAX = 1_500_000
# One with faults, breakers and a failover; one with a spent budget; 31 days of 10,000 requests, with an experiment; 30
# days with events of a single bucket; one whose labels hardly fit, without a start; one of routes over more models than
# there are colours.
RUNS = {name: ["run", f"scenarios/catalog/{name}.json"] for name in ("openai-outage", "budget-exhaustion", "month")}
RUNS |= {name: ["run", f"tests/html/{name}.json"] for name in ("long", "crowded", "routed")}
# One with all that there is; one with too few replications for most of it, and without a search; one without a budget.
SMALL = ["forecast", "tests/html/forecast.json", "--quiet", "--horizon"]
FORECASTS = {
    "headroom": [*SMALL, "45d", "--replications", "100", "--headroom"],
    "five-months": [*SMALL, "150d", "--replications", "5"],
    "no-budget": [*SMALL, "3d", "--replications", "40", "--set", "monitor.cost_limiter.monthly_usd=null"],
}


def make_page(windtunnel, root, place, command):
    """Writes the reports into the folder, as the command does and as `windtunnel report` does of them."""
    shutil.rmtree(place, ignore_errors=True)
    made = subprocess.run([windtunnel, *command, "--html", "--out", place], cwd=root, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if made.returncode == 2 and "built without the HTML report" in made.stderr:
        skip(made.stderr.strip())
    # A claim that does not hold is shown too.
    if made.returncode not in ((0,) if command[0] == "run" else (0, 12, 13)):
        sys.exit(f"{place}: exit code {made.returncode}\n{made.stdout}{made.stderr}")
    page = os.path.join(place, "report.html")
    again = subprocess.run([windtunnel, "report", place, "--output", page + ".again"], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, check=False)
    if again.returncode != 0 or not filecmp.cmp(page, page + ".again", shallow=False):
        sys.exit(f"{place}: 'windtunnel report' makes another page than '{command[0]} --html'\n{again.stderr}")
    size = os.path.getsize(page)
    print(f"{os.path.basename(place)}: report.html has {size:,} bytes")
    if size > BYTES_MAX:
        sys.exit(f"{place}: that is more than {BYTES_MAX:,}")


def main():
    kind, here, folder, windtunnel, root = sys.argv[1:]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        skip("chromium is not installed")
    install(here, folder, FILES)
    places = []
    for name, command in (RUNS if kind == "run" else FORECASTS).items():
        places.append(os.path.join(folder, "out", name))
        make_page(windtunnel, root, places[-1], command)
    sys.stdout.flush()
    node = subprocess.run(["node", f"{kind}_page.mjs", chromium, *places], cwd=folder, stdin=subprocess.DEVNULL,
                          check=False)
    sys.exit(node.returncode)


if __name__ == "__main__":
    main()
