# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# ACPI S3: the guest sleeps, is woken by xl, and its disk, plugin and peer work again
# needs: pci
# dm: mini
# limit: 900

dd if=/dev/urandom of="$RUN/sleep.img" bs=1M count=1 2>/dev/null
sum=$(sha256sum <"$RUN/sleep.img")
engine='"-device", "dma-engine,id=engine,addr=5"'
far='"-device", "membar,id=far,addr=6,isolate=on"'
# Linux that knows of Xen may fall asleep with an event pending, now and then on
# a busy host. Xen raises its vector when SeaBIOS, on the way back, enables the
# local APIC; SeaBIOS does not know it and never ends it, and no event comes any
# more. Devices have no part in that, so this Linux does not know of Xen; the one
# of sleep2 does (MODE=pv: here too).
MODE=${MODE:-xen_nopv}
guest sleep boot=pci dm_args="$engine, $far" \
	cfg="disk = [ \"$RUN/sleep.img,raw,hda,rw\" ]" \
	cmd="loglevel=7 $MODE lab=drivers:1,sum,sleep,drivers:1,sum,poweroff"
create sleep
up sleep
wait_for "GUEST-SUM $sum" sleep 120
wait_for GUEST-SLEEPS sleep 60

# asleep: as the device model has it, which learnt it from the guest.
asleep()
{
	xl qemu-monitor-command sleep "info status" | grep -q suspended
}
poll 60 asleep || fail "the guest does not sleep"
say "asleep"
xl trigger sleep s3resume
wait_for GUEST-WOKE sleep 120
say "woken"
wait_for "00:06.0: LABDEV BARs" sleep 120 2
wait_for "00:05.0: LABDEV done" sleep 120 2
wait_for "GUEST-SUM $sum" sleep 120 2
say "disk, plugin and peer work again"
wait_gone sleep 60
no_leftovers
