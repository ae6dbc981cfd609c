# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# our hvmloader: a guest boots from a disk that is behind two bridges, and keeps data on it
# needs: disk
# dm: mini
# list: extra
# limit: 1200

OURS=/usr/lib/mini-ioemu/hvmloader

check "no hvmloader of ours: make hvmloader" [ -x $OURS ]

args='"-device", "i31154,id=br0,addr=5", "-device", "i31154,id=br1,bus=br0,addr=2"'
args="$args, \"-device\", \"piix3-ide,id=far,bus=br1,addr=3,native=on\""
args="$args, \"-drive\", \"file=$RUN/far.img,if=none,id=disk,format=raw,cache=writeback\""
args="$args, \"-device\", \"ide-hd,bus=far,index=0,drive=disk\""

# And a hole below 4 GiB that the user chose.
args="$args, \"-device\", \"membar,bus=br0,addr=7\""

guest far boot=disk dm_args="$args" cfg="firmware_override = \"$OURS\"
mmio_hole = 1024" \
	cmd="lab=disk,poweroff"
# The copy is there; the toolstack is not to put it on the chipset's controller.
sed -i '/^disk = /d' "$RUN/far.cfg"
create far
up far
wait_for "GUEST-DISK written" far 240
say "written, rebooting"
# by another device model: the first ends
wait_file "GUEST-DISK equal" "$RUN/far.serial" "$((BOOT_LIMIT + 240))"
check "SeaBIOS used no controller behind a bridge" sh -c \
	'xl dmesg | grep -q "^(d[0-9]*) ATA controller . at [c-f][0-9a-f]*/.*dev 218"'
check "mmio_hole is not the hole" sh -c \
	'xl dmesg | grep -q "^(d[0-9]*) pci dev 00:05.0 window mem 0c0000000-"'
say "SeaBIOS and Linux from a disk two bridges down; 32 MiB written, read after a reboot"
wait_gone far 60
no_leftovers
