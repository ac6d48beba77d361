"""Reads the source text and fails on what a compiler lets pass: an arrow that points up, and what would make two runs
of the same seed differ.

usage: layering_test.py ROOT          checks the tree
       layering_test.py --map ROOT    prints the house: each folder with its level, its rooms and what it includes
       layering_test.py --self-test   plants one violation of each kind in a small tree and sees that each is found

What each rule forbids stands beside its name in RULES. Comments and string literals are not code: they are removed
before the words are looked for.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is
from house import House, check_house, check_stems  # beside this file

RULES = {
    "layer": "a folder includes its own level and below, never sideways or up",
    "models": "sim/models stays independent: the monitor's requests, events and settings, and itself",
    "kernel": "sim/kernel knows time and chance only: units, check, and itself",
    "own_header": "a .cc includes its own header first",
    "include_form": "an include is spelled from the root, as a literal",
    "pragma_once": "a header begins with #pragma once",
    "monitor_libraries": "base/ and monitor/ use the standard library and fmt only",
    "json": "JSON appears only in .cc files of scenarios/, reports/ and wire/",
    "http": "the HTTP parser is included by wire/http/http_parser.cc alone, because it takes half a minute to compile",
    "cli11": "CLI11 is included under cli/flags/ alone",
    "clock": "no wall or real clock in base/, monitor/ and sim/ (but the real-time facade, monitor/realtime/)",
    "environment": "no environment and no thread identity in base/, monitor/ and sim/",
    "chance": "no chance but our own in base/, monitor/ and sim/",
    "transcendental": "no transcendental function of the C library in base/, monitor/ and sim/",
    "throw": "base/, monitor/ and sim/ throw nothing of their own (but what a failed check throws, base/check.cc)",
    "unordered": "no unordered container in base/, monitor/ and sim/",
    "build_date": "no build date in base/, monitor/ and sim/",
    "shared_ptr": "no shared ownership",
    "using_namespace": "no 'using namespace' in a header",
    "length": "a file holds one idea: at most 450 lines, and past 400 a C++ file says at its top why it is long",
    "small_cli": "cli/ holds flags, words and exit codes: less than 2,500 lines of C++",
    "rooms": "a folder of the product has at most 16 rooms (a room is a stem: its .h and .cc)",
    "cycle": "the folders of the product include each other in one direction",
    "stem": "no stem of a C++ file occurs twice in the tree",
    "product_test": "only a test's file ends in _test",
    "turns": "plain English: no 'nobody', 'whoever', 'anew' or 'told of'",
    "text": "no path of one machine and no word of a workplace in anything we ship",
}

LAYERS = {
    "base": {"base"},
    "monitor": {"base", "monitor"},
    "sim": {"base", "monitor", "sim"},
    "scenarios": {"base", "monitor", "sim", "scenarios"},
    "reports": {"base", "monitor", "sim", "reports"},
    "wire": {"base", "monitor", "sim", "wire"},
    "runs": {"base", "monitor", "sim", "scenarios", "reports", "wire", "runs"},
    "cli": {"base", "monitor", "sim", "scenarios", "reports", "wire", "runs", "cli"},
}
# The folders that a run's decisions depend on.
PURE = ("base", "monitor", "sim")
KERNEL_MAY = {"base/units.h", "base/check.h"}
MODELS_MAY = KERNEL_MAY | {"base/calendar.h", "base/uuid.h"} | {
    f"monitor/{name}.h"
    for name in ("request", "record", "pipeline_events", "breaker/breaker_config", "limits/caller", "limits/limit")
}
LINES_MAX = 450
LINES_WITHOUT_A_REASON = 400
CLI_LINES = 2500
REASON = "This file is long because"
CODE_FOLDERS = set(LAYERS) | {"tests", "bench", "script", ".ci"}
CODE_SUFFIXES = {".h", ".cc", ".py", ".sh", ".js", ".ts", ""}

# The folders whose texts are held to plain English.
PLAIN_FOLDERS = set(LAYERS) | {"README.md", "docs", "tests", "bench", "examples", "script"}
PLAIN_SUFFIXES = (".h", ".cc", ".py", ".md", ".json", ".txt")
BANNED_TURNS = re.compile(r"\b(?:no" + r"body|who" + r"ever|an" + r"ew|told" + r" of)\b", re.IGNORECASE)

# Put together here so that this file does not hold what it forbids.
FORBIDDEN_TEXT = [
    re.compile(r"(?<![\w.\-])/(?:work|root)" + "/"),
    re.compile("shared" + "/DESIGN"),
    re.compile(r"\bissue" + r" #", re.IGNORECASE),
]

COMMENT_OR_STRING = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL | re.VERBOSE,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include\b[ \t]*(?:(?P<open>[<"])(?P<path>[^>"\n]+)[>"])?', re.MULTILINE)

TRANSCENDENTAL = (
    r"(?:a?(?:cos|sin|tan)h?|atan2|sincos|exp(?:2|10|m1)?|log(?:2|10|1p)?|pow|cbrt|hypot|erfc?|[tl]gamma|beta"
    r"|cyl_\w+|sph_\w+|riemann_zeta|expint)"
)
# What sim/kernel/real_math.h defines, so that the plain name is ours in any file of sim/ that includes it.
OWN_MATH = {"log", "exp", "pow"}
OWN_MATH_HEADER = "sim/kernel/real_math.h"
LIBRARY_MATH = re.compile(
    rf"(?<![\w:])(?:std\s*::\s*|__builtin_){TRANSCENDENTAL}[fl]?\b|(?<![\w:])::\s*{TRANSCENDENTAL}[fl]?\s*\("
)
PLAIN_MATH = re.compile(rf"(?<![\w.:>])(?P<name>{TRANSCENDENTAL}[fl]?)\s*\(")

# Rule, pattern over the code of base/, monitor/ and sim/.
DETERMINISM = [
    ("clock", re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock|file_clock)\b"
                         r"|\b(?:gettimeofday|clock_gettime)\b|\bstd\s*::\s*(?:time|clock)\s*\(")),
    ("environment", re.compile(r"\b(?:secure_)?getenv\b|\bget_id\s*\(")),
    ("chance", re.compile(r"(?<![\w.>:])(?:std\s*::\s*|::\s*)?(?:s?rand|rand_r|[dlm]rand48)\s*\(|\brandom_device\b"
                          r"|\bstd\s*::\s*\w+_distribution\b|\bmt19937(?:_64)?\b")),
    ("throw", re.compile(r"\bthrow\b")),
    ("unordered", re.compile(r"\bunordered_(?:multi)?(?:map|set)\b")),
    ("build_date", re.compile(r"\b__(?:DATE|TIME|TIMESTAMP)__\b")),
]
SHARED_PTR = re.compile(r"\b(?:shared_ptr|make_shared|enable_shared_from_this)\b")
USING_NAMESPACE = re.compile(r"\busing\s+namespace\b")


class Findings(list):
    def add(self, rule, path, line, what):
        assert rule in RULES, rule
        self.append((rule, path, line, what))


def blank(text):
    """The same number of lines, with nothing on them."""
    return " " + "\n" * text.count("\n")


def without_comments(text):
    return COMMENT_OR_STRING.sub(lambda m: blank(m.group()) if m.group("comment") else m.group(), text)


def without_strings(text):
    return COMMENT_OR_STRING.sub(lambda m: '""' + blank(m.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def files_of(root):
    """Every file that git tracks or would track, from the root; without git, every file outside the build folders."""
    def git(*arguments):
        result = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)
        return result.stdout if result.returncode == 0 else ""

    try:
        top = git("rev-parse", "--show-toplevel").strip()
    except OSError:
        top = ""
    if top and os.path.realpath(top) == os.path.realpath(root):
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        return sorted({path for path in listed if path and os.path.isfile(os.path.join(root, path))})
    found = []
    for folder, folders, names in os.walk(root):
        if folder == root:
            folders[:] = [name for name in folders if not name.startswith("build") and name not in (".git", "out")]
        folders[:] = [name for name in folders if name != "node_modules"]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def check_text(path, text, findings):
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern in FORBIDDEN_TEXT:
            if pattern.search(line):
                findings.add("text", path, number, line.strip()[:100])


def check_length(path, text, findings):
    folder, suffix = path.split("/")[0], os.path.splitext(path)[1]
    lines = text.splitlines()
    if folder not in CODE_FOLDERS or suffix not in CODE_SUFFIXES:
        return
    if len(lines) > LINES_MAX:
        findings.add("length", path, len(lines), f"{len(lines)} lines")
    elif len(lines) > LINES_WITHOUT_A_REASON and suffix in (".h", ".cc") and REASON not in "\n".join(lines[:40]):
        findings.add("length", path, len(lines), f"{len(lines)} lines, and no '{REASON} ...' at the top")


def check_turns(path, text, findings):
    if path.split("/")[0] not in PLAIN_FOLDERS or not path.endswith(PLAIN_SUFFIXES):
        return
    if path.startswith("tests/layering/"):  # the rules' own words
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for match in BANNED_TURNS.finditer(line):
            findings.add("turns", path, number, match.group())


def check_names(path, findings):
    if path.split("/")[0] in LAYERS and path.endswith(("_test.h", "_test.cc")):
        findings.add("product_test", path, 1, "a product file with a test's name")


def check_project_include(path, line, included, findings):
    folder, target = path.split("/")[0], included.split("/")[0]
    if target not in LAYERS[folder]:
        findings.add("layer", path, line, f"{folder}/ includes {included}")
    elif path.startswith("sim/models/") and not included.startswith("sim/models/") and included not in MODELS_MAY:
        findings.add("models", path, line, f"includes {included}")
    elif path.startswith("sim/kernel/") and not included.startswith("sim/kernel/") and included not in KERNEL_MAY:
        findings.add("kernel", path, line, f"includes {included}")


def check_library_include(path, line, included, findings):
    folder = path.split("/")[0]
    if included.startswith(("nlohmann/", "simdjson")):
        if folder not in ("scenarios", "reports", "wire") or not path.endswith(".cc"):
            findings.add("json", path, line, f"includes {included}")
    elif included.startswith("boost/") and "math" not in included and path != "wire/http/http_parser.cc":
        findings.add("http", path, line, f"includes {included}")
    elif folder in ("base", "monitor") and ("/" in included or included.endswith(".h")) and not included.startswith("fmt/"):
        findings.add("monitor_libraries", path, line, f"includes {included}")
    if folder in PURE and included == "random":
        findings.add("chance", path, line, "includes <random>")
    if folder in PURE and included.startswith("unordered_"):
        findings.add("unordered", path, line, f"includes <{included}>")


def check_includes(path, text, files, findings):
    """Returns the includes, in order."""
    includes = []
    for match in INCLUDE.finditer(text):
        line, included = line_of(text, match.start()), match.group("path")
        if included is None:
            findings.add("include_form", path, line, "an include that a reader cannot see")
            continue
        includes.append(included)
        if included.split("/")[0] in LAYERS and "/" in included:
            check_project_include(path, line, included, findings)
        elif match.group("open") == '"':
            findings.add("include_form", path, line, f'"{included}" is not spelled from the root')
        else:
            check_library_include(path, line, included, findings)
    own = path[: -len(".cc")] + ".h" if path.endswith(".cc") else None
    if own in files and (not includes or includes[0] != own):
        findings.add("own_header", path, 1, f"{own} is not the first include")
    return includes


def check_math(path, code, includes, findings):
    for match in LIBRARY_MATH.finditer(code):
        findings.add("transcendental", path, line_of(code, match.start()), match.group().strip())
    is_own = path.startswith("sim/") and (OWN_MATH_HEADER in includes or path == OWN_MATH_HEADER)
    for match in PLAIN_MATH.finditer(code):
        if not (is_own and match.group("name") in OWN_MATH):
            line = line_of(code, match.start())
            findings.add("transcendental", path, line, f"{match.group('name')}( of the C library?")


def check_code(path, text, files, findings):
    readable = without_comments(text)
    code = without_strings(readable)
    folder = path.split("/")[0]
    includes = check_includes(path, readable, files, findings)

    def forbid(rule, pattern):
        for match in pattern.finditer(code):
            findings.add(rule, path, line_of(code, match.start()), match.group())

    if folder in PURE:
        for rule, pattern in DETERMINISM:
            reads_clocks = rule == "clock" and path.startswith("monitor/realtime/")
            is_allowed = reads_clocks or (rule == "throw" and path == "base/check.cc")
            if not is_allowed:
                forbid(rule, pattern)
        check_math(path, code, includes, findings)
    forbid("shared_ptr", SHARED_PTR)
    if path.endswith(".h"):
        forbid("using_namespace", USING_NAMESPACE)
        if not readable.lstrip().startswith("#pragma once"):
            findings.add("pragma_once", path, 1, "the first line of code is another")
    return includes


def check_tree(root):
    findings = Findings()
    files = files_of(root)
    known = set(files)
    cli11, product = [], {}
    for path in files:
        with open(os.path.join(root, path), "rb") as file:
            raw = file.read()
        if b"\0" in raw:
            continue
        text = raw.decode("utf-8", errors="replace")
        check_text(path, text, findings)
        check_length(path, text, findings)
        check_turns(path, text, findings)
        check_names(path, findings)
        if path.split("/")[0] in LAYERS and path.endswith((".h", ".cc")):
            includes = check_code(path, text, known, findings)
            product[path] = without_comments(text)
            cli11 += [path for included in includes if included.startswith("CLI/")]
    check_house(product, findings)
    cli_lines = sum(len(text.splitlines()) for path, text in product.items() if path.startswith("cli/"))
    if cli_lines >= CLI_LINES:
        findings.add("small_cli", "cli", 1, f"{cli_lines} lines")
    check_stems(files, findings)
    for path in cli11:
        if not path.startswith("cli/flags/"):
            findings.add("cli11", path, 1, "this file includes it")
    if not cli11 and any(path.startswith("cli/") and path.endswith(".cc") for path in files):
        findings.add("cli11", "cli", 1, "no file includes it")
    sources = sum(path.split("/")[0] in LAYERS and path.endswith((".h", ".cc")) for path in files)
    return findings, len(files), sources


def self_test():
    from planted_violations import CLEAN, PLANTED  # beside this file

    def findings_in(tree):
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return check_tree(root)[0]

    failures = [f"the clean tree has {finding}" for finding in findings_in(CLEAN)]
    for rule, path, text in PLANTED:
        rules = {finding[0] for finding in findings_in({**CLEAN, path: text})}
        if rules != {rule}:
            failures.append(f"{rule}: planted in {path}, found {sorted(rules) or 'nothing'}: {text!r:.120}")
    failures += [f"{rule}: no violation of it is planted" for rule in RULES if rule not in {p[0] for p in PLANTED}]
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(PLANTED)} planted violations of {len(RULES)} rules, {len(failures)} failures")
    return 1 if failures else 0


def print_map(root):
    sources = {}
    for path in files_of(root):
        if path.split("/")[0] in LAYERS and path.endswith((".h", ".cc")):
            with open(os.path.join(root, path), encoding="utf-8") as file:
                sources[path] = without_comments(file.read())
    print(House(sources).map())
    return 0


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--map":
        return print_map(sys.argv[2])
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    findings, files, sources = check_tree(sys.argv[1])
    for rule, path, line, what in findings:
        print(f"{path}:{line}: {rule}: {what}")
    for rule in sorted({finding[0] for finding in findings}):
        print(f"rule {rule}: {RULES[rule]}")
    print(f"{files} files, {sources} of them sources: {len(findings)} findings")
    if sources == 0:
        print("no source was found: is the root right?")
        return 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
