"""Builds one program again with one changed source file, everything else as it was built before.

A Build is a configured and built CMake folder without unity files, so that each .cc has an object of its own. The
changed file is compiled by the very command that compiled the original, and linked in front of the libraries, so that
it takes the place of the object that they hold.
"""

import json
import os
import re
import shlex
import shutil
import subprocess


class DoesNotCompile(Exception):
    pass


class Build:
    def __init__(self, root, folder, target):
        self.root = root
        self.folder = folder
        with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
            self.commands = {os.path.relpath(one["file"], root): one["command"] for one in json.load(file)}
        commands = self._said("ninja", "-t", "commands", target).strip().split("\n")[-1]
        self.link_command = next(part for part in commands.split(" && ") if " -o " in part)  # not what follows the link
        self.program = os.path.join(folder, re.search(r" -o (\S+)", self.link_command).group(1))
        self.sources = {self._source_of(line) for line in self._said("ninja", "-t", "commands", target).split("\n")}
        self.sources.discard(None)
        self._includes = None

    def _said(self, *command):
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def _source_of(self, line):
        found = re.search(r" -c (\S+\.cc)\b", line)
        return os.path.relpath(found.group(1), self.root) if found else None

    def dependents(self, header):
        """The .cc files that are compiled again with a changed header: those that include it, however far away.

        What calls a changed inline function of monitor/ lies in monitor/; the others only read states and counters. The
        real-time facade is no part of the hunt."""
        if self._includes is None:
            self._includes = {}
            for block in self._said("ninja", "-t", "deps").split("\n\n"):
                lines = block.strip().split("\n")
                files = [os.path.relpath(line.strip(), self.root) for line in lines[1:] if line.startswith("    ")]
                sources = [file for file in files if file in self.sources]
                for source in sources[:1]:
                    for file in files:
                        self._includes.setdefault(file, set()).add(source)
        all_of_them = sorted(self._includes.get(header, set()))
        if not header.startswith("monitor/"):
            return all_of_them
        return [one for one in all_of_them if one.startswith("monitor/") and "llm_monitor" not in one]

    def make(self, place, changed):
        """Compiles the files of `changed` (path from the root -> text) into a program in the folder `place`.

        Returns the program's path. Raises DoesNotCompile with the compiler's first words."""
        shutil.rmtree(place, ignore_errors=True)
        overlay = os.path.join(place, "tree")
        to_compile = set()
        for path, text in changed.items():
            full = os.path.join(overlay, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
            to_compile.update([path] if path.endswith(".cc") else self.dependents(path))
        objects = [self._compile(place, overlay, source, source in changed) for source in sorted(to_compile)]
        return self._link(place, objects)

    def _compile(self, place, overlay, source, is_changed):
        obj = os.path.join(place, source.replace("/", "-") + ".o")
        words = [word for word in shlex.split(self.commands[source]) if os.path.basename(word) != "ccache"]
        words[words.index("-c") + 1] = os.path.join(overlay if is_changed else self.root, source)
        words[words.index("-o") + 1] = obj
        words[1:1] = ["-I" + overlay, "-w"]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DoesNotCompile(next((l for l in done.stderr.split("\n") if "error:" in l), done.stderr[:200]))
        return obj

    def _link(self, place, objects):
        program = os.path.join(place, "program")
        words = shlex.split(self.link_command)
        at = words.index("-o")
        own = [word for word in words[:at] if word.endswith(".o")]
        kept = [word for word in own if not any(self._is_of(word, obj) for obj in objects)]
        words[:at] = [word for word in words[:at] if word not in own] + objects + kept
        words[words.index("-o") + 1] = program
        if shutil.which("mold"):
            words.insert(1, "-fuse-ld=mold")
        subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=True)
        return program

    def _is_of(self, word, obj):
        """Whether a changed object is made from the same source as one of the program's own."""
        return os.path.basename(obj).endswith("-" + os.path.basename(word))
