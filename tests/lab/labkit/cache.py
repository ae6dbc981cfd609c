# SPDX-License-Identifier: MIT
"""Files that are made from other files, and made again only when those change.

Owns the folder of made files. Knows nothing of what is in them.
"""

import hashlib
import os
import shutil


def stamp(path):
    """What identifies a file's content without reading it."""
    st = os.stat(path)
    return f"{path} {st.st_size} {st.st_mtime_ns}"


class Cache:
    def __init__(self, folder, on_make=None):
        self.folder = folder
        self.on_make = on_make or (lambda name: None)
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, inputs, recipe):
        """Return the path of NAME, calling recipe(path) if an input changed.

        An input is the path of a file, or any other text the result depends
        on. The recipe's own source must be among them.
        """
        path = self.path(name)
        mark = path + ".inputs"
        want = self._fingerprint(inputs)
        if os.path.exists(path) and self._read(mark) == want:
            return path
        self.on_make(name)
        work = path + ".new"
        if os.path.isdir(work):
            shutil.rmtree(work)
        recipe(work)
        os.replace(work, path)
        with open(mark, "w", encoding="utf-8") as f:
            f.write(want)
        return path

    @staticmethod
    def _read(path):
        try:
            with open(path, encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return None

    @staticmethod
    def _fingerprint(inputs):
        h = hashlib.sha256()
        for item in sorted(inputs):
            h.update((stamp(item) if os.path.isfile(item) else item).encode())
            h.update(b"\0")
        return h.hexdigest()
