"""The documentation: README.md, then the pages of docs/ in alphabetical order."""

import glob
import os


def pages_of(root):
    """Path of each page -> its text."""
    pages = {}
    for path in [os.path.join(root, "README.md"), *sorted(glob.glob(os.path.join(root, "docs", "*.md")))]:
        with open(path, encoding="utf-8") as file:
            pages[path] = file.read()
    return pages


def text_of(root):
    """All pages as one text."""
    return "\n".join(pages_of(root).values())
