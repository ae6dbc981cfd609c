# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What a scenario says. Sourced in dom0 by busybox sh under "set -eux"; a
# command that fails ends the scenario, "fail" says why.
#
#   guest NAME [key=value…]      write NAME's xl.cfg (keys: see guest below)
#   create NAME [xl option…]     xl create
#   up NAME [COUNT]              wait for the guest's COUNTth userspace
#   wait_for REGEX NAME LIMIT [COUNT]   wait for a line on NAME's console
#   wait_file REGEX FILE LIMIT [COUNT]  the same in any file of dom0
#   (both leave the line that was found in $line)
#   wait_prompt REGEX NAME LIMIT the same for a line that has no end yet
#   wait_gone NAME LIMIT         wait for the domain to be gone
#   poll LIMIT COMMAND…          wait for a command to succeed
#   check TEXT COMMAND…          fail with TEXT unless the command succeeds
#   say TEXT / fail TEXT         tell the person at the terminal
#   domid NAME / dm_pid NAME     numbers of a running guest
#   take_over NAME [WORD…]       another device model for a running guest; what it
#                                says in $answer, the guest's wait in $waited, ms
#   peer NAME ARG…               run ioemu-peer; its pid in $peer_pid
#   random LIMIT                 a number below LIMIT in $random; SEED=N for others
#   no_leftovers                 no process, file, domain, event channel… left,
#                                and the sandbox was in nobody's way
#   spoil                        dom0 is of no use from here on: it gets no sweep,
#                                and the next scenario a boot of its own
#   dm_is stock|mini             which device model is tried
#
# Limits are seconds, about five times what is seen on two slow cores; SLACK
# times as long is waited, as a limit only ends what hangs.

SLACK=${SLACK:-3}
BOOT_LIMIT=${BOOT_LIMIT:-300}
TESTED_DM=${LAB_DM_PATH:-/usr/libexec/xen-qemu-system-i386}
verdict=fail
line=

say()
{
	echo "say $*" >&3
}

fail()
{
	echo "fail $*" >&3
	exit 1
}

at_exit()
{
	[ "$verdict" = fail ] || exit 0
	# The driver keeps the first reason: after "fail" this is not shown.
	echo "fail a command failed, the last in scenario.log" >&3
	exit 1
}

check()
{
	text=$1
	shift
	"$@" || fail "$text"
}

# The same numbers each time, so that a failure can be had again.
random_state=${SEED:-1}
random()
{
	random_state=$(((random_state * 1103515245 + 12345) % 2147483648))
	# shellcheck disable=SC2034
	random=$((random_state / 65536 % $1))
}

now()
{
	labtool now
}

# poll LIMIT COMMAND…: no guest marker to wait for, so look five times a second.
poll()
{
	tries=$(($1 * 5 * SLACK))
	shift
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		usleep 200000
	done
}

spoil()
{
	: >"$RUN/spoiled"
}

dm_is()
{
	[ "$LAB_DM" = "$1" ]
}

# copy_medium NAME FILE CMDLINE: each guest gets its own copy in memory, with
# its own kernel command line in the boot loader's configuration.
copy_medium()
{
	medium=$RUN/$1.${2##*.}
	cp "/lab/images/$2" "$medium"
	if [ -f "/lab/images/$2.poke" ]; then
		read -r offset width <"/lab/images/$2.poke"
		labtool poke "$medium" "$offset" "$width" "$3"
	fi
}

KERNEL_ARGS="console=ttyS0 mitigations=off nokaslr tsc=reliable apparmor=0 \
loglevel=4"

# guest NAME [key=value…], the keys being
#   boot=kernel|pci|cd|disk|memtest  what it boots from (kernel)
#   cmd="lab=VERB,…"             for guest/init, and other kernel arguments
#   vcpus= memory= serial= vga=  as in xl.cfg
#   cfg='text'                   more lines for xl.cfg
#   dm_args='"-a", "b"'          for device_model_args_hvm
guest()
{
	name=$1
	shift
	boot=kernel cmd='' vcpus=1 memory=192 vga=none cfg='' dm_args=''
	serial=file:$RUN/$name.serial
	for pair in "$@"; do
		case ${pair%%=*} in
		boot|cmd|vcpus|memory|vga|cfg|dm_args|serial)
			eval "${pair%%=*}=\${pair#*=}" ;;
		*)	fail "guest: unknown key in \"$pair\"" ;;
		esac
	done
	{
		cat <<-END
			type = "hvm"
			name = "$name"
			vcpus = $vcpus
			memory = $memory
			serial = "$serial"
			vga = "$vga"
			vnc = 0
			vkb_device = 0
			xen_platform_pci = 0
			on_poweroff = "destroy"
			on_reboot = "restart"
			on_crash = "destroy"
			device_model_version = "qemu-xen"
			device_model_args_hvm = [ $dm_args ]
		END
		if [ -n "${LAB_DM_PATH:-}" ]; then
			echo "device_model_override = \"$LAB_DM_PATH\""
		fi
		guest_medium
		echo "$cfg"
	} >"$RUN/$name.cfg"
}

