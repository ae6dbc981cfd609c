# SPDX-License-Identifier: MIT
"""Where the distribution keeps what the lab is made of.

Owns the knowledge of Debian's paths and of how to read its kernel; makes no
image itself.
"""

import functools
import glob
import gzip
import lzma
import os
import re
import struct
import subprocess

from . import LabError

BUSYBOX = "/bin/busybox"
STOCK_DM = "/usr/libexec/xen-qemu-system-i386"


def newest(pattern, package):
    found = glob.glob(pattern)
    if not found:
        raise LabError(f"no {pattern}: install the package {package}")
    return max(found, key=lambda p: [int(n) for n in re.findall(r"\d+", p)])


def need(path, package):
    if not os.path.exists(path):
        raise LabError(f"no {path}: install the package {package}")
    return path


@functools.cache
def xen_tools():
    """The folder of Xen's own programs, such as /usr/lib/xen-4.17."""
    return os.path.dirname(newest("/usr/lib/xen-4.*/bin", "xen-utils-4.17"))


@functools.cache
def xen_gz():
    return newest("/boot/xen-4.*-amd64.gz", "xen-hypervisor-4.17-amd64")


@functools.cache
def kernel():
    """The newest kernel with its modules: (path of the bzImage, version)."""
    for path in sorted(glob.glob("/boot/vmlinuz-*"), reverse=True):
        version = path.split("vmlinuz-", 1)[1]
        if os.path.isdir(f"/lib/modules/{version}"):
            return path, version
    raise LabError("no kernel with its modules: install linux-image-amd64")


def kernel_build():
    """The folder that modules for that kernel are built in."""
    _, version = kernel()
    return need(f"/lib/modules/{version}/build", "linux-headers-amd64")


def patched_xen(root):
    """Where the project's script leaves it, made first if need be."""
    p = subprocess.run([f"{root}/xen-patches/build"], stderr=subprocess.PIPE,
                       text=True, check=False)
    if p.returncode:
        raise LabError(f"no patched Xen:\n{p.stderr}")
    return f"{root}/build/xen-patched"


def unpack_xen(path, out):
    """The outer machine's multiboot loader wants Xen uncompressed."""
    with gzip.open(path) as src, open(out, "wb") as dst:
        dst.write(src.read())


def unpack_kernel(out):
    """Write the ELF kernel inside the bzImage: Xen then need not unpack it.

    The fields are those of Documentation/x86/boot.rst.
    """
    path, _ = kernel()
    with open(path, "rb") as f:
        image = f.read()
    setup_sects = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sects + 1) * 512 + offset
    payload = image[start:start + length]
    if payload[:6] == b"\xfd7zXZ\0":
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload[:2] == b"\x1f\x8b":
        elf = gzip.decompress(payload)
    else:
        elf = image                     # Xen unpacks the other formats
    with open(out, "wb") as f:
        f.write(elf)


def libraries(program):
    """The shared libraries a program loads, as {name in the image: file}."""
    out = subprocess.run(["ldd", program], capture_output=True, text=True,
                         check=False).stdout
    if "not found" in out:
        raise LabError(f"{program} misses a library:\n{out}")
    return {p: os.path.realpath(p)
            for p in re.findall(r"(/\S+) \(0x", out)}


@functools.cache
def _module_table():
    _, version = kernel()
    base = f"/lib/modules/{version}"
    table = {}
    with open(f"{base}/modules.dep", encoding="utf-8") as f:
        for line in f:
            path, deps = line.split(":")
            name = os.path.basename(path).split(".ko")[0].replace("-", "_")
            table[name] = (path, deps.split())
    return base, table


def modules(names):
    """The files of the modules NAMES and all they need, in loading order.

    A name that is not a module is taken as built into the kernel.
    """
    base, table = _module_table()
    order = []
    for name in names:
        path, deps = table.get(name.replace("-", "_"), (None, []))
        for item in [*reversed(deps), path]:
            if item and f"{base}/{item}" not in order:
                order.append(f"{base}/{item}")
    return order
