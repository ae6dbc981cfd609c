# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# configuration space as memory, told of by our hvmloader: 4 KiB of a plugin and of a process
# needs: pci
# dm: mini
# limit: 600

guest ecam boot=pci cmd="lab=lspci,extended,poweroff" \
	dm_args='"--ecam", "-device", "membar,addr=5,serial=0x1122334455667788", "-device", "membar,addr=6,serial=0x99aabbccddeeff00,isolate=on"' \
	cfg='firmware_override = "/usr/lib/mini-ioemu/hvmloader"'
create ecam
up ecam
wait_for "GUEST-EXTENDED end" ecam 120
out=$RUN/ecam.serial
check "hvmloader does not find it" sh -c \
	"xl dmesg | grep -q '^(d$(domid ecam)) PCI configuration space at fd000000: buses 0 to 15'"
check "Linux does not believe it: $(grep MMCONFIG "$out" | head -n 1)" \
	grep -q "MMCONFIG for domain 0000 \[bus 00-0f\] at \[mem 0xfd000000-0xfdffffff\]" "$out"
say "found by hvmloader, believed by Linux"
check "no serial number of the plugin" grep -q "Device Serial Number 11-22-33-44-55-66-77-88" "$out"
check "no serial number of the process" grep -q "Device Serial Number 99-aa-bb-cc-dd-ee-ff-00" "$out"
check "what is written is not kept: $(grep GUEST-EXTENDED "$out")" \
	[ "$(grep -c "GUEST-EXTENDED 0000:00:0[56].0 4096 bytes, 600d600d" "$out")" = 2 ]
check "a function that has no more than 256 bytes has" \
	grep -q "GUEST-EXTENDED 0000:00:01.0 256 bytes" "$out"
say "extended capabilities are read and written, in this process and in another"
wait_gone ecam 60
no_leftovers
