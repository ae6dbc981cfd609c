# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# kernel panics: one that resets the machine, one that tells Xen of the crash
# needs: kernel
# limit: 900

# Linux answers a panic under Xen with an immediate reset of the machine.
guest reset cmd=lab=panic cfg='on_reboot = "destroy"'
create reset
up reset
wait_gone reset 60
check "xl saw no reset: $(cat /var/log/xen/xl-reset.log)" \
	grep -q "reason code 1 " /var/log/xen/xl-reset.log
no_leftovers
say "reset, nothing left"

# Reason 3 is a crash (Xen, public/sched.h); on_crash is "destroy".
guest crash cmd="xen_legacy_crash lab=panic"
create crash
up crash
wait_gone crash 60
check "xl saw no crash: $(cat /var/log/xen/xl-crash.log)" \
	grep -q "reason code 3 " /var/log/xen/xl-crash.log
no_leftovers
