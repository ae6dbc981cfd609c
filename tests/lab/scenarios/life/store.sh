# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xenstored is killed: the guest and its disk go on, and the device model ends when told
# needs: pci
# dm: mini
# limit: 900

log=/var/log/xen/qemu-dm-store.log
disk=$RUN/store.img
dd if=/dev/zero of="$disk" bs=1M count=8 2>/dev/null
mkfs.ext4 -q -F -b 1024 "$disk"
guest store boot=pci memory=128 cmd=lab=journal:0 cfg="disk = [ \"$disk,raw,hda,rw\" ]"
create store
up store
wait_for SYNCED store 120 5
pid=$(dm_pid store)
daemon=$(cat /run/xen/xenstored.pid)

spoil # there is no second xenstored: what a first one knew is lost
kill -KILL "$daemon"
poll 10 [ ! -e "/proc/$daemon" ] || fail "xenstored does not die"
synced=$(grep -c SYNCED "$RUN/store.serial")
wait_text wait SYNCED "$RUN/store.serial" 120 $((synced + 20)) "$pid"
say "20 records more are on the disk without xenstored"

kill -TERM "$pid"
poll 30 [ ! -e "/proc/$pid" ] || fail "the device model does not end"
check "no word of the end: $(tail -n 1 "$log")" grep -q "signal 15: ending" "$log"
say "the device model ended"

