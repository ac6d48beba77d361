"""The house: folders, the rooms in them, and the arrows between them, read from the includes of the product.

A room is a stem: a header with its .cc. An arrow runs from the folder of a file to the folder of what it includes. The
arrows between folders form no cycle, so that every folder has a level: 0 where it includes no other folder, else one more
than the highest folder that it includes. An arrow that ran up would close a cycle.
"""

import os
import re

PRODUCT = ("base", "monitor", "sim", "scenarios", "reports", "wire", "runs", "cli")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+\.h)[">]', re.MULTILINE)
ROOMS_MAX = 16


def stem_of(path):
    return os.path.splitext(os.path.basename(path))[0]


class House:
    def __init__(self, sources):
        """sources: path from the root -> text without comments, of every C++ file of the product."""
        self.rooms = {}  # folder -> {stem}
        self.arrows = {}  # folder -> {folder: (file, included), the first one found}
        for path in sorted(sources):
            folder = os.path.dirname(path)
            self.rooms.setdefault(folder, set()).add(stem_of(path))
            self.arrows.setdefault(folder, {})
            for included in INCLUDE.findall(sources[path]):
                target = os.path.dirname(included)
                if target != folder and not self._is_above(target, folder):
                    self.arrows[folder].setdefault(target, (path, included))
        self.levels, self.cycles = {}, []
        for folder in sorted(self.arrows):
            self._level(folder, [])

    @staticmethod
    def _is_above(target, folder):
        """An arrow to a higher top folder, which the rule "layer" reports, or to none of the product."""
        top = target.split("/")[0]
        return top not in PRODUCT or PRODUCT.index(top) > PRODUCT.index(folder.split("/")[0])

    def _level(self, folder, way):
        if folder in way:
            cycle = way[way.index(folder):] + [folder]
            if not any(set(cycle) == set(known) for known in self.cycles):
                self.cycles.append(cycle)
            return 0
        if folder not in self.levels:
            below = [self._level(target, way + [folder]) for target in sorted(self.arrows.get(folder, {}))]
            self.levels[folder] = 1 + max(below) if below else 0
        return self.levels[folder]

    def map(self):
        lines = []
        for folder in sorted(self.rooms, key=lambda one: (self.levels[one], one)):
            below = sorted(self.arrows[folder])
            lines.append(f"{self.levels[folder]:2}  {folder}  ({len(self.rooms[folder])} rooms)")
            lines.append(f"      {' '.join(sorted(self.rooms[folder]))}")
            if below:
                lines.append(f"      includes: {' '.join(below)}")
        return "\n".join(lines)


def check_house(sources, findings):
    """Too many rooms in a folder, and cycles of folders."""
    house = House(sources)
    for folder, rooms in house.rooms.items():
        if len(rooms) > ROOMS_MAX:
            findings.add("rooms", folder, 1, f"{len(rooms)} rooms: {' '.join(sorted(rooms))}")
    for cycle in house.cycles:
        for place in range(len(cycle) - 1):
            path, included = house.arrows[cycle[place]][cycle[place + 1]]
            if place == len(cycle) - 2:
                findings.add("cycle", path, 1, f"includes {included}, which closes {' -> '.join(cycle)}")


def check_stems(paths, findings):
    """No stem of a C++ file twice: X.h, X.cc, X_test.cc and X_bench.cc of one idea X count as one place each."""
    places = {}
    for path in paths:
        if path.endswith((".h", ".cc")):
            places.setdefault(stem_of(path), set()).add(os.path.dirname(path))
    for stem, folders in sorted(places.items()):
        if len(folders) > 1:
            findings.add("stem", f"{sorted(folders)[1]}/{stem}", 1, f"{stem} is in {' and in '.join(sorted(folders))}")
