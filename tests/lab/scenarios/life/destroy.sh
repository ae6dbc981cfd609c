# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xl destroy in the middle of a boot, in the firmware and in the kernel
# needs: kernel
# limit: 600

guest early cmd=lab=poweroff
create early
say "destroyed at once"
xl destroy early
no_leftovers

guest late cmd="loglevel=7 lab=poweroff"
create late
wait_for "Linux version" late "$BOOT_LIMIT"
say "destroyed in the kernel"
xl destroy late
no_leftovers
