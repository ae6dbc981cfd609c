# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# the host's disk fills up: the guest's devices stop, go on when there is room, its data is whole
# dm: mini
# limit: 900

log=/var/log/xen/qemu-dm-full.log

mkdir "$RUN/small"
mount -t tmpfs -o size=6m small "$RUN/small"
truncate -s 24M "$RUN/small/disk.img"

guest full cmd=lab=fill:12 cfg="disk = [ \"$RUN/small/disk.img,raw,hda,rw\" ]"
create full
up full
wait_file "disk.img cannot be written at byte [0-9]+: No space left" "$log" 120
say "stopped: ${line#*full: }"

# Still no room: it stops again.
xl qemu-monitor-command full cont
wait_file "disk.img cannot be written at byte" "$log" 60 2

# The toolstack's way to say the same.
mount -o remount,size=32m "$RUN/small"
xl unpause full >>"$RUN/xl-unpause.log" 2>&1 || :
wait_for GUEST-FILLED full 120
say "went on, and read back what it wrote"
xl destroy full
wait_gone full 60
poll 30 umount "$RUN/small" || fail "the disk image is still in use"
no_leftovers
