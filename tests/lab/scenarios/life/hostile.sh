# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# a hostile guest for HOSTILE_S seconds (60); another guest's heart beats on
# needs: kernel
# limit: 2400

HOSTILE_S=${HOSTILE_S:-60}
SEED=${SEED:-1}
WILD_S=$((HOSTILE_S / 4))
LOG_LIMIT=1000000
dm_log=/var/log/xen/qemu-dm-hostile.log

guest heart cmd=lab=heartbeat
# A life that the guest ends itself is not continued.
guest hostile cfg='on_reboot = "destroy"' \
	cmd="lab=tool:hostile:mild:$HOSTILE_S:$SEED,tool:hostile:wild:$WILD_S:$SEED"
create heart
create hostile
up heart
up hostile
heart_dm=$(dm_pid heart)
hostile_dm=$(dm_pid hostile)

# The device model may only go when its domain goes.
alive_or_ended()
{
	[ -e "/proc/$hostile_dm/exe" ] || poll 10 gone hostile ||
		fail "the hostile guest killed its device model"
}

# watch MARKER SECONDS: beats must come while the other guest is at work.
watch()
{
	until_ms=$(($(now | cut -d. -f1) + $2 * 1000))
	while [ "$(now | cut -d. -f1)" -lt "$until_ms" ]; do
		beats=$(grep -c HEARTBEAT "$RUN/heart.serial")
		wait_for "HEARTBEAT $((beats + 2))" heart 60
		alive_or_ended
		if grep -q "$1" "$RUN/hostile.serial" || gone hostile; then
			return
		fi
	done
}

wait_for "HOSTILE-START mild" hostile 60
watch "HOSTILE-DONE mild" $((HOSTILE_S * 5))
check "the mild part was not finished" \
	grep -q "HOSTILE-DONE mild" "$RUN/hostile.serial"
say "$(grep -o "HOSTILE-DONE mild.*" "$RUN/hostile.serial" | tr -d '\r')"
watch "HOSTILE-DONE wild" $((WILD_S * 5))
say "wild part over"

check "the heart's device model died" [ -e "/proc/$heart_dm/exe" ]
check "the hostile guest wrote more than $LOG_LIMIT bytes of log" \
	[ "$(stat -c %s "$dm_log")" -lt "$LOG_LIMIT" ]
xl destroy hostile || gone hostile
xl destroy heart
no_leftovers
