"""Operator mutants: every comparison of a folder flipped at its edge, every number one too large, every condition
negated, every statement dropped, every two arguments of one type swapped.

clang's syntax tree says where they are; all of them are written into one copy of the sources, each behind a switch of
its own (mutation.h), so that one build holds them all. What cannot differ is left out: constant expressions, arguments that commute, and the
statement `check(...)`, which believes what is so in any case (its condition is mutated like every other).
"""

import glob
import json
import os
import re
import subprocess

FLIPS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal"}
WRONG = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
COMPARISONS = {"BinaryOperator", "CXXOperatorCallExpr", "CXXRewrittenBinaryOperator"}
TRANSPARENT = {"ImplicitCastExpr", "ExprWithCleanups", "CXXBindTemporaryExpr", "MaterializeTemporaryExpr",
               "CXXFunctionalCastExpr", "ConstantExpr"}
# Calls whose two values may be swapped.
COMMUTES = re.compile(r"std::(min|max|swap)\b|__builtin_(add|mul)_overflow\b")
STATEMENTS = {"CallExpr", "CXXMemberCallExpr", "CXXOperatorCallExpr", "BinaryOperator", "CompoundAssignOperator",
              "UnaryOperator"}


def syntax_trees(root, compiler, sources, folder):
    """The parts of the folder's namespace that these files hold, headers included."""
    command = [compiler, "-std=c++20", "-I.", "-w", "-fsyntax-only", "-Xclang", "-ast-dump=json", "-Xclang",
               f"-ast-dump-filter=windtunnel::{folder}", "-x", "c++", "-"]
    try:
        text = subprocess.run(command, cwd=root, input="".join(f'#include "{one}"\n' for one in sources),
                              capture_output=True, text=True, check=True).stdout
    except subprocess.CalledProcessError:
        if len(sources) == 1:
            raise
        for one in sources:  # names of several files may collide
            yield from syntax_trees(root, compiler, [one], folder)
        return
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        tree, at = decoder.raw_decode(text, at)
        yield tree
        at = text.find("{", at)


def place_files(tree):
    """clang names a file only when it differs from the one before, in the order of printing: puts it everywhere."""
    file = None
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(reversed(node))
            continue
        if not isinstance(node, dict):
            continue
        if "offset" in node:
            file = node.get("file", file)
            node["file"] = os.path.normpath(file)
            continue
        stack.extend(reversed([value for key, value in node.items() if key not in ("includedFrom", "type")]))


def span(node):
    """(file, begin, end) of a node in the source, or None."""
    begin, end = node.get("range", {}).get("begin", {}), node.get("range", {}).get("end", {})
    if "offset" not in begin or "offset" not in end or begin["file"] != end["file"]:
        return None
    return begin["file"], begin["offset"], end["offset"] + end["tokLen"]


def bare(node):
    while node.get("kind") in TRANSPARENT and len(node.get("inner", [])) == 1:
        node = node["inner"][0]
    return node


def type_of(node):
    kind = node.get("type", {})
    return re.sub(r"\bconst\b\s*|\s*&+$", "", kind.get("desugaredQualType", kind.get("qualType", ""))).strip()


class Site:
    """One place that can be wrong. `parts` are the sub-ranges that its text is made of."""

    def __init__(self, operator, file, begin, end, parts, data=None):
        self.operator, self.file, self.begin, self.end = operator, file, begin, end
        self.parts, self.data, self.number = parts, data, 0

    def text(self, emit, source):
        n = self.number
        inner = [emit(*part) for part in self.parts]
        if self.operator == "flip":
            return f"mutation::{FLIPS[self.data]}<{n}>({inner[0]}, {inner[1]})"
        if self.operator == "negate":
            return f"mutation::negated<{n}>(static_cast<bool>({inner[0]}))"
        if self.operator == "off by one":
            return f"mutation::plus_one<{n}, {self.data}>({inner[0]})"
        if self.operator == "drop":
            return f"{{ if (!mutation::on<{n}>()) {inner[0]}; }}"
        (b, e), (b2, e2) = self.parts
        plain = emit(self.begin, self.end)
        swapped = (emit(self.begin, b) + inner[1] + emit(e, b2) + inner[0] + emit(e2, self.end))
        return f"(mutation::on<{n}>() ? {swapped} : {plain})"

    def describe(self, source):
        """(before, after) in the words of the source."""
        words = [re.sub(r"\s+", " ", source[b:e]) for b, e in self.parts]
        if self.operator == "flip":
            return f"{words[0]} {self.data} {words[1]}", f"{words[0]} {WRONG[self.data]} {words[1]}"
        if self.operator == "negate":
            return words[0], f"!({words[0]})"
        if self.operator == "off by one":
            return words[0], f"{words[0]} + 1"
        if self.operator == "drop":
            return words[0] + ";", ";"
        return f"{words[0]}, {words[1]}", f"{words[1]}, {words[0]}"


