# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# while an access of one vCPU waits in a slow peer, the other's accesses and timers go on
# needs: kernel
# dm: mini
# limit: 900

ROUNDS=${ROUNDS:-5}
PORTS=${PORTS:-200}

guest async vcpus=2 cmd="lab=cpus:2,tool:beside:$ROUNDS:$PORTS,poweroff" \
	dm_args="\"-device\", \"peer,slot=5,timeout-ms=60000,connect=unix:$RUN/slow.sock\""
peer slow /usr/lib/mini-ioemu/devices/membar.so delay-us=4000000000 \
	--listen "unix:$RUN/slow.sock"
create async
up async
wait_for "BESIDE done" async $((120 + ROUNDS * 30))
# shellcheck disable=SC2154
say "$(tr -d '\r' <"$RUN/async.serial" | grep "BESIDE round $ROUNDS:")"
wait_gone async 60
no_leftovers
