# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# what one access costs, in instructions, and whose they are: by "lab exitcost"
# needs: kernel
# dm: mini
# xen: patched stock
# list: extra
# limit: 900

# QEMU's plugin counts (exitcost/counter.c); what is left here in *.out is what
# addresses mean, for labkit/exitcost.py.
guest exitcost cmd="iomem=relaxed lab=tool:exitcost:1234.11e9,poweroff" \
	dm_args='"-device", "membar,posted=on"'
create exitcost
up exitcost
cat "/proc/$(dm_pid exitcost)/maps" >"$RUN/maps.out"
wait_for "EXITCOST done" exitcost 600
sed 's/\t/ /g' /proc/kallsyms >"$RUN/kallsyms.out"
cat /proc/xen/xensyms >"$RUN/xensyms.out"
tr -d '\r' <"$RUN/exitcost.serial" |
	sed -n 's/^EXITCOST kind //p' >"$RUN/kinds.out"
wait_gone exitcost 60
no_leftovers
