# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# device model killed in mid-write, again and again: ext4 has all that was synced
# needs: pci
# limit: 7200

ROUNDS=${ROUNDS:-3}

# What it said it had synced before it was cut off, whole lines only.
last_synced()
{
	tr -d '\r' <"$RUN/crash.serial" |
		sed -n 's/^SYNCED \([0-9]*\)\.$/\1/p' | tail -n 1
}

disk=$RUN/crash.img
dd if=/dev/zero of="$disk" bs=1M count=8 2>/dev/null
mkfs.ext4 -q -F -b 1024 "$disk"

# start LAST: and wait until it found all up to there.
start()
{
	guest crash boot=pci memory=128 cmd="lab=journal:$1" \
		cfg="disk = [ \"$disk,raw,hda,rw\" ]"
	create crash
	[ "$1" = 0 ] || wait_for "JOURNAL replayed" crash "$BOOT_LIMIT"
	wait_for "JOURNAL intact" crash "$BOOT_LIMIT"
	# shellcheck disable=SC2154
	say "${line#JOURNAL }"
}

start 0
round=1
while [ "$round" -le "$ROUNDS" ]; do
	# The moment is any: so many records, and somewhere in one.
	random 40
	wait_for "SYNCED" crash 120 $((random + 1))
	random 50000
	usleep "$random"
	kill -KILL "$(dm_pid crash)"
	xl destroy crash
	wait_gone crash 60
	no_leftovers
	say "round $round: killed after record $(last_synced)"
	start "$(last_synced)"
	round=$((round + 1))
done
xl destroy crash
no_leftovers
# The journal once more, then every block: nothing is to be repaired.
e2fsck -p "$disk" || [ $? -eq 1 ] || fail "e2fsck cannot recover the file system"
check "the file system is damaged" e2fsck -f -n "$disk"