guest_medium()
{
	case $boot in
	kernel|pci)
		echo 'kernel = "/lab/images/vmlinuz"'
		case $boot in
		pci)	echo 'ramdisk = "/lab/images/initrd-pci"' ;;
		*)	echo 'ramdisk = "/lab/images/initrd"' ;;
		esac
		echo "cmdline = \"$KERNEL_ARGS $cmd\"" ;;
	cd)	copy_medium "$name" cd.iso "$cmd"
		echo "disk = [ \"$RUN/$name.iso,raw,hdc,ro,cdrom\" ]"
		echo 'boot = "d"' ;;
	memtest) copy_medium "$name" memtest.iso ''
		echo "disk = [ \"$RUN/$name.iso,raw,hdc,ro,cdrom\" ]"
		echo 'boot = "d"' ;;
	disk)	copy_medium "$name" disk.img "$cmd"
		echo "disk = [ \"$RUN/$name.img,raw,hda,rw\" ]"
		echo 'boot = "c"' ;;
	*)	fail "guest: cannot boot from \"$boot\"" ;;
	esac
}

create()
{
	name=$1
	shift
	xl create "$@" "$RUN/$name.cfg" >>"$RUN/xl-create.log" 2>&1 ||
		fail "xl create $name: $(grep -m 1 error "$RUN/xl-create.log")" \
			"- $(tail -n 1 "/var/log/xen/qemu-dm-$name.log")"
}

domid()
{
	xl domid "$1"
}

dm_pid()
{
	xenstore-read "/local/domain/$(domid "$1")/image/device-model-pid"
}

# What guests that say nothing are at, and what their device models wait for;
# without xenstored xl would wait, too.
states()
{
	timeout 10 xl vcpu-list
	for guest in $(timeout 10 xl list | sed -e 1,2d -e 's/ .*//'); do
		for command in times peers; do
			timeout 10 xl qemu-monitor-command "$guest" $command
		done
	done
}

# explain FILE STATUS REGEX LIMIT: why a wait came to nothing.
explain()
{
	states >"$RUN/states.log" 2>&1
	last=$(tail -n 1 "$1" 2>/dev/null | tr -d '\r' | cut -c 1-120)
	case $2 in
	3)	fail "the device model died before \"$3\"; last line: $last" ;;
	*)	fail "no \"$3\" after $4 s; last line: ${last:-none}" ;;
	esac
}

# wait_text wait|prompt REGEX FILE LIMIT COUNT [PID]: a failure that the guest
# reports, or the end of the process PID, ends the wait at once.
wait_text()
{
	limit=$(($4 * SLACK))
	line=$(labtool "$1" "$3" "$2|GUEST-FAIL" "$limit" "$5" ${6:+"$6"}) ||
		explain "$3" $? "$2" "$limit"
	case $line in
	*GUEST-FAIL*)	fail "${line#*GUEST-FAIL }" ;;
	esac
}

wait_file()
{
	wait_text wait "$1" "$2" "$3" "${4:-1}"
}

wait_for()
{
	pid=$(dm_pid "$2" 2>/dev/null) || pid=
	wait_text wait "$1" "$RUN/$2.serial" "$3" "${4:-1}" "$pid"
}

