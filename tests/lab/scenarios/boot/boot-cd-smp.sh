# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# CD boot of Linux by isolinux, 2 vCPUs: userspace, the CD read back, power-off
# needs: cd
# limit: 600

guest cd2 boot=cd vcpus=2 cmd=lab=cpus:2,cd,poweroff
create cd2
say "created"
up cd2
wait_for "GUEST-CPUS 2" cd2 60
wait_for "GUEST-CD equal" cd2 120
wait_gone cd2 60
no_leftovers
