# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# device models replaced while their guest runs; a failed hand-over leaves the old one running
# needs: kernel
# dm: mini
# limit: 900

ROUNDS=${ROUNDS:-5}
VCPUS=${VCPUS:-2}

dd if=/dev/zero of="$RUN/keep.img" bs=1M count=1 2>/dev/null
# keeper DEVICES KEY=VALUE: the guest, with more devices.
keeper()
{
	guest keep vcpus="$VCPUS" memory=128 cmd=lab=count,keep "$2" \
		cfg="disk = [ \"$RUN/keep.img,raw,hda,rw\" ]" \
		dm_args="\"-device\", \"dma-engine,id=engine,addr=5\", $1 \
\"-device\", \"membar,id=far,addr=6,isolate=on\""
}

keeper "" serial=pty
create keep

# Somebody who reads the console all the time, and sees every line.
tty=$(xenstore-read "/local/domain/$(domid keep)/serial/0/tty")
cat "$tty" >"$RUN/keep.serial" &
reader=$!
up keep

log=/var/log/xen/qemu-dm-keep.log

# The guest it is all about.
name=keep

goes_on()
{
	wait_for "KEEP [0-9]+ good" $name 60 $(($(grep -c KEEP "$RUN/$name.serial") + 2))
}

# stays COMMAND…: it fails, and the device model that was there is there.
stays()
{
	before=$(dm_pid $name)
	if "$@"; then
		fail "it should not have been taken over: $answer"
	fi
	check "another device model: $(dm_pid $name)" [ "$before" = "$(dm_pid $name)" ]
	goes_on
	shut_in $name
	check "device models: $(dm_processes | tr '\n' ' ')" \
		[ "$(dm_processes | sort)" = "$(helper_and "$before")" ]
}

# A device model and the process that starts others for it.
helper_and()
{
	{
		echo "$1"
		grep -l "^PPid:[[:blank:]]*$1\$" /proc/[0-9]*/status 2>/dev/null |
			sed 's|/proc/\([0-9]*\)/status|\1|'
	} | sort
}

goes_on
# It comes while the guest runs, and so it is in the next one, too.
xl qemu-monitor-command keep "device_add membar,id=late,addr=8" >>"$RUN/late.log"
wait_for "KEEP [0-9]+ good" keep 60
round=1 worst=0
while [ "$round" -le "$ROUNDS" ]; do
	old=$(dm_pid keep)
	take_over $name || fail "not taken over: $answer"
	new=$(dm_pid keep)
	check "the same device model: $answer" [ "$old" != "$new" ]
	check "the old one is still there" poll 20 [ ! -e "/proc/$old" ]
	goes_on
	shut_in keep
	check "the device that came later is gone" \
		[ -n "$(xl qemu-monitor-command keep devices | grep late)" ]
	# shellcheck disable=SC2154
	say "round $round: ${answer##*: }, ${line#*KEEP }"
	# shellcheck disable=SC2154
	if [ "$waited" -gt "$worst" ]; then
		worst=$waited
	fi
	round=$((round + 1))
done
say "BENCH upgrade: longest gap $worst ms of $ROUNDS"

stays take_over $name -device membar,id=more,addr=9
check "no reason: $answer" [ "${answer#*more (membar)}" != "$answer" ]
say "one with a device more is refused: ${answer%%
*}"

stays take_over $name --machine-file /nowhere
say "one without its machine is refused"

# Killed in the midst: it waits for a process that says nothing.
killed()
{
	"$TESTED_DM" --take-over "$(domid keep)" \
		-device "peer,id=mute,addr=a,exec=/bin/sleep 30" \
		>"$RUN/killed.log" 2>&1 &
	command=$!
	wait_file "the guest's devices are handed over" "$log" 60 "$1"
	grep -l "^PPid:[[:blank:]]*$command\$" /proc/[0-9]*/status |
		sed 's|/proc/\([0-9]*\)/status|\1|' | xargs kill -KILL
	if wait "$command"; then
		return 0
	fi
	answer=$(cat "$RUN/killed.log")
	return 1
}

