# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# a guest's reboot: xl starts a new domain and a new device model
# needs: kernel
# limit: 900

guest again cmd=lab=reboot
create again
first_dm=$(dm_pid again)
first_id=$(domid again)
up again

new_domain()
{
	id=$(domid again) && [ "$id" != "$first_id" ] && [ -n "$(dm_pid again)" ]
}
poll 60 new_domain || fail "xl did not start a new domain after the reboot"
say "rebooting"
check "the device model is the one from before the reboot" \
	[ "$(dm_pid again)" != "$first_dm" ]
check "the first device model, pid $first_dm, still runs" \
	poll 10 [ ! -e "/proc/$first_dm/exe" ]
xl destroy again
no_leftovers
