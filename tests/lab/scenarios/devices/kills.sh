# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# a peer killed, stopped, started again under load; the guest and others go on
# needs: kernel
# dm: mini
# limit: 1500

TIMES=${TIMES:-12}
TIMEOUT_MS=5000
PLUGINS=/usr/lib/mini-ioemu/devices

start_peer()
{
	peer membar $PLUGINS/membar.so --connect "unix:$RUN/membar.sock"
}

args='"-device", "i31154,id=br0,addr=5", "-device", "dma-engine,bus=br0,addr=1"'
args="$args, \"-device\", \"peer,id=ram,bus=br0,slot=3,timeout-ms=$TIMEOUT_MS,listen=unix:$RUN/membar.sock\""
guest kills vcpus=2 dm_args="$args" cmd="lab=tool:survive:$TIMES,poweroff"
create kills
start_peer
up kills
wait_for "SURVIVE start" kills 60
fds=$(ls "/proc/$(dm_pid kills)/fd" | wc -l)
round=1 beside=0
while [ "$round" -le "$TIMES" ]; do
	case $((round % 3)) in
	0)	kill -STOP "$peer_pid" # hung: the core gives it up, in time
		beside=$((beside + 1))
		wait_for "SURVIVE others went on" kills 60 "$beside" ;;
	1)	kill -KILL "$peer_pid" ;;
	2)	kill -TERM "$peer_pid" ;;
	esac
	wait_for "SURVIVE lost $round" kills 60
	kill -KILL "$peer_pid" 2>/dev/null || true
	start_peer
	wait_for "SURVIVE good again $round" kills 60
	[ "$round" = "$TIMES" ] || round_fds=$(ls "/proc/$(dm_pid kills)/fd" | wc -l)
	round=$((round + 1))
done
say "$TIMES times lost and back, data right after each"
check "descriptors grew from $fds to $round_fds" [ "$fds" = "$round_fds" ]
wait_for "SURVIVE other accesses [1-9]" kills 60
say "the other device: ${line#*other }; went on in each of $beside hangs"
wait_gone kills 60
no_leftovers
