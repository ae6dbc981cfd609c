# SPDX-License-Identifier: MIT
"""A file tree held as a table, written as a "newc" cpio archive.

Everything in the archive belongs to root, device nodes included, whoever
runs this: nothing is unpacked on the host. The format is described in the
kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import os
import stat

DIR, FILE, LINK, CHAR = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK, stat.S_IFCHR

# Debian has merged these into /usr; a name under them is the same file.
MERGED = ("bin", "sbin", "lib", "lib64")


class Tree:
    def __init__(self):
        self.entries = {}           # path without the first slash -> entry
        for name in MERGED:
            self.folder(f"usr/{name}")
            self.entries[name] = (LINK | 0o777, f"usr/{name}", None)

    def folder(self, path, mode=0o755):
        path = self._clean(path)
        self._parents(path)
        self.entries.setdefault(path, (DIR | mode, None, None))

    def file(self, path, source, mode=None):
        """Put the host's file SOURCE at PATH."""
        if mode is None:
            mode = 0o755 if os.access(source, os.X_OK) else 0o644
        self._put(path, (FILE | mode, source, None))

    def text(self, path, text, mode=0o644):
        self._put(path, (FILE | mode, None, text.encode()))

    def link(self, path, target):
        self._put(path, (LINK | 0o777, target, None))

    def node(self, path, major, minor):
        self._put(path, (CHAR | 0o600, (major, minor), None))

    def has(self, path):
        return self._clean(path) in self.entries

    def sources(self):
        """Every host file the archive is made of."""
        return [e[1] for e in self.entries.values()
                if stat.S_ISREG(e[0]) and e[1]]

    def _put(self, path, entry):
        path = self._clean(path)
        self._parents(path)
        self.entries[path] = entry

    def _parents(self, path):
        parent = os.path.dirname(path)
        if parent:
            self.folder(parent)

    @staticmethod
    def _clean(path):
        path = os.path.normpath(path).lstrip("/")
        if path.split("/")[0] in MERGED:
            path = "usr/" + path
        return path

    def write(self, out):
        """Write the archive to the binary file object OUT."""
        for ino, path in enumerate(sorted(self.entries), 1):
            mode, source, data = self.entries[path]
            rdev = (0, 0)
            if stat.S_ISLNK(mode):
                data = source.encode()
            elif stat.S_ISCHR(mode):
                rdev = source
            elif stat.S_ISREG(mode) and data is None:
                with open(source, "rb") as f:
                    data = f.read()
            self._record(out, ino, path, mode, data or b"", rdev)
        self._record(out, 0, "TRAILER!!!", 0, b"", (0, 0))

    @staticmethod
    def _record(out, ino, path, mode, data, rdev):
        name = path.encode() + b"\0"
        fields = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1],
                  len(name), 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
        out.write(head + b"\0" * (-len(head) % 4))
        out.write(data + b"\0" * (-len(data) % 4))
