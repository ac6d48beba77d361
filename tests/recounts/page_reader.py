"""Reads a report's page: what its elements show, found by headings and columns.

The paths that the page writes beside its figures are not read: they are part of what is judged.
"""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser

EMPTY = {"meta", "br", "link", "input", "img", "hr"}


class Node:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children = tag, dict(attributes), parent, []

    def text(self):
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def all(self, tag):
        for child in self.children:
            if isinstance(child, Node):
                if child.tag == tag:
                    yield child
                yield from child.all(tag)

    def first(self, tag):
        return next(self.all(tag))

    def name(self):
        """Of an element outside of tables: what it is called in the list of places."""
        own = self.attributes.get("id") or self.attributes.get("class", "").split(" ")[0]
        return own or (self.parent.tag if self.tag == "p" else self.tag)


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node("root", [], None)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        node = Node(tag, attributes, self.at)
        self.at.children.append(node)
        if tag not in EMPTY:
            self.at = node

    def handle_endtag(self, tag):
        if tag not in EMPTY:
            self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)


def clean(text):
    return re.sub(r"\s+", " ", text).strip()


def rows_of(table):
    heads = [clean(head.text()) for head in table.first("thead").all("th")]
    rows = []
    for row in table.first("tbody").all("tr"):
        cells = [cell for cell in row.children if isinstance(cell, Node)]
        rows.append({head: clean(cell.text()) for head, cell in zip(heads, cells)})
    return rows


def read_page(text):
    body = Reader(text).root.first("body")
    shown = {"tiles": {}, "facts": {}, "panels": {}, "tables": {}, "other": {}}

    def other(node):
        """Text that is in no table, tile or fact, by the element that holds it; of that only what has a digit."""
        for child in node.children:
            if isinstance(child, str):
                if re.search(r"\d", child):
                    shown["other"].setdefault(node.name(), []).append(clean(node.text()))
                    return
            elif child.tag in ("p", "li") and re.search(r"\d", child.text()):
                shown["other"].setdefault(child.name(), []).append(clean(child.text()))
            elif child.tag == "script":
                if child.attributes.get("id") == "run-figures":
                    shown["figures"] = json.loads(child.text(), parse_float=Decimal)
            elif child.tag == "dl":
                part = shown["tiles" if child.attributes["class"] == "tiles" else "facts"]
                for one in child.children:
                    name, *texts = [clean(entry.text()) for entry in one.children if isinstance(entry, Node)]
                    part[name] = " | ".join(texts)
            elif child.tag == "table":
                place = child
                while place.tag not in ("section", "figure"):
                    place = place.parent
                if place.tag == "figure":
                    shown["panels"][place.attributes["id"]] = rows_of(child)
                else:
                    heading = clean(place.first("h2").text())
                    shown["tables"].setdefault(heading, []).append(rows_of(child))
            elif child.tag not in ("style", "h1", "h2", "pre"):
                other(child)

    other(body)
    return shown
