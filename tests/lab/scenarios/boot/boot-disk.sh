# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# disk boot by MBR and syslinux: 32 MiB written, reboot, the same read back
# needs: disk
# limit: 900

guest disk boot=disk cmd=lab=disk,poweroff
create disk
first_dm=$(dm_pid disk)
first_id=$(domid disk)
wait_for "GUEST-UP" disk "$BOOT_LIMIT"
say "first boot"
wait_for "DISK-WROTE .* sum" disk 120
# shellcheck disable=SC2154
written=${line##*sum }
wait_for "GUEST-DISK written" disk 60
say "written, rebooting"

rebooted()
{
	id=$(domid disk) && [ "$id" != "$first_id" ] && [ -n "$(dm_pid disk)" ]
}
poll 60 rebooted || fail "xl did not start a new domain after the reboot"
check "the device model is the one from before the reboot" \
	[ "$(dm_pid disk)" != "$first_dm" ]
wait_file "DISK-READ .* sum $written" "$RUN/disk.serial" "$BOOT_LIMIT"
wait_file "GUEST-DISK equal" "$RUN/disk.serial" 60
say "read back, equal"
wait_gone disk 60
no_leftovers
