# SPDX-License-Identifier: MIT
"""The guests' media: kernel and ramdisk, CDs, a disk with a boot loader.

Owns how each medium is laid out. What a guest then does is said on its kernel
command line, which a scenario writes into a copy of the medium: every medium
that carries a boot loader's configuration comes with a NAME.poke file, the
offset and the width of the room for the command line in it.
"""

import glob
import os
import random
import shutil
import struct
import subprocess
import tempfile

from . import LabError, distro
from .cpio import Tree
from .dom0 import add_program, write

SYSLINUX = "/usr/lib/syslinux"
ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin"
MEMTEST = "/boot/memtest86+x64.bin"

LSPCI = "/usr/bin/lspci"
PCI_IDS = "/usr/share/misc/pci.ids"

MODULE_SETS = {
    "cd": ("ata_piix", "sr_mod", "isofs"),
    "disk": ("ata_piix", "sd_mod"),
}
# In the larger ramdisk only.
PCI_MODULE_SETS = {
    "ext4": ("crc32c_generic", "ext4"),
}

KERNEL_ARGS = ("console=ttyS0 mitigations=off nokaslr tsc=reliable "
               "apparmor=0 loglevel=4")

POKE_WIDTH = 400
POKE_MARK = b"LAB-CMDLINE"

MIB = 1 << 20
SECTOR = 512
DISK_BOOT_AT, DISK_BOOT_SIZE = 1 * MIB, 30 * MIB
DISK_DATA_AT, DISK_DATA_SIZE = 31 * MIB, 33 * MIB

# Types of the MBR partition table.
TYPE_FAT16_LBA, TYPE_LINUX = 0x0e, 0x83


def run(*argv):
    p = subprocess.run(argv, capture_output=True, text=True, check=False)
    if p.returncode:
        raise LabError(f"{' '.join(argv)} failed:\n{p.stdout}{p.stderr}")


def add_modules(t, sets):
    """Put sets of modules in, each with its order of loading."""
    for name, wanted in sets.items():
        files = distro.modules(wanted)
        for path in files:
            t.file(f"/modules/{os.path.basename(path)}", path)
        t.text(f"/modules/{name}.order",
               "".join(os.path.basename(p) + "\n" for p in files))


def ramdisk_tree(init, tool):
    t = Tree()
    for name in ("dev", "proc", "sys", "mnt", "modules", "etc"):
        t.folder(name)
    distro.need(distro.BUSYBOX, "busybox-static")
    t.file("/bin/busybox", distro.BUSYBOX)
    applets = subprocess.run([distro.BUSYBOX, "--list"], check=True,
                             capture_output=True, text=True).stdout.split()
    for name in applets:
        if name != "busybox":
            t.link(f"/bin/{name}", "busybox")
    t.file("/bin/guest-tool", tool, 0o755)
    add_modules(t, MODULE_SETS)
    t.node("/dev/console", 5, 1)
    t.node("/dev/null", 1, 3)
    t.file("/init", init, 0o755)
    return t


def add_pci_tools(t, module):
    """What a guest looks at its PCI devices with, and drives them."""
    add_program(t, distro.need(LSPCI, "pciutils"))
    t.file(PCI_IDS, distro.need(PCI_IDS, "pci.ids"))
    add_modules(t, PCI_MODULE_SETS)
    t.file("/modules/labdev.ko", module)
    t.text("/modules/labdev.order", "labdev.ko\n")


def kernel_module(source, out):
    """Build the guest's own drivers for the distribution's kernel."""
    build = distro.kernel_build()
    with tempfile.TemporaryDirectory() as folder:
        for path in glob.glob(f"{source}/*"):
            shutil.copy(path, folder)
        run("make", "-s", "-C", build, f"M={folder}", "modules")
        run("strip", "--strip-debug", "-o", out, f"{folder}/labdev.ko")


def ramdisk(t, out):
    """Few bytes matter most: a guest may read this by programmed I/O."""
    write(t, out, ("zstd", "-q", "-19"))


