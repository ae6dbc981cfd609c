# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# dm_restrict=1 with every kind of device: a user of its own, nothing to get out by; saved, reboots, ends
# needs: kernel disk
# dm: mini
# limit: 1800

USERS=131072 # in dom0's /etc/passwd
CORE=5b0 PEER=5d0
ATTEMPTS=23 # of tests/lab/plugin/escape.c
# shellcheck disable=SC2034
REFUSED_IS_FINE=1

escapes="\"--plugin-dir\", \"/opt/plugins\", \"-device\", \"escape,id=in\""
escapes="$escapes, \"-device\", \"escape,id=out,port=0x$PEER,isolate=on,timeout-ms=20000\""

log()
{
	cat "/var/log/xen/qemu-dm-$1.log"
}

# of NAME FIELD: of its device model's /proc/PID/status.
of()
{
	sed -n "s/^$2:[[:blank:]]*//p" "/proc/$(dm_pid "$1")/status"
}

# Processes of the user of domain DOMID, those of the device model included.
processes_of()
{
	grep -l "^Uid:[[:blank:]]*$((USERS + $1))[[:blank:]]" \
		/proc/[0-9]*/status 2>/dev/null | wc -l
}

# Processes that NAME's device model started itself: the helper that starts
# others. In a restricted one it stays only if it has something to start.
helpers()
{
	grep -l "^PPid:[[:blank:]]*$(dm_pid "$1")\$" /proc/[0-9]*/status \
		2>/dev/null | wc -l
}

none_of()
{
	[ "$(processes_of "$1")" = 0 ]
}

restricted()
{
	n=$(domid "$1")
	check "its user is $(of "$1" Uid)" \
		[ "$(of "$1" Uid | cut -f 1-4 | uniq)" = "$(printf '%s\t%s\t%s\t%s' \
		$((USERS + n)) $((USERS + n)) $((USERS + n)) $((USERS + n)))" ]
	check "further groups: $(of "$1" Groups)" [ "$(of "$1" Groups)" = "65533 " ]
	root=$(readlink "/proc/$(dm_pid "$1")/root")
	check "its root is $root" [ "$root" = "/run/xen/qemu-root-$n" ]
}

# tried NAME WHO: the escape device WHO of NAME has tried all.
tried()
{
	wait_file "$2: ESCAPE reached [0-9]* domains" \
		"/var/log/xen/qemu-dm-$1.log" 60
	# shellcheck disable=SC2154
	line=$(log "$1" | grep " $2: ESCAPE reached" | tail -n 1)
	say "$1, $2: ${line#*ESCAPE }, of $(log "$1" |
		grep -c " $2: ESCAPE.*: ") attempts $(log "$1" |
		grep -c " $2: ESCAPE.*: WORKED") worked"
}

refused_all()
{
	check "$2: $(log "$1" | grep " $2: ESCAPE.*: " |
		grep -v "not permitted")" \
		[ "$(log "$1" | grep -c " $2: ESCAPE.*: Operation not permitted")" = $ATTEMPTS ]
	echo "$line" | grep -q "ESCAPE reached $3" ||
		fail "$2: $line"
}

# Everything at once.
dd if=/dev/zero of="$RUN/box.img" bs=1M count=4 2>/dev/null
io="tool:io:out1=$CORE=1:out1=$PEER=1"
guest box vcpus=2 memory=128 cmd="lab=$io,keep" \
	cfg="dm_restrict = 1
disk = [ \"$RUN/box.img,raw,hda,rw\" ]" \
	dm_args="$escapes, \"-device\", \"dma-engine,id=engine,addr=5\", \
\"-device\", \"membar,id=far,addr=6,isolate=on\""
create box
up box
restricted box
check "helpers: $(helpers box)" [ "$(helpers box)" = 1 ]
check "processes of the user: $(processes_of "$(domid box)")" \
	[ "$(processes_of "$(domid box)")" = 3 ]
# Its own domain it may touch, from the core; after 15 others it does not try.
tried box in
refused_all box in "[01] domains, memory of [01]\$"
tried box out
refused_all box out "0 domains, memory of 0\$"
wait_for "KEEP [0-9]+ good" box 60
say "in $root as user $(of box Uid | cut -f 1); $(log box |
	sed -n 's/.*sandbox: //p')"

# Nothing may be started from in there, and yet a peer comes back.
before=$(log box | grep -c "out: .*is there")
kill -KILL "$(xl qemu-monitor-command box peers |
	sed -n 's/^out .*process \([0-9]*\),.*/\1/p')"
wait_file "out: .*is there again" /var/log/xen/qemu-dm-box.log 60
say "a killed peer is there again ($before before)"

first=$(domid box)
xl save box "$RUN/box.save" >>"$RUN/xl-save.log" 2>&1 ||
	fail "xl save: $(log box | tail -n 1)"
check "still there after it was saved" gone box
xl restore "$RUN/box.save" >>"$RUN/xl-save.log" 2>&1 ||
	fail "xl restore: $(log box | tail -n 1)"
wait_for "KEEP [0-9]+ good" box 60 2
restricted box
shut_in box
second=$(domid box)
say "saved and restored, ${line#*KEEP }"
xl destroy box
wait_gone box 60
for n in $first $second; do
	poll 20 none_of "$n" || fail "processes of its user are left"
done

# A disk that is larger than what the toolstack lets files grow to.
guest disk boot=disk cmd=lab=disk,poweroff cfg="dm_restrict = 1"
create disk
up disk
restricted disk
check "a helper that has nothing to start" [ "$(helpers disk)" = 0 ]
wait_for "GUEST-DISK written" disk 300
wait_file "GUEST-DISK equal" "$RUN/disk.serial" "$BOOT_LIMIT"
wait_gone disk 60
say "32 MiB written, rebooted, the same, powered off"

# Without it a device in the core gets no further: what takes rights is done by
# a helper, which learns nothing new.
guest open memory=128 cmd="lab=$io" dm_args="$escapes"
create open
up open
tried open in
refused_all open in "[01] domains, memory of [01]\$"
tried open out
refused_all open out "0 domains, memory of 0\$"
check "helpers: $(helpers open)" [ "$(helpers open)" = 1 ]
xl destroy open
no_leftovers