wait_prompt()
{
	wait_text prompt "$1" "$RUN/$2.serial" "$3" 1
}

# shut_in NAME: its device model has given up what it can; nothing is said of
# one that is gone already.
shut_in()
{
	dm_is mini || return 0
	status=$(cat "/proc/$(dm_pid "$1" 2>/dev/null)/status" 2>/dev/null) ||
		return 0
	for right in "Seccomp:	2" "NoNewPrivs:	1" "CapEff:	0000000000000000"; do
		case $status in
		*"$right"*) ;;
		*)	fail "$1's device model is not shut in: no \"$right\"" ;;
		esac
	done
}

# System calls that the kernel refused a device model or a peer so far.
refused_calls()
{
	dmesg | grep "type=1326 .*comm=\"\(mini-ioemu\|ioemu-peer\)" |
		grep -o "exe=.* syscall=[0-9]*" | sed 's/sig=.* //'
}

up()
{
	wait_for GUEST-UP "$1" "$BOOT_LIMIT" "${2:-1}"
	shut_in "$1"
	say "$1: userspace"
}

gone()
{
	! xl domid "$1" >/dev/null
}

wait_gone()
{
	poll "$2" gone "$1" || fail "$1 is still there after $(($2 * SLACK)) s"
}

take_over()
{
	taken=$1
	shift
	answer=$("$TESTED_DM" --take-over "$(domid "$taken")" "$@" 2>&1) || return 1
	waited=${answer##*waited }
	# shellcheck disable=SC2034
	waited=${waited%% ms*}
}

# The processes that run the device model, by their executable.
dm_processes()
{
	for exe in /proc/[0-9]*/exe; do
		if [ "$exe" -ef "$TESTED_DM" ]; then
			exe=${exe%/exe}
			echo "${exe#/proc/}"
		fi
	done
}

# peer NAME ARG…: ends with the scenario (see runner's sweep).
peer()
{
	name=$1
	shift
	ioemu-peer "$@" 2>"$RUN/peer-$name.log" &
	# shellcheck disable=SC2034
	peer_pid=$!
}

# Files, sockets and pipes of the toolstack and the device models. libxl means
# to keep a list of the domain numbers that were used, and the lock it takes to
# end a device model by its user (libxl_dm.c, get_reaper_lock_and_uid).
xen_files()
{
	find /run/xen /var/lib/xen ! -type d ! -name domid-history \
		! -name dm-reaper-lock
}

# Dom0's event channels: lsevtchn gives each a line.
channels()
{
	lsevtchn 0 | wc -l
}

# What there is before the scenario's first guest. The sweep, which comes
# after it, finds the file there.
BEFORE=$RUN/before
if [ ! -e "$BEFORE" ]; then
	xen_files >"$BEFORE"
	channels >"$BEFORE.channels"
fi

# Names what a guest's end should have removed, one per line.
leftovers()
{
	xl list | sed -e 1d -e '/^Domain-0 /d' -e 's/^/domain /'
	dm_processes | sed 's/^/device model, pid /'
	xen_files | grep -v -x -F -f "$BEFORE" | sed 's/^/file /'
	excess=$(($(channels) - $(cat "$BEFORE.channels")))
	if [ "$excess" -gt 0 ]; then
		echo "$excess event channels"
	fi
	for node in /local/domain /local/domain/0/device-model /libxl; do
		xenstore-list "$node" 2>/dev/null | sed -e '/^0$/d' \
			-e "s|^|xenstore $node/|"
	done
	losetup -a | sed 's/^/loop device /'
	for xl in $(pidof xl); do
		echo "xl, pid $xl"
	done
}

nothing_left()
{
	[ -z "$(leftovers)" ]
}

no_leftovers()
{
	if [ -z "${REFUSED_IS_FINE:-}" ]; then
		refused=$(refused_calls | tail -n +$((REFUSED_BEFORE + 1)) |
			sort | uniq -c | tr '\n' ';')
		check "the sandbox refused calls: $refused" [ -z "$refused" ]
	fi
	poll 30 nothing_left ||
		fail "left over: $(leftovers | tr '\n' ';' | cut -c 1-200)"
}
