# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# live migration under disk load and a process's DMA: what devices wrote is right
# needs: pci
# dm: mini
# limit: 7200

ROUNDS=${ROUNDS:-1}
VCPUS=${VCPUS:-1}
BUFFERS=${BUFFERS:-16}

# all_right: a whole pass over each kind of buffer since now. A new device
# model begins a new file of the guest's console.
all_right()
{
	wait_for "^COLD pass" live 300 2
	# shellcheck disable=SC2154
	disk=${line#COLD }
	wait_for "LABDEV cold: pass" live 300 2
	say "$1: disk $disk; DMA ${line#*cold: }"
}

# migrations KIND MSIX [kernel argument]
migrations()
{
	dd if=/dev/zero of="$RUN/live.img" bs=1M count=4 2>/dev/null
	guest live boot=pci vcpus="$VCPUS" memory=128 cmd="lab=cold:$BUFFERS:$2 ${3:-}" \
		dm_args='"-device", "dma-engine,id=engine,addr=5,isolate=on"' \
		cfg="disk = [ \"$RUN/live.img,raw,hda,rw\" ]"
	create live
	up live
	all_right "$1"
	round=1
	while [ "$round" -le "$ROUNDS" ]; do
		dm=$(dm_pid live)
		xl migrate -s "" live "xl migrate-receive" >>"$RUN/xl-live.log" 2>&1 ||
			fail "xl migrate: $(grep -m 1 -i error "$RUN/xl-live.log")"
		check "the same device model" [ "$dm" != "$(dm_pid live)" ]
		all_right "$1, migration $round"
		round=$((round + 1))
	done
	xl destroy live
	no_leftovers
}

# Linux with Xen's drivers takes part, and forgets every MSI: "save/restore of
# PT devices doesn't work" (drivers/xen/events/events_base.c, restore_pirqs()).
migrations "takes part" 0
# Without, it is stopped anywhere, DMA under way.
migrations "knows nothing" 1 xen_nopv