class Finder:
    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.sources = {}
        self.sites = {}

    def source(self, file):
        if file not in self.sources:
            with open(os.path.join(self.root, file), encoding="latin-1") as opened:  # offsets count bytes
                self.sources[file] = opened.read()
        return self.sources[file]

    def add(self, operator, place, parts, data=None):
        file, begin, end = place
        if not file.startswith(self.folder + "/"):
            return
        self.sites.setdefault((file, begin, end, operator), Site(operator, file, begin, end, parts, data))

    def look(self, node, in_body=False, cast=None):
        kind = node.get("kind")
        inner = [one for one in node.get("inner", []) if one]
        if kind in ("StaticAssertDecl", "EnumDecl", "CaseStmt", "TypeAliasDecl", "CXXDeductionGuideDecl"):
            # A case's label is a constant; what it leads to is not.
            for one in inner[1:] if kind == "CaseStmt" else []:
                self.statement(one)
                self.look(one, in_body)
            return
        if kind in ("VarDecl", "FieldDecl") and node.get("constexpr"):
            return
        if kind and kind.endswith("Decl") and (node.get("explicitlyDefaulted") or node.get("isImplicit")):
            return
        if kind in ("ClassTemplateDecl", "FunctionTemplateDecl", "ClassTemplateSpecializationDecl"):
            return
        body = in_body or kind == "CompoundStmt"
        if body:
            self.find(kind, node, inner, cast)
        for one in inner:
            next_cast = type_of(node) if kind == "ImplicitCastExpr" and node.get("castKind") == "IntegralCast" else None
            self.look(one, body, next_cast)

    def find(self, kind, node, inner, cast):
        if kind in COMPARISONS:
            self.comparison(node)
        elif kind == "IntegerLiteral":
            self.literal(node, cast)
        elif kind == "IfStmt" and not node.get("hasVar"):
            self.condition(inner[1 if node.get("hasInit") else 0])
            for one in inner[2 if node.get("hasInit") else 1:]:
                self.statement(one)
        elif kind == "IfStmt":
            for one in inner[-2 if node.get("hasElse") else -1:]:
                self.statement(one)
        elif kind == "ConditionalOperator":
            self.condition(inner[0])
        elif kind == "WhileStmt" and not node.get("hasVar"):
            self.condition(inner[0])
            self.statement(inner[-1])
        elif kind in ("ForStmt", "CXXForRangeStmt"):
            self.statement(inner[-1])
        elif kind == "CompoundStmt":
            for one in inner:
                self.statement(one)
        if kind in ("CallExpr", "CXXMemberCallExpr"):
            self.arguments(node, inner)

    def comparison(self, node):
        place = span(node)
        if place is None:
            return
        file, begin, end = place
        parts = operator_at_top(self.source(file)[begin:end])
        if parts is None:
            return
        operator, at = parts
        right = at + len(operator) + 2
        self.add("flip", place, [(begin, begin + at), (begin + right, end)], operator)

    def literal(self, node, cast):
        place = span(node)
        kind = cast or type_of(node)
        # A comparison that is made of another one holds a 0 that is not in the source.
        if place and kind != "bool" and self.source(place[0])[place[1]].isdigit():
            self.add("off by one", place, [place[1:]], kind)

    def condition(self, node):
        place = span(node)
        if place is None:
            return
        text = self.source(place[0])[place[1]:place[2]]
        top = operator_at_top(text)
        if top and top[0] in ("==", "!=") and not re.search(r" (&&|\|\|) ", text):
            return  # flipping it is the same
        self.add("negate", place, [place[1:]])

    def statement(self, node):
        place = span(node)
        if place is None:
            return
        file, begin, end = place
        source = self.source(file)
        text = source[begin:end]
        is_jump = node["kind"] == "ContinueStmt" or (node["kind"] == "ReturnStmt" and text == "return")
        if not is_jump and bare(node).get("kind") not in STATEMENTS:
            return
        if re.match(r"(monitor::)?(check|fail_check|unreachable)\w*\(", text):
            return
        semicolon = re.compile(r"\s*;").match(source, end)
        if semicolon:
            self.add("drop", (file, begin, semicolon.end()), [(begin, end)])

    def arguments(self, node, inner):
        place = span(node)
        given = [one for one in inner[1:] if one["kind"] != "CXXDefaultArgExpr"]
        if place and COMMUTES.match(self.source(place[0]), place[1]):
            return
        for one, other in zip(given, given[1:]):
            a, b = span(one), span(other)
            if place is None or a is None or b is None or not place[0] == a[0] == b[0] or type_of(one) != type_of(other):
                continue
            source = self.source(a[0])
            if source[a[1]:a[2]] == source[b[1]:b[2]] or a[2] > b[1] or not place[1] <= a[1] <= b[2] <= place[2]:
                continue
            self.add("swap", place, [a[1:], b[1:]])
            return


