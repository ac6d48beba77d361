"""What README.md and docs/ show is what happens: the output is the program's, the scenario passes, the C++ compiles, the
workflow's scenarios run. README.md has at most 120 lines, and every link between the pages has a target.

    readme_test.py ROOT COMPILER WINDTUNNEL
    readme_test.py --self-test COMPILER WINDTUNNEL    each of its checks finds a README that is wrong
"""

import functools
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from documentation import pages_of, text_of

README_LINES_MAX = 120
PROGRAM = """#include "monitor/realtime/llm_monitor.h"
using namespace windtunnel::monitor;
void usage() {
%s
}
"""


def fenced(readme, language):
    """The code blocks of a language."""
    return re.findall(r"^```%s\n(.*?)^```$" % language, readme, re.M | re.S)


def indented_after(readme, line):
    """The indented block that follows a line."""
    block = []
    for text in readme.split(line + "\n", 1)[-1].split("\n")[1:]:
        if text.startswith("    "):
            block.append(text[4:])
        elif text == "":
            block.append("")
        else:
            break
    return "\n".join(block).rstrip("\n") + "\n"


def is_shown(out, block):
    """Whether the block is the output. A first and a last line "..." stand for what is left out before and behind."""
    begins_later, ends_earlier = block.startswith("...\n"), block.endswith("\n...\n")
    inner = block[4 if begins_later else 0:-4 if ends_earlier else None]
    return inner in out and (begins_later or out.startswith(inner)) and (ends_earlier or out.endswith(inner))


@functools.cache
def said(root, *command):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def workflow_findings(readme, windtunnel):
    """The workflow's own steps, in a repository that holds the README's scenarios."""
    steps = [line for text in fenced(readme, "yaml") for line in re.findall(r"^ *- run: (windtunnel .*)$", text, re.M)]
    shown = re.findall(r"report_paths: ([^}\s]+)", readme)
    if not steps or not shown:
        return ["it shows no workflow"]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("scenarios", "bin"):
            os.mkdir(os.path.join(folder, name))
        for place, text in enumerate(fenced(readme, "json")):
            with open(os.path.join(folder, "scenarios", f"{place}.json"), "w", encoding="utf-8") as file:
                file.write(text)
        os.symlink(windtunnel, os.path.join(folder, "bin", "windtunnel"))
        environment = dict(os.environ, PATH=os.path.join(folder, "bin") + os.pathsep + os.environ["PATH"])
        for step in steps:
            run = subprocess.run(["sh", "-ec", step], cwd=folder, env=environment, capture_output=True, text=True,
                                 stdin=subprocess.DEVNULL, check=False)
            if run.returncode != 0:
                return [f"its workflow's step ends with {run.returncode}: {step}\n{run.stdout}{run.stderr}"]
        return [f"its workflow shows {path}, which is not written" for path in shown
                if not os.path.isfile(os.path.join(folder, path))]


@functools.cache
def scenario_finding(root, text, windtunnel):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "outage.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        code, out, err = said(root, windtunnel, "run", path)
    return f"its scenario ends with {code}:\n{out}{err}" if code != 0 else None


@functools.cache
def program_finding(root, text, compiler):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "usage.cc")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PROGRAM % text)
        code, _, err = said(root, compiler, "-std=c++20", "-fsyntax-only", "-I", root, path)
    return f"its program does not compile:\n{err}" if code != 0 else None


def table_after(text, line):
    """The Markdown table that follows a line."""
    rows = []
    for row in text.split(line + "\n", 1)[-1].split("\n"):
        if row.startswith("|"):
            rows.append(row)
        elif rows:
            break
    return rows


def comparison_findings(root, readme, windtunnel):
    """The table under a comparison is the one that it prints."""
    shown = [line for line in readme.split("\n") if re.fullmatch(r"`windtunnel compare [^`]*`:", line)]
    if not shown:
        return ["it shows no comparison"]
    found = []
    for line in shown:
        _, out, err = said(root, windtunnel, *line[1:-2].split()[1:])
        if table_after(readme, line) != table_after(out, out.split("\n", 1)[0]):
            found.append(f"{line[1:-2]} prints another table:\n{out}{err}")
    return found


