# SPDX-License-Identifier: MIT
"""Which images exist, what each is made of, and making those that are stale.

Owns the graph from packages and sources to images; how one image is laid out
is in dom0.py and guest.py.
"""

import glob
import os
import subprocess

from . import LabError, distro, dom0, guest
from .cache import Cache

XENS = ("stock", "patched")
CFLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra")
RECIPES = ("cpio", "distro", "dom0", "guest", "images")
MEDIA = ("kernel", "pci", "cd", "disk", "memtest")


class Images:
    def __init__(self, source, folder, on_make):
        self.source = source
        self.on_make = on_make
        self._patched = None
        self.cache = Cache(folder, on_make)
        self.recipes = [f"{source}/labkit/{name}.py" for name in RECIPES]

    def _make(self, name, inputs, recipe):
        return self.cache.make(name, [*self.recipes, *inputs], recipe)

    def _compile(self, name, sources, flags):
        cc = os.environ.get("CC", "cc")

        def recipe(out):
            p = subprocess.run([cc, *CFLAGS, "-o", out, *sources, *flags],
                               capture_output=True, text=True, check=False)
            if p.returncode:
                raise LabError(f"cannot build {name}:\n{p.stderr}")

        headers = glob.glob(f"{os.path.dirname(sources[0])}/*.h")
        return self._make(name, [cc, *sources, *headers], recipe)

    def patched(self):
        """The folder of the patched Xen, built by its own script."""
        if not self._patched:
            self.on_make("the patched Xen (it takes minutes when it is new)")
            self._patched = distro.patched_xen(
                os.path.dirname(os.path.dirname(self.source)))
        return self._patched

    def xen(self, which):
        if which == "stock":
            path, name = distro.xen_gz(), "xen"
        else:
            path, name = f"{self.patched()}/xen.gz", f"xen-{which}"
        return self._make(name, [path],
                          lambda out: distro.unpack_xen(path, out))

    def dom0_kernel(self):
        return self._make("vmlinux", [distro.kernel()[0]],
                          distro.unpack_kernel)

    def dom0(self, which):
        tool = self._compile(
            "labtool", sorted(glob.glob(f"{self.source}/dom0/*.c")),
            ["-lxenstore"])
        t = dom0.tree(self.source, tool)
        if which == "stock":
            name = "dom0.img"
        else:
            name = f"dom0-{which}.img"
            dom0.add_libraries(t, f"{self.patched()}/lib")
        return self._make(name, t.sources(),
                          lambda out: dom0.write(t, out))

    def boot(self, which):
        """What the outer machine boots: Xen, dom0's kernel, its ramdisk."""
        return self.xen(which), self.dom0_kernel(), self.dom0(which)

    def counter(self):
        """QEMU's plugin that counts what the outer machine executes."""
        return self._compile(
            "counter.so", sorted(glob.glob(f"{self.source}/exitcost/*.c")),
            ["-shared", "-fPIC"])

    def guest_kernel(self):
        path = distro.kernel()[0]
        return self._make("vmlinuz", [path],
                          lambda out: guest.run("cp", path, out))

    def _guest_tree(self):
        tool = self._compile(
            "guest-tool", sorted(glob.glob(f"{self.source}/guest/*.c")),
            ["-static"])
        return guest.ramdisk_tree(f"{self.source}/guest/init", tool)

    def guest_ramdisk(self):
        t = self._guest_tree()
        return self._make("initrd", t.sources(),
                          lambda out: guest.ramdisk(t, out))

    def guest_pci_ramdisk(self):
        """With tools and drivers that other guests need not load."""
        source = f"{self.source}/guest/kmod"
        module = self._make("labdev.ko", [*glob.glob(f"{source}/*"),
                                          distro.kernel()[0]],
                            lambda out: guest.kernel_module(source, out))
        t = self._guest_tree()
        guest.add_pci_tools(t, module)
        return self._make("initrd-pci", t.sources(),
                          lambda out: guest.ramdisk(t, out))

    def medium(self, name):
        """Make one of MEDIA for the guests; dom0 sees the images' folder."""
        if name == "memtest":
            self._make("memtest.iso", [guest.MEMTEST], guest.memtest_cd)
            return
        if name == "pci":
            self.guest_kernel()
            self.guest_pci_ramdisk()
            return
        parts = [self.guest_kernel(), self.guest_ramdisk()]
        if name == "cd":
            final = self.cache.path("cd.iso")
            self._make("cd.iso", parts,
                       lambda out: guest.linux_cd(*parts, out, final))
        elif name == "disk":
            final = self.cache.path("disk.img")
            self._make("disk.img", parts,
                       lambda out: guest.linux_disk(*parts, out, final))
        elif name != "kernel":
            raise LabError(f"no medium {name}; there are {', '.join(MEDIA)}")
