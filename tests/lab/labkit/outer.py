# SPDX-License-Identifier: MIT
"""The outer machine: QEMU's TCG running Xen and dom0.

Owns the QEMU process and the two lines into it: dom0's console, a file that is
only read, and the control channel, one line of text per message. Knows nothing
of scenarios. Every flag of the command has its reason beside it.
"""

import os
import re
import select
import socket
import subprocess
import time

from . import LabError

# One processor is as fast as two here, and safer: QEMU 7.2 changes a vCPU's
# pending interrupts without a lock when it enters or leaves an SVM guest, so
# that an interrupt from another thread is lost now and then. With two
# processors such a loss stops dom0 within minutes; with one, the next
# interrupt of any kind makes up for it: that is what nudge() is for.
PROCESSORS = 1

MEMORY_MIB = 3072
DOM0_MIB = 1024
BOOT_LIMIT_S = 600

# EPYC has what Xen needs of AMD-V. Taken away is what TCG's nesting does not
# carry: MWAIT in Xen's idle loop, SMAP under a PV dom0, RDTSCP in a guest, and
# AVX state that does not follow a vCPU.
CPU = ("EPYC,+svm,+npt,-monitor,-smap,-rdtscp,"
       "-avx,-avx2,-fma,-f16c,-xsave,-xsaveopt,-xsavec")

# cpuidle=0: no MWAIT. bootscrub=0: fresh memory is zero already.
XEN_ARGS = (f"dom0_mem={DOM0_MIB}M,max:{DOM0_MIB}M com1=115200,8n1 "
            "console=com1 cpuidle=0 loglvl=all guest_loglvl=all noreboot "
            "dom0_max_vcpus=1 bootscrub=0")

DOM0_ARGS = "console=hvc0 rdinit=/init loglevel=5 mitigations=off apparmor=0"

DEAD = re.compile(r"Panic on CPU|Kernel panic - not syncing|"
                  r"Domain 0 crashed|LAB-BROKEN.*")


class Outer:
    """One boot of Xen and dom0.

    shares is {tag: (folder, writable)}; dom0 mounts each at /lab/TAG.
    extra is more words of QEMU's command line.
    """

    def __init__(self, images, shares, folder, extra=()):
        self.folder = folder
        self.console_path = os.path.join(folder, "console.log")
        self.qemu_log = os.path.join(folder, "qemu.log")
        self._text = b""
        self._seen = 0
        os.makedirs(folder, exist_ok=True)
        for path in (self.console_path, self._socket("control"),
                     self._socket("console"), self._socket("monitor")):
            if os.path.lexists(path):
                os.unlink(path)
        self.control = None
        with open(self.qemu_log, "wb") as log:
            self.process = subprocess.Popen(
                [*self._command(images, shares), *extra],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.control = self._connect("control")
        except BaseException:
            self.kill()
            raise

    def _socket(self, name):
        # Relative to the folder: a socket's path may not exceed 107 bytes.
        return os.path.relpath(os.path.join(self.folder, f"{name}.sock"))

    def _command(self, images, shares):
        xen, kernel, image = images
        # It dies with the thread that made it, whatever ends that.
        argv = ["setpriv", "--pdeathsig", "KILL",
                "qemu-system-x86_64", "-name", "lab", "-machine", "q35",
                "-accel", "tcg,thread=multi", "-smp", str(PROCESSORS),
                "-m", str(MEMORY_MIB), "-cpu", CPU,
                "-nodefaults", "-no-user-config", "-display", "none",
                "-no-reboot", "-kernel", xen, "-append", XEN_ARGS,
                "-initrd", f"{kernel} {DOM0_ARGS},{image}",
                "-chardev", f"socket,id=com1,path={self._socket('console')},"
                f"server=on,wait=off,logfile={self.console_path}",
                "-serial", "chardev:com1",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=ctl,path={self._socket('control')},"
                "server=on,wait=off",
                "-device", "virtserialport,chardev=ctl,name=lab",
                "-monitor", f"unix:{self._socket('monitor')},server,nowait"]
        for tag, (path, writable) in shares.items():
            ro = "" if writable else ",readonly=on"
            argv += ["-fsdev", f"local,id={tag},path={path},"
                     f"security_model=none{ro}",
                     "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        return argv

    def _connect(self, name):
        path = self._socket(name)
        deadline = time.monotonic() + BOOT_LIMIT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(path)
                return s
            except OSError:
                s.close()
                time.sleep(0.02)        # until QEMU listens
        with open(self.qemu_log, encoding="utf-8", errors="replace") as f:
            raise LabError(f"the outer QEMU did not start:\n{f.read()}")

    def _last_words(self):
        self.process.wait()
        with open(self.qemu_log, encoding="utf-8", errors="replace") as f:
            words = [line.strip() for line in f if "TCG doesn't" not in line]
        return words[-1] if words else f"status {self.process.returncode}"

    def send(self, line):
        self.control.sendall(line.encode() + b"\n")

    def nudge(self):
        """Cause interrupts; dom0 ignores what they say.

        The control channel makes none while dom0 has not looked at what came
        before, as a virtio driver asks for none then. Xen's serial line always
        does, and XON is nothing to a terminal.
        """
        self.send("nudge")
        with self._connect("console") as s:
            s.sendall(b"\x11")

    def receive(self, timeout):
        """The next line from dom0, or None when none came in time.

        Raises LabError as soon as the outer machine is seen dead.
        """
        deadline = time.monotonic() + timeout
        while b"\n" not in self._text:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            ready, _, _ = select.select([self.control], [], [], min(left, 1))
            data = self.control.recv(65536) if ready else None
            if data == b"":
                raise LabError(f"the outer QEMU ended: {self._last_words()}; "
                               f"see {self.console_path}")
            self._text += data or b""
            self._check_alive()
        line, self._text = self._text.split(b"\n", 1)
        return line.decode(errors="replace")

    def _check_alive(self):
        text = self.console_since(self._seen)
        # Keep the last line: it may be half written.
        self._seen += text.rfind("\n") + 1
        found = DEAD.search(text)
        if found:
            raise LabError(f"dom0 or Xen is dead: {found.group(0)}; see "
                           f"{self.console_path}")

    def write_state(self, path):
        """Write what the outer processors are doing, for a post-mortem."""
        with self._connect("monitor") as s, open(path, "wb") as f:
            s.sendall(b"info status\ninfo cpus\ninfo registers -a\n"
                      b"info lapic\ninfo pic\ninfo irq\n")
            while select.select([s], [], [], 2)[0]:
                data = s.recv(65536)
                if not data:
                    break
                f.write(data)

    def console_size(self):
        try:
            return os.path.getsize(self.console_path)
        except FileNotFoundError:
            return 0

    def console_since(self, offset):
        try:
            with open(self.console_path, "rb") as f:
                f.seek(offset)
                return f.read().decode("latin-1")   # a byte, a character
        except FileNotFoundError:
            return ""

    def console_socket(self):
        return self._connect("console")

    def kill(self):
        if self.control:
            self.control.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for name in ("control", "console", "monitor"):
            if os.path.lexists(self._socket(name)):
                os.unlink(self._socket(name))
