# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# two guests at once, each with its own device model, ended separately
# needs: kernel
# limit: 900

guest one cmd=lab=heartbeat
guest two cmd=lab=heartbeat
create one
create two
check "both guests have the same device model" \
	[ "$(dm_pid one)" != "$(dm_pid two)" ]
up one
up two
wait_for "HEARTBEAT 3" one 60
wait_for "HEARTBEAT 3" two 60
xl destroy one
beats=$(grep -c HEARTBEAT "$RUN/two.serial")
wait_for "HEARTBEAT $((beats + 3))" two 60
say "the other goes on alone"
xl destroy two
no_leftovers
