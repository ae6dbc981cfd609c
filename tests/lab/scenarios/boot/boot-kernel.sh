# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# direct kernel boot (kernel=, ramdisk=, cmdline=) to userspace and power-off
# needs: kernel
# limit: 600

guest direct boot=kernel cmd=lab=poweroff
create direct
say "created"
up direct
wait_gone direct 60
no_leftovers
