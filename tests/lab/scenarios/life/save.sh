# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# saved, restored, refused, migrated: a guest that checks memory, disk, devices goes on
# needs: kernel
# dm: mini
# limit: 1500

ROUNDS=${ROUNDS:-1}
VCPUS=${VCPUS:-2}
EXTRA=${EXTRA:-}

dd if=/dev/zero of="$RUN/keep.img" bs=1M count=1 2>/dev/null
disk="disk = [ \"$RUN/keep.img,raw,hda,rw\" ]"
engine='"-device", "dma-engine,id=engine,addr=5"'
far='"-device", "membar,id=far,addr=6,isolate=on"'
more='"-device", "membar,id=more,addr=7"'

# The same guest elsewhere, with another list of devices.
guest keep vcpus="$VCPUS" memory=128 dm_args="$engine, $far, $more" \
	cmd="lab=keep $EXTRA" cfg="$disk"
mv "$RUN/keep.cfg" "$RUN/other.cfg"
guest keep vcpus="$VCPUS" memory=128 dm_args="$engine, $far" cmd="lab=keep $EXTRA" \
	cfg="$disk"
create keep
up keep

# goes_on [LINES]: it says so twice more; a new device model begins a new file
# of the guest's console.
goes_on()
{
	wait_for "KEEP [0-9]+ good" keep 60 $((${1:-0} + 2))
}

lines()
{
	grep -c KEEP "$RUN/keep.serial"
}

# ours WORD…: xl, and what its device model says if that fails.
ours()
{
	xl "$@" >>"$RUN/xl-save.log" 2>&1 ||
		fail "xl $1: $(grep -m 1 -i error "$RUN/xl-save.log")" \
			"- $(tail -n 1 /var/log/xen/qemu-dm-keep.log)"
}

# refused WORD…: fails, and the device model says why.
refused()
{
	if xl "$@" >>"$RUN/xl-refused.log" 2>&1; then
		fail "xl $1 should have failed"
	fi
	check "no reason in the device model's log" \
		grep -q "device [0-9]* is more (membar), and was far (membar)" \
		/var/log/xen/qemu-dm-keep*.log
	mkdir -p "$RUN/refused"
	mv /var/log/xen/qemu-dm-keep*.log "$RUN/refused"
}

goes_on
round=1
while [ "$round" -le "$ROUNDS" ]; do
	ours save keep "$RUN/keep.save"
	check "still there after it was saved" gone keep
	ours restore "$RUN/keep.save"
	goes_on
	# shellcheck disable=SC2154
	say "round $round: saved, restored, ${line#*KEEP }"
	round=$((round + 1))
done

before=$(lines)
dm=$(dm_pid keep)
ours save -c keep "$RUN/keep.save"
goes_on "$before"
check "another device model" [ "$dm" = "$(dm_pid keep)" ]
say "saved and kept, ${line#*KEEP }"

# The one that fails began the file anew, too.
refused migrate -C "$RUN/other.cfg" -s "" keep "xl migrate-receive"
check "another device model" [ "$dm" = "$(dm_pid keep)" ]
goes_on
say "not migrated where a device is another, goes on"

ours migrate -s "" keep "xl migrate-receive"
check "the same device model" [ "$dm" != "$(dm_pid keep)" ]
goes_on
say "migrated, ${line#*KEEP }"

ours save keep "$RUN/keep.save"
refused restore "$RUN/other.cfg" "$RUN/keep.save"
check "there though it was refused" gone keep
ours restore "$RUN/keep.save"
goes_on
say "refused where a device is another, restored where it is the same"
xl destroy keep
wait_gone keep 60
no_leftovers
