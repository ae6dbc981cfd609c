# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# a plugin, a process and a processor plugged in, devices taken out, beside disk, device and peer at work
# needs: pci
# dm: mini
# limit: 7200

ROUNDS=${ROUNDS:-3}
# Linux 6.1 as a guest that knows of Xen takes a pirq for each MSI and gives none
# back (xen_destroy_irq() does so in dom0 only); after 33 devices there is none left.
blind=
[ "$ROUNDS" -le 10 ] || blind=xen_nopv

dd if=/dev/zero of="$RUN/plug.img" bs=1M count=1 2>/dev/null
guest plug boot=pci vcpus=1 memory=192 cmd="loglevel=7 $blind lab=plugged" \
	dm_args='"-device", "dma-engine,addr=5", "-device", "membar,addr=6,isolate=on", "-device", "dma-engine,id=engine,addr=7,isolate=on,later=on"' \
	cfg="maxvcpus = 3
disk = [ \"$RUN/plug.img,raw,hda,rw\" ]"
create plug
up plug
out=$RUN/plug.serial

# plugs_in KEYS: the one before may not be ejected yet, as the guest's driver goes first.
plugs_in()
{
	answer=$(xl qemu-monitor-command plug "device_add dma-engine,id=engine,addr=7$1")
	case $answer in
	'')	return 0 ;;
	*"Duplicate ID"*)	return 1 ;;
	*)	fail "device_add: $answer" ;;
	esac
}

# at_work: what is compared without end goes on, and nothing differed.
at_work()
{
	wait_for "KEEP [0-9]+ good" plug 120 $(($(grep -c KEEP "$out") + 2))
	# shellcheck disable=SC2154
	say "${line#*KEEP } of disk, memory, device and peer"
}
at_work

xl vcpu-set --ignore-host plug 2
wait_for "GUEST-CPUS 2" plug 60
say "a second processor, on line"

in_and_out()
{
	poll 60 plugs_in "$2" || fail "device_add: $answer"
	wait_for "00:07.0: LABDEV done" plug 120 "$1"
	answer=$(xl qemu-monitor-command plug "device_del engine") || fail "xl: $answer"
	[ -z "$answer" ] || fail "device_del: $answer"
	wait_for "00:07.0: LABDEV gone" plug 60 "$1"
}
round=1
while [ "$round" -le "$ROUNDS" ]; do
	in_and_out $((2 * round - 1)) ""
	in_and_out $((2 * round)) ",isolate=on"
	round=$((round + 1))
done
say "$ROUNDS times a plugin and $ROUNDS times a process: bound, DMA, ejected"
at_work
one_peer()
{
	# shellcheck disable=SC2046
	set -- $(pidof ioemu-peer)
	[ $# = 1 ]
}
check "the processes are still there" poll 20 one_peer
xl destroy plug
no_leftovers
