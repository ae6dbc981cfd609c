# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# the rate at which one vCPU goes on while another always waits for a slow peer, in figures
# needs: kernel
# dm: mini
# list: extra
# limit: 900
# alone: yes

# These are figures, and nothing is judged but that it all ends: async proves
# by order that nobody waits for another. Xen has one processor here, which both
# vCPUs, dom0 and the peer share. A vCPU whose access is on its way is blocked
# and leaves it to the others. So the processor should not be idle: what the
# port reads beside get of it and what as many accesses take that are answered
# at once make nearly all of it; the rest are the peer's timer and the switches
# that only a late answer needs. That is 851 to 1,128 of 1,000, as a busy host
# has it (41 runs, by both Xens). With a peer ten times as slow all this is
# little, and the port reads lose nothing.
ROUNDS=${ROUNDS:-11}
WINDOW_MS=${WINDOW_MS:-250}
LIMIT=$((60 + ROUNDS * WINDOW_MS * 6 * 5 / 1000))
PLUGINS=/usr/lib/mini-ioemu/devices

# figures DELAY-US NTH: what that run of the guest's tool says.
figures()
{
	wait_for "ASYNC timer alone.*most-us [0-9]" async "$LIMIT" "$2"
	say "$1 us: timer of 10 ms, late by: ${line#*timer }"
	wait_for "ASYNC timer beside.*most-us [0-9]" async 10 "$2"
	say "$1 us: timer of 10 ms, late by: ${line#*timer }"
	for what in slow-reads permille; do
		wait_for "ASYNC $what.* [0-9]*" async 10 "$2"
		say "$1 us: ${line#*ASYNC }"
	done
	wait_for "ASYNC done" async 10 "$2"
}

start_peer()
{
	peer slow $PLUGINS/membar.so "delay-us=$1" --listen "unix:$RUN/slow.sock"
}

tool=tool:async:$ROUNDS:$WINDOW_MS
guest async vcpus=2 cmd="lab=cpus:2,$tool,$tool" \
	dm_args="\"-device\", \"peer,slot=5,timeout-ms=10000,connect=unix:$RUN/slow.sock\""
start_peer 20000
create async
up async
figures 20000 1
# shellcheck disable=SC2154
kill -KILL "$peer_pid"
start_peer 200000 # the tool begins when it sees a new process
figures 200000 2
xl destroy async
no_leftovers
