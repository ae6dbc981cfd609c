# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# posted MMIO writes and doorbells: what they cost the guest, none lost, none out of order, by two vCPUs
# needs: kernel
# dm: mini
# xen: patched stock
# limit: 600

# On a stock Xen every write waits, and all else is as it is here.
field()
{
	tr -d '\r' <"$RUN/posted.serial" |
		sed -n "s/^POSTED cost $1 $2 \([0-9]*\) ns.*/\1/p"
}

guest posted vcpus=2 cmd="lab=cpus:2,tool:posted:1234.11e9,poweroff" \
	dm_args='"-device", "membar,posted=on"'
create posted
up posted
wait_for "POSTED done" posted 300
for what in 4 64; do
	for way in plain posted; do
		say "$(tr -d '\r' <"$RUN/posted.serial" |
			sed -n "s/^POSTED cost $what $way/$what bytes, $way:/p")"
	done
done
say "$(tr -d '\r' <"$RUN/posted.serial" |
	sed -n "s/^POSTED cost 4 bell/4 bytes, a doorbell:/p")"
has=$(sed -n 's/.*beyond a stock one: //p' /var/log/xen/qemu-dm-posted.log)
say "this Xen has: $has"
# Ten times and more where nothing disturbs; the one processor of the lab is
# dom0's as well, which the write wakes.
cheaper()
{
	plain=$(field "$1" plain) posted=$(field "$1" "$2")
	check "$1 bytes: $posted ns $2, $plain ns not" \
		[ $((posted * 3)) -le "$plain" ]
}

# shellcheck disable=SC2154
if [ "$LAB_XEN" = stock ]; then
	check "a stock Xen has $has" [ "$has" = nothing ]
else
	check "the core found $has" [ "${has#posted writes}" != "$has" ]
	cheaper 4 posted
	cheaper 64 posted
fi
case $has in
*doorbells*)	cheaper 4 bell ;;
esac
wait_gone posted 60
no_leftovers