stays killed $(($(grep -c "are handed over" "$log") + 1))
say "one that is killed in the midst gives the guest back"

# What was printed meanwhile came whole and in order; the last line has perhaps
# no end yet.
lost=$(sed '$d' "$RUN/keep.serial" | sed -n 's/\r*$//; s/^COUNT //p' | awk '
	NR > 1 && $1 != last + 1 { print last "-" $1 } { last = $1 }')
check "lines of the console are lost: $lost" [ -z "$lost" ]
say "$(grep -c COUNT "$RUN/keep.serial") lines of the console, none lost"

# A new device model begins a new log, and is told of all devices.
cp "$log" "$RUN/qemu-dm-upgraded.log"
xl save keep "$RUN/keep.save" >>"$RUN/xl-save.log" 2>&1 ||
	fail "xl save: $(tail -n 1 "$log")"
check "still there after it was saved" gone keep
kill "$reader" 2>/dev/null || :
keeper "\"-device\", \"membar,id=late,addr=8\"," serial="file:$RUN/keep.serial"
xl restore "$RUN/keep.cfg" "$RUN/keep.save" >>"$RUN/xl-save.log" 2>&1 ||
	fail "xl restore: $(tail -n 1 "$log")"
wait_for "KEEP [0-9]+ good" keep 60
say "saved and restored, ${line#*KEEP }"
old=$(dm_pid keep)
take_over $name || fail "not taken over after it was restored: $answer"
check "the same device model: $answer" [ "$old" != "$(dm_pid keep)" ]
goes_on
say "and taken over: ${answer##*: }"
xl destroy keep
wait_gone keep 60

# In a user and a folder of its own.
dd if=/dev/zero of="$RUN/box.img" bs=1M count=1 2>/dev/null
guest box memory=128 cmd=lab=keep cfg="dm_restrict = 1
disk = [ \"$RUN/box.img,raw,hda,rw\" ]" \
	dm_args='"-device", "dma-engine,addr=5", "-device", "membar,id=far,addr=6,isolate=on"'
create box
up box
wait_for "KEEP [0-9]+ good" box 60
status=/proc/$(dm_pid box)/status
rights=$(grep -E "^(Uid|Gid|Groups|CapEff|Seccomp):" "$status")
name=box
take_over $name || fail "not taken over: $answer"
status=/proc/$(dm_pid box)/status
check "other rights: $(grep -E "^(Uid|Gid|Groups|CapEff|Seccomp):" "$status")" \
	[ "$rights" = "$(grep -E "^(Uid|Gid|Groups|CapEff|Seccomp):" "$status")" ]
goes_on
say "dm_restrict: ${answer##*: }"
xl destroy box
wait_gone box 60

# Processes by themselves, which stay what they are: one that we go to, one that
# comes to us.
PLUGINS=/usr/lib/mini-ioemu/devices
dd if=/dev/zero of="$RUN/own.img" bs=1M count=1 2>/dev/null
peer engine $PLUGINS/dma-engine.so --listen "unix:$RUN/engine.sock"
engine=$peer_pid
peer far $PLUGINS/membar.so --connect "unix:$RUN/far.sock" --again
far=$peer_pid
guest own memory=128 cmd=lab=keep cfg="disk = [ \"$RUN/own.img,raw,hda,rw\" ]" \
	dm_args="\"-device\", \"peer,id=engine,addr=5,connect=unix:$RUN/engine.sock\", \
\"-device\", \"peer,id=far,addr=6,listen=unix:$RUN/far.sock\""
create own
up own
name=own
wait_for "KEEP [0-9]+ good" own 60
round=1
while [ "$round" -le 3 ]; do
	take_over $name || fail "not taken over: $answer"
	goes_on
	say "processes by themselves, round $round: ${answer##*: }"
	round=$((round + 1))
done
stays take_over $name -device membar,id=more,addr=9
check "not the same processes" kill -0 "$engine" "$far"
say "and they come back where that fails: ${line#*KEEP }"
xl destroy own
wait_gone own 60
kill "$engine" "$far"
no_leftovers
