# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# ACPI S3 of a guest with two processors of three: both are back, and time passes
# needs: kernel
# list: extra
# limit: 900

# MODE=xen_nopv: Linux that does not know of Xen.
MODE=${MODE:-}
guest sleep2 vcpus=2 cfg="maxvcpus = 3" \
	cmd="loglevel=7 $MODE lab=cpus:2,sleep,cpus:2,heartbeat"
create sleep2
up sleep2
wait_for GUEST-SLEEPS sleep2 60
asleep()
{
	xl qemu-monitor-command sleep2 "info status" | grep -q suspended
}
poll 120 asleep || fail "the guest does not sleep"
say "asleep"
xl trigger sleep2 s3resume
wait_for GUEST-WOKE sleep2 120
say "woken"
# All that Xen has answer the firmware, on line or not.
if dm_is mini; then
	check "SeaBIOS did not wait for all three" sh -c 'xl dmesg | grep -q "Found 3 cpu"'
fi
wait_for GUEST-CPUS sleep2 60 2
wait_for HEARTBEAT sleep2 60 5
xl destroy sleep2
no_leftovers
