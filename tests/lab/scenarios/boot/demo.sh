# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# the demo: a Linux guest from CD to userspace and power-off, its console shown
# needs: cd
# list: extra
# limit: 600

guest demo boot=cd cmd=lab=cpus:1,cd,poweroff
create demo
say "xl create: domain built, device model ready"
wait_for "ISOLINUX" demo 300
say "SeaBIOS and the boot loader"
up demo
say "Linux userspace in the guest"
wait_for "GUEST-CD equal" demo 120
say "the guest read its CD back, equal"
wait_gone demo 60
no_leftovers
say "power-off; nothing left behind"
while read -r text; do
	say "  guest | $text"
done <"$RUN/demo.serial"
say "  device model log | $(tail -n 3 /var/log/xen/qemu-dm-demo.log | tr '\n' ' ')"