def poke_room():
    return (POKE_MARK + b" " * POKE_WIDTH)[:POKE_WIDTH].decode()


def note_poke(image, out):
    """Write OUT.poke: where the command line in IMAGE is to be put."""
    with open(image, "rb") as f:
        data = f.read()
    offset = data.find(POKE_MARK)
    if offset < 0 or data.find(POKE_MARK, offset + 1) >= 0:
        raise LabError(f"{out}: no single place for the command line")
    with open(f"{out}.poke", "w", encoding="utf-8") as f:
        f.write(f"{offset} {POKE_WIDTH}\n")


def loader_config(*lines):
    return "".join(f"{line}\n" for line in
                   ("SERIAL 0 115200", "PROMPT 0", "DEFAULT lab",
                    "LABEL lab", *lines))


def iso(folder, out):
    """A CD that boots isolinux, from a folder of files (El Torito)."""
    shutil.copy(distro.need(ISOLINUX, "isolinux"), folder)
    shutil.copy(f"{SYSLINUX}/modules/bios/ldlinux.c32", folder)
    run("xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-o", out,
        "-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot",
        "-boot-load-size", "4", "-boot-info-table", folder)


def put(folder, name, text):
    with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
        f.write(text)


def linux_loader_config():
    return loader_config("KERNEL vmlinuz", f"APPEND initrd=initrd {KERNEL_ARGS}"
                         f" {poke_room()}")


def linux_cd(kernel, initrd, out, final):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(kernel, f"{folder}/vmlinuz")
        shutil.copy(initrd, f"{folder}/initrd")
        put(folder, "isolinux.cfg", linux_loader_config())
        with open(f"{folder}/lab.dat", "wb") as f:
            f.write(random.Random(1).randbytes(MIB))
        with open(f"{folder}/lab.sum", "w", encoding="utf-8") as f:
            subprocess.run(["sha256sum", "lab.dat"], cwd=folder, stdout=f,
                           check=True)
        iso(folder, out)
    note_poke(out, final)


def memtest_cd(out):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(distro.need(MEMTEST, "memtest86+"), f"{folder}/memtest")
        put(folder, "isolinux.cfg", loader_config("KERNEL memtest"))
        iso(folder, out)


def partition(active, kind, start, size):
    """One entry of the MBR's table; its CHS fields say "use the LBA"."""
    return struct.pack("<B3sB3sII", 0x80 if active else 0, b"\xfe\xff\xff",
                       kind, b"\xfe\xff\xff", start // SECTOR, size // SECTOR)


def linux_disk(kernel, initrd, out, final):
    """MBR, a FAT partition with syslinux and Linux, a partition for data."""
    with open(f"{SYSLINUX}/mbr/mbr.bin", "rb") as f:
        code = f.read(440)
    mbr = (code.ljust(446, b"\0") +
           partition(True, TYPE_FAT16_LBA, DISK_BOOT_AT, DISK_BOOT_SIZE) +
           partition(False, TYPE_LINUX, DISK_DATA_AT, DISK_DATA_SIZE) +
           bytes(32) + b"\x55\xaa")
    with open(out, "wb") as f:
        f.write(mbr)
        f.truncate(DISK_DATA_AT + DISK_DATA_SIZE)
    fat = f"{out}@@{DISK_BOOT_AT}"
    run("mkfs.vfat", "-F", "16", "--offset", str(DISK_BOOT_AT // SECTOR),
        "-h", str(DISK_BOOT_AT // SECTOR), out, str(DISK_BOOT_SIZE // 1024))
    with tempfile.TemporaryDirectory() as folder:
        put(folder, "syslinux.cfg", linux_loader_config())
        run("mcopy", "-i", fat, f"{folder}/syslinux.cfg", "::syslinux.cfg")
    run("mcopy", "-i", fat, kernel, "::vmlinuz")
    run("mcopy", "-i", fat, initrd, "::initrd")
    run("syslinux", "--install", "--offset", str(DISK_BOOT_AT), out)
    note_poke(out, final)
