# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# reboots, each with another configuration; destroyed at any moment of a boot
# needs: kernel
# dm: mini
# limit: 7200

ROUNDS=${ROUNDS:-3}
DESTROYS=${DESTROYS:-5}

card='"-device", "membar,id=card,addr=5"'
engine='"-device", "dma-engine,id=engine,addr=6'

# configure ROUND: what a guest of this round is made of.
configure()
{
	vcpus=$((1 + $1 % 2))
	memory=$((112 + 16 * ($1 % 3)))
	case $(($1 % 4)) in
	0)	args='' has='none' ;;
	1)	args=$card has='05.0=0x11e9' ;;
	2)	args="$card, $engine,isolate=on\"" has='05.0=0x11e9 06.0=0x11ea' ;;
	3)	args="$engine\"" has='06.0=0x11ea' ;;
	esac
	guest again vcpus="$vcpus" memory="$memory" dm_args="$args" \
		cmd=lab=inventory,wait
	expected="GUEST-HAS cpus $vcpus memory $memory devices $has"
}

new_domain()
{
	id=$(domid again) && [ "$id" != "$last_id" ] && dm_pid again
}

configure 0
start=$(now)
create again
wait_for "$expected" again "$BOOT_LIMIT"
boot_us=$(awk "BEGIN { print int(1000 * ($(now) - $start)) }")
round=1
while [ "$round" -le "$ROUNDS" ]; do
	last_id=$(domid again)
	last_dm=$(dm_pid again)
	configure "$round"
	wait_for GUEST-WAITS again 60
	xl config-update again "$RUN/again.cfg" >>"$RUN/xl-again.log" 2>&1
	xl reboot again
	poll 120 new_domain || fail "no new domain after reboot $round"
	wait_for "$expected" again "$BOOT_LIMIT"
	check "device model $last_dm still runs" \
		poll 10 [ ! -e "/proc/$last_dm/exe" ]
	# shellcheck disable=SC2154
	say "reboot $round: ${line#GUEST-HAS }"
	round=$((round + 1))
done
xl destroy again
no_leftovers

configure 2
round=1
while [ "$round" -le "$DESTROYS" ]; do
	create again
	random $((boot_us / 1000))
	usleep $((random * 1000))
	xl destroy again
	no_leftovers
	round=$((round + 1))
done
say "$DESTROYS times destroyed within $((boot_us / 1000)) ms, nothing left"
