# SPDX-License-Identifier: MIT
"""Scenarios as the host sees them: a file's name and its header.

Header lines are comments: first the summary, then "# key: value" lines.
    needs: media to prepare (kernel pci cd disk memtest); kernel unless said
    limit: seconds for the whole scenario, about five times what is seen
    dm:    device models it makes sense for (stock mini unless said)
    xen:   Xens it runs on (stock patched), the first unless one is asked for
    list:  normal (run when none is named, unless said otherwise) or extra
    alone: yes if what it measures wants the machine for itself (no unless said)
"""

import glob
import os
import re

from . import LabError

DEFAULTS = {"needs": "kernel", "limit": "600", "dm": "stock mini",
            "xen": "stock patched", "list": "normal", "alone": "no"}


class Scenario:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-len(".sh")]
        self.summary = ""
        fields = dict(DEFAULTS)
        with open(path, encoding="utf-8") as f:
            for line in f:
                if not line.startswith("#"):
                    break
                self._header(path, line[1:].strip(), fields)
        self.needs = fields["needs"].split()
        self.limit = int(fields["limit"])
        self.dms = fields["dm"].split()
        self.xens = fields["xen"].split()
        self.normal = fields["list"] == "normal"
        self.alone = fields["alone"] == "yes"

    def _header(self, path, text, fields):
        found = re.fullmatch(r"(\w+): *(.*)", text)
        if found and found[1] in fields:
            fields[found[1]] = found[2]
        elif found or not text:
            raise LabError(f"{path}: unknown header line \"{text}\"")
        elif not self.summary and not text.startswith(("SPDX", "shellcheck")):
            self.summary = text


def load(folder):
    """Every scenario of the folders in it, by name, in the order of the names."""
    found = {}
    for path in glob.glob(os.path.join(folder, "*", "*.sh")):
        s = Scenario(path)
        if s.name in found:
            raise LabError(f"{path}: there is another \"{s.name}\"")
        found[s.name] = s
    return dict(sorted(found.items()))


def select(known, names, dm, xen):
    """The scenarios to run: those named, or the normal ones for DM; with the
    Xen that each is to have, XEN if not None. Few boots: one Xen at a time."""
    for name in names:
        if name not in known:
            raise LabError(f"no scenario \"{name}\"; there are "
                           f"{' '.join(known)}")
        if dm not in known[name].dms:
            raise LabError(f"scenario {name} is not for --dm {dm}")
        if xen and xen not in known[name].xens:
            raise LabError(f"scenario {name} is not for --xen {xen}")
    chosen = [known[n] for n in names] or [
        s for s in known.values()
        if s.normal and dm in s.dms and (not xen or xen in s.xens)]
    pairs = [(s, xen or s.xens[0]) for s in chosen]
    return sorted(pairs, key=lambda p: p[1] != "stock")