def page_findings(pages):
    """README.md is short, and its links and those of docs/ lead somewhere."""
    found = []
    for path, text in pages.items():
        lines = text.count("\n")
        if os.path.basename(path) == "README.md" and lines > README_LINES_MAX:
            found.append(f"README.md has {lines} lines, {README_LINES_MAX} at most")
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            if not os.path.exists(os.path.join(os.path.dirname(path), link)):
                found.append(f"{os.path.basename(path)} links to {link}, which does not exist")
    return found


def findings(root, readme, compiler, windtunnel):
    found = comparison_findings(root, readme, windtunnel)
    shown = [line for line in readme.split("\n")
             if re.fullmatch(r"`windtunnel (run|verify|explain|validate|serve) [^`]*`:", line)]
    for verb in ("run", "explain", "validate"):
        if not any(line.startswith(f"`windtunnel {verb} ") for line in shown):
            found.append(f"it shows no output of {verb}")
    for line in shown:
        _, out, err = said(root, windtunnel, *line[1:-2].split()[1:])
        if not is_shown(out, indented_after(readme, line)):
            found.append(f"{line[1:-2]} prints something else:\n{out}{err}")
    scenarios = fenced(readme, "json")
    if not scenarios:
        found.append("it shows no scenario")
    found += filter(None, (scenario_finding(root, text, windtunnel) for text in scenarios))
    programs = fenced(readme, "cpp")
    if not programs:
        found.append("it shows no program")
    found += filter(None, (program_finding(root, text, compiler) for text in programs))
    return found or workflow_findings(readme, windtunnel)


def self_test(root, readme, compiler, windtunnel):
    planted = [
        ("prints something else", readme.replace("Total Requests: 9", "Total Requests: 8")),
        ("ends with", readme.replace('"executor": "constant-arrival-rate", "arrival"', '"exekutor": "x", "arrival"')),
        ("ends with", readme.replace("rate<0.01", "rate<0.0")),
        ("does not compile", readme.replace(".log_file =", ".logfile =")),
        ("shows no output of run", readme.replace("`windtunnel run scenarios", "`windtunnel rum scenarios")),
        ("explain monitor.circuit_breaker.open prints something else",
         readme.replace("How long it stays open before", "How long it stays closed before")),
        ("requests_per_minute=6000 prints something else", readme.replace("// default\n    ...", "// preset\n    ...")),
        ("shows no comparison", readme.replace("`windtunnel compare scenarios", "`windtunnel compar scenarios")),
        ("prints another table", readme.replace("| preset=polly |", "| preset=poly |", 1)),
        ("shows no workflow", readme.replace("- run: windtunnel run", "- run: windtunel run")),
        ("workflow's step ends with 2", readme.replace("--junit out/junit.xml", "--junitt out/junit.xml")),
        ("workflow shows", readme.replace("report_paths: out/junit.xml", "report_paths: out/units.xml")),
        ("shows no scenario", readme.replace("```json", "```")),
        ("shows no program", readme.replace("```cpp", "```")),
    ]
    failures = 0
    pages = pages_of(root)
    start = os.path.join(root, "README.md")
    for expected, text in (("at most", pages[start] + "\n" * README_LINES_MAX),
                           ("does not exist", pages[start].replace("(docs/ci.md)", "(docs/ic.md)"))):
        found = page_findings({**pages, start: text})
        if len(found) != 1 or expected not in found[0]:
            failures += 1
            print(f"not found as planted: {expected}: {found}")
    for expected, text in planted:
        found = findings(root, text, compiler, windtunnel)
        if text == readme or len(found) != 1 or expected not in found[0]:
            failures += 1
            print(f"not found as planted: {expected}: {found}")
    print(f"self-test: {len(planted) + 2} planted errors, {failures} failures")
    return failures


def main():
    testing = sys.argv[1] == "--self-test"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) if testing else sys.argv[1]
    compiler, windtunnel = sys.argv[2], os.path.abspath(sys.argv[3])
    readme = text_of(root)
    if testing:
        return 1 if self_test(root, readme, compiler, windtunnel) else 0
    found = page_findings(pages_of(root)) + findings(root, readme, compiler, windtunnel)
    for one in found:
        print("README.md and docs/: " + one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
