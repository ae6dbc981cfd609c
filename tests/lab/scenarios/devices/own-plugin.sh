# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# a user's own plugin, built outside the tree with pkg-config alone, driven by a guest
# needs: kernel
# dm: mini
# limit: 600

args='"--plugin-dir", "/opt/plugins", "-device", "doubler,port=0x5b0"'
check "no doubler in --list-devices" sh -c \
	'mini-ioemu --plugin-dir /opt/plugins --list-devices | grep "^doubler:"'
guest own dm_args="$args" cmd=lab=tool:io:out1=5b0=15:in1=5b0,poweroff
create own
up own
wait_for "IO .* = (0x)?2a" own 60
say "the guest wrote 0x15 and read 0x2a"
wait_gone own 60
no_leftovers
