# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# CD boot of Linux by isolinux, 1 vCPU: userspace, the CD read back, power-off
# needs: cd
# limit: 600

guest cd1 boot=cd cmd=lab=cpus:1,cd,poweroff
create cd1
say "created"
up cd1
wait_for "GUEST-CPUS 1" cd1 60
wait_for "GUEST-CD equal" cd1 120
wait_gone cd1 60
no_leftovers