def operator_at_top(text):
    """The one comparison outside all brackets: (operator, offset of the space before it), or None."""
    depth, found, i = 0, [], 0
    while i < len(text):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
        elif text[i] in "\"'" and not (text[i] == "'" and i and text[i - 1].isalnum()):
            i = text.find(text[i], i + 1)
            if i < 0:
                return None
        elif depth == 0:
            match = re.compile(r" (<=|>=|==|!=|<|>) ").match(text, i)
            if match:
                found.append((match.group(1), i))
                i += len(match.group(1))
        i += 1
    if len(found) != 1 or re.search(r"\s(&&|\|\||\?|=)\s", strip_brackets(text)):
        return None
    return found[0]


def strip_brackets(text):
    while True:
        shorter = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", text)
        if shorter == text:
            return text
        text = shorter


def find_sites(root, folder, compiler="clang++-16"):
    """All sites of a folder, numbered from 1, headers first: what changes in a .cc moves no number of what others include."""
    finder = Finder(root, folder)
    sources = sorted(glob.glob(f"{folder}/**/*.cc", root_dir=root, recursive=True))
    for i in range(0, len(sources), 6):
        for tree in syntax_trees(root, compiler, sources[i : i + 6], folder):
            place_files(tree)
            finder.look(tree)
    sites = sorted(finder.sites.values(),
                   key=lambda one: (one.file.endswith(".cc"), one.file, one.begin, one.end, one.operator))
    for number, site in enumerate(sites, 1):
        site.number = number
    return sites, finder.source


ORDER = {"drop": 0, "negate": 1, "swap": 2, "flip": 3, "off by one": 4}


def rewritten(source, sites):
    """A file's text with all of its sites switched."""

    def emit(begin, end, within):
        mine = [one for one in within if begin <= one.begin and one.end <= end]
        mine.sort(key=lambda one: (one.begin, -one.end, ORDER[one.operator]))
        out, at = [], begin
        while mine:
            outer = mine.pop(0)
            inside = [one for one in mine if one.end <= outer.end]
            mine = [one for one in mine if one.begin >= outer.end]
            out.append(source[at:outer.begin])
            out.append(outer.text(lambda b, e, inside=inside: emit(b, e, inside), source))
            at = outer.end
        return "".join(out) + source[at:end]

    return '#include "tests/mutants/mutation.h"\n' + emit(0, len(source), sites)
