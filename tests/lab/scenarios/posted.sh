# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# posted MMIO writes: what they cost the guest, none lost, none out of order, by two vCPUs
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
has=$(sed -n 's/.*beyond a stock one: //p' /var/log/xen/qemu-dm-posted.log)
say "this Xen has: $has"
# shellcheck disable=SC2154
if [ "$LAB_XEN" = patched ]; then
	check "the core found nothing" [ "$has" != nothing ]
	for what in 4 64; do
		plain=$(field $what plain) posted=$(field $what posted)
		check "$what bytes: $posted ns posted, $plain ns not" \
			[ $((posted * 10)) -le "$plain" ]
	done
else
	check "a stock Xen has $has" [ "$has" = nothing ]
fi
wait_gone posted 60
no_leftovers
