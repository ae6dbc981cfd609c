# SPDX-License-Identifier: MIT
"""The image dom0 runs from: distribution packages and the lab's own start.

Owns the list of what dom0 needs. The device model under test is not in it:
it comes at run time from the installed tree, so that changing it needs no
new image.
"""

import glob
import os
import subprocess

from . import distro
from .cpio import Tree

XEN_PROGRAMS = ("xl", "xenstored", "xenconsoled", "xen-init-dom0",
                "libxl-save-helper", "xenconsole", "xenstore-control",
                "xen-hvmctx", "xentop", "lsevtchn")

XENSTORE = ("chmod", "exists", "list", "ls", "read", "rm", "watch", "write")

# Xen's hotplug scripts want these in their full form; scenarios want script,
# which gives a command a terminal, and the others to have hosts of their own
# and to make and check a file system.
PROGRAMS = {
    "/bin/bash": "bash",
    "/usr/bin/flock": "util-linux",
    "/usr/bin/stat": "coreutils",
    "/usr/bin/script": "bsdutils",
    "/sbin/losetup": "mount",
    "/sbin/ip": "iproute2",
    "/usr/bin/nsenter": "util-linux",
    "/usr/bin/unshare": "util-linux",
    "/sbin/mkfs.ext4": "e2fsprogs",
    "/sbin/e2fsck": "e2fsprogs",
}

# What the stock device model reads beside its libraries.
STOCK_DATA = ("/usr/share/qemu/kvmvapic.bin", "/usr/share/qemu/linuxboot.bin",
              "/usr/share/qemu/linuxboot_dma.bin",
              "/usr/share/qemu/keymaps/en-us",
              "/usr/share/seabios/vgabios-stdvga.bin",
              "/usr/share/seabios/vgabios-cirrus.bin")

# Found by the device model under test; the stock tools do not load them all.
DM_LIBRARIES = ("libuv.so.1", "libjansson.so.4", "libseccomp.so.2",
                "libxendevicemodel.so.1", "libxenevtchn.so.1",
                "libxenforeignmemory.so.1", "libxenstore.so.4",
                "libxentoolcore.so.1", "libxentoollog.so.1")

MODULES = ("xen-evtchn", "xen-privcmd", "xen-gntdev", "xen-gntalloc", "xenfs",
           "virtio_pci", "virtio_console", "9p", "9pnet_virtio", "loop",
           "xen-blkback", "tun", "veth")

FOLDERS = ("dev", "proc", "sys", "run", "root", "tmp", "lab", "var/lib/xen",
           "var/lib/xenstored", "var/log/xen", "var/lock", "media")

TEXTS = {
    # Guests with dm_restrict=1 have device models of their own user: this
    # number and the domain's (docs/features/qemu-deprivilege of Xen).
    "etc/passwd": "root::0:0:root:/root:/bin/sh\n"
                  "xen-qemuuser-range-base:x:131072:65533::/:/bin/false\n",
    "etc/group": "root:x:0:\n",
    "etc/hostname": "dom0\n",
    "etc/inittab": "::once:/lab/tests/dom0/runner\n"
                   "hvc0::askfirst:-/bin/sh\n"
                   "::ctrlaltdel:/bin/true\n",
}

LIBRARY_PATH = "/usr/lib/x86_64-linux-gnu"


def add_program(tree, path, source=None):
    """Put a program into the tree with every library it loads."""
    source = os.path.realpath(source or path)
    tree.file(path, source)
    for name, lib in distro.libraries(source).items():
        tree.file(name, lib, 0o755)


def add_busybox(tree):
    distro.need(distro.BUSYBOX, "busybox-static")
    applets = subprocess.run([distro.BUSYBOX, "--list"], check=True,
                             capture_output=True, text=True).stdout.split()
    tree.file("/bin/busybox", distro.BUSYBOX)
    for name in applets:
        if not tree.has(f"/bin/{name}"):
            tree.link(f"/bin/{name}", "busybox")


def add_modules(tree, names):
    """Put the modules in, and the order to load them in /etc/modules."""
    files = distro.modules(names)
    for path in files:
        tree.file(path, path)
    tree.text("/etc/modules", "".join(f"{p}\n" for p in files))


def add_xen(tree):
    tools = distro.xen_tools()
    for name in XEN_PROGRAMS:
        add_program(tree, f"{tools}/bin/{name}")
        tree.link(f"/usr/sbin/{name}", f"{tools}/bin/{name}")
    for name in XENSTORE:
        add_program(tree, f"/usr/bin/xenstore-{name}")
    tree.file(f"{tools}/boot/hvmloader", f"{tools}/boot/hvmloader")
    bios = "/usr/share/seabios/bios-256k.bin"
    tree.file(bios, distro.need(bios, "seabios"))
    for path in glob.glob("/etc/xen/xl.conf") + glob.glob("/etc/xen/scripts/*"):
        tree.file(path, path)


def add_device_models(tree):
    distro.need(distro.STOCK_DM, "qemu-system-xen")
    add_program(tree, distro.STOCK_DM)
    for path in STOCK_DATA:
        tree.file(path, os.path.realpath(path))
    for name in DM_LIBRARIES:
        path = f"{LIBRARY_PATH}/{name}"
        if os.path.exists(path):
            tree.file(path, os.path.realpath(path), 0o755)


def add_libraries(tree, folder):
    """In place of the distribution's, by the names that programs load."""
    for path in sorted(glob.glob(f"{folder}/*.so.?")):
        tree.file(f"{LIBRARY_PATH}/{os.path.basename(path)}",
                  os.path.realpath(path), 0o755)


def tree(source, tool):
    """The whole of dom0; SOURCE is the lab's folder, TOOL its helper."""
    t = Tree()
    for name in FOLDERS:
        t.folder(name)
    for path, package in PROGRAMS.items():
        add_program(t, path, distro.need(path, package))
    add_xen(t)
    add_device_models(t)
    add_program(t, "/usr/bin/labtool", tool)
    add_busybox(t)
    add_modules(t, MODULES)
    for path, text in TEXTS.items():
        t.text(path, text)
    t.link("/var/run", "/run")
    t.node("/dev/console", 5, 1)
    t.node("/dev/null", 1, 3)
    t.file("/init", f"{source}/dom0/init", 0o755)
    return t


def write(t, out, squeeze=("zstd", "-q", "-1")):
    """Write the tree as the compressed archive the kernel unpacks."""
    with open(out, "wb") as f:
        with subprocess.Popen(squeeze, stdin=subprocess.PIPE, stdout=f) as p:
            t.write(p.stdin)
            p.stdin.close()
            if p.wait():
                raise subprocess.CalledProcessError(p.returncode, squeeze)
