# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# stock QEMU and mini-ioemu side by side: boots, accesses, readiness, memory, saving, migration
# needs: kernel cd
# dm: mini
# list: extra
# limit: 3600

# Figures are lines "DM KEY VALUE" in bench.out; labkit/bench.py makes the table.
FIGURES=$RUN/bench.out
STOCK=/usr/libexec/xen-qemu-system-i386
MINI=/usr/bin/mini-ioemu
ROUNDS=${ROUNDS:-5}
ACCESS_ROUNDS=${ACCESS_ROUNDS:-3}
PLUGINS=/usr/lib/mini-ioemu/devices

# The device model is started through a link to labtool, which times it.
LAB_DM_PATH=$RUN/timed
ln -s /usr/bin/labtool "$LAB_DM_PATH"

figure()
{
	echo "$dm $1 $2" >>"$FIGURES"
}

since()
{
	awk "BEGIN { print $(now) - $1 }"
}

ready_figure()
{
	wait_file "^ready" "$RUN/timed-dm.log" 60
	# shellcheck disable=SC2154
	figure ready "${line#ready }"
	rm "$RUN/timed-dm.log"
}

# boot NAME KEY guest options…: time from xl create to userspace.
boot()
{
	name=$1 key=$2
	shift 2
	guest "$name" "$@"
	start=$(now)
	create "$name"
	up "$name"
	figure "$key" "$(since "$start")"
	ready_figure
}

memory_figure()
{
	status=/proc/$(dm_pid "$1")/status
	figure rss "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "$status")"
	figure anon "$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "$status")"
}

access_figures()
{
	wait_for BENCH-DONE "$1" 300
	tr -d '\r' <"$RUN/$1.serial" | sed -n 's/^BENCH //p' |
	while read -r key value; do
		figure "$key" "$value"
	done
}

# turn DM PROGRAM: what follows is about this device model; what is said of ours
# only, as of its rights, does not hold for the other.
turn()
{
	dm=$1
	# shellcheck disable=SC2034
	TESTED_DM=$2 LAB_DM=mini
	if [ "$2" = "$STOCK" ]; then
		LAB_DM=stock
	fi
	echo "$2" >"$RUN/timed-dm"
}

# accesses TEST-DEVICE ID REGISTER BLOCK
accesses()
{
	test_device="\"-device\", \"$1\""
	verbs=lab=tool:bench:$2:$3:$4
	boot "$dm-cd" boot-cd boot=cd cmd="$verbs" dm_args="$test_device"
	memory_figure "$dm-cd"
	access_figures "$dm-cd"
	say "$dm: accesses"
	xl destroy "$dm-cd"
	no_leftovers
}

kernel_boot()
{
	boot "$dm-$1" boot-kernel cmd=lab=poweroff
	wait_gone "$dm-$1" 60
	no_leftovers
}

# timed KEY WORD…: what xl takes for it.
timed()
{
	key=$1
	shift
	start=$(now)
	xl "$@" >>"$RUN/xl-$dm.log" 2>&1 || fail "xl $1: $(tail -n 1 "$RUN/xl-$dm.log")"
	figure "$key" "$(since "$start")"
}

# migrated NAME: and for how long its console is silent at most.
migrated()
{
	start=$(now)
	xl migrate -s "" "$1" "xl migrate-receive" >>"$RUN/xl-$dm.log" 2>&1 &
	xl=$!
	labtool gap "$RUN/$1.serial" "$xl" >"$RUN/gap" ||
		fail "$1 was not heard of after its migration"
	wait "$xl" || fail "xl migrate: $(tail -n 1 "$RUN/xl-$dm.log")"
	figure migrate "$(since "$start")"
	figure downtime "$(cat "$RUN/gap")"
}

# In the first seconds a guest has more to do than to beat, and writes memory
# that is to be copied again: that would be measured, and not what xl takes.
settled()
{
	wait_for "^$" "$1" 60 200
}

upgraded()
{
	# shellcheck disable=SC2154
	take_over "$1" || fail "not taken over: $answer"
	# shellcheck disable=SC2154
	figure upgrade "$waited"
}

# What comes after a boot; no link in between, as nothing here is timed by it.
life()
{
	name=$dm-life-$1
	link=$LAB_DM_PATH
	LAB_DM_PATH=$TESTED_DM
	guest "$name" memory=128 cmd=lab=tool:beat:10
	LAB_DM_PATH=$link
	create "$name"
	up "$name"
	settled "$name"
	timed save save "$name" "$RUN/life.save"
	figure state "$(labtool state "$RUN/life.save")"
	timed restore restore "$RUN/life.save"
	rm "$RUN/life.save"
	settled "$name"
	migrated "$name"
	[ "$dm" = stock ] || upgraded "$name"
	settled "$name"
	timed destroy destroy "$name"
	no_leftovers
	say "$dm: saved, restored, migrated, destroyed"
}

# The same device through an Intel 31154 and a socket.
peer bench-peer "$PLUGINS/membar.so" --listen "unix:$RUN/p.sock"
PEER="i31154,id=br0\", \"-device\", \"peer,bus=br0,slot=3,connect=unix:$RUN/p.sock"

# In turn, so that a host busy for a while disturbs all.
for round in $(seq "$ACCESS_ROUNDS"); do
	turn stock "$STOCK"
	accesses edu 1234.11e8 4 1000
	turn mini "$MINI"
	accesses membar 1234.11e9 4 1000
	turn peer "$MINI"
	accesses "$PEER" 1234.11e9 4 1000
done
for round in $(seq "$ROUNDS"); do
	turn stock "$STOCK"
	kernel_boot "$round"
	life "$round"
	turn mini "$MINI"
	kernel_boot "$round"
	life "$round"
done
dm=stock
figure binary "$(stat -c %s "$STOCK")"
dm=mini
figure binary "$(stat -c %s "$MINI")"
figure plugins "$(cat "$PLUGINS"/*.so | wc -c)"
