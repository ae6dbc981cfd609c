# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# pins of a second IO-APIC: level and edge, masked and not, saved in the midst, beside ISA and PCI
# needs: pci
# dm: mini
# xen: patched
# list: extra
# limit: 1800

PLUGINS=/usr/lib/mini-ioemu/devices
LOADER=${LOADER:-/usr/lib/mini-ioemu/hvmloader}
ROUNDS=${ROUNDS:-2}
out=$RUN/pins.serial

# pins CMD CFG KEYS…: the guest with a device in a process of its own for each
# of KEYS, of which it sees the registers, and with a PCI device.
pins()
{
	cmd=$1 cfg=$2 n=0 args='' words=''
	shift 2
	for keys in "$@"; do
		word="raw-mmio,base=0xe00${n}3000,size=0x1000,posted=off,hid=LABR0002,irq=7$keys"
		words="$words $word"
		args="$args\"-device\", \"$word,id=r$n,exec=ioemu-peer \
$PLUGINS/raw-test.so base=0xe00${n}0000 irq=7\", "
		n=$((n + 1))
	done
	count=$n
	# shellcheck disable=SC2086
	ioemu-ssdt -o "$RUN/ssdt.aml" $words
	guest pins boot=pci dm_args="$args\"-device\", \"dma-engine,addr=5\"" \
		cmd="$cmd" cfg="acpi_firmware = \"$RUN/ssdt.aml\"
firmware_override = \"$LOADER\"
$cfg"
	create pins
	up pins
	wait_for "LABDEV done" pins 300
	check "the log does not say what was found" \
		grep -q "interrupt pins 48 to 95" /var/log/xen/qemu-dm-pins.log
}

# goes_on N: each device says N times more that all of 256 turns came.
goes_on()
{
	n=0
	while [ "$n" -lt "$count" ]; do
		wait_for "LABR0002:0$n: LABPIN" pins 300 "$1"
		say "${line#*LABPIN }"
		n=$((n + 1))
	done
	wait_for GUEST-PINS pins 60
}

by_pins()
{
	check "no second IO-APIC" \
		grep -q "IOAPIC\[1\]:.*address 0xfec01000, GSI 48-95" "$out"
	check "no level on its first pin" grep -q "IO-APIC *0-fasteoi *labpin" "$out"
	check "no edge on its last" grep -q "IO-APIC *47-edge *labpin" "$out"
	check "no ISA interrupt beside it" grep -q "IO-APIC *7-edge *labpin" "$out"
}

saved()
{
	xl save pins "$RUN/pins.save" >>"$RUN/xl-save.log" 2>&1 ||
		fail "xl save: $(grep -m 1 -i error "$RUN/xl-save.log")"
	xl restore "$RUN/pins.save" >>"$RUN/xl-save.log" 2>&1 ||
		fail "xl restore: $(grep -m 1 -i error "$RUN/xl-save.log")"
	say "saved and restored"
	goes_on 2
}

ended()
{
	grep labpin "$out" | tail -n 3 >>"$RUN/interrupts"
	xl destroy pins
	wait_gone pins 60
}

# Linux that does not know of Xen: interrupts come by the IO-APICs, and it is
# saved wherever it happens to be.
pins "lab=pins xen_nopv" "" ,gsi=48,irq-mode=level ,gsi=95 ""
goes_on 2
check "what makes no sense is taken: $(labtool gsi "$(domid pins)")" \
	labtool gsi "$(domid pins)"
by_pins
check "no PCI interrupt beside it" grep -q "LABDEV INTx: .* interrupts" "$out"
round=0
while [ "$round" -lt "$ROUNDS" ]; do
	round=$((round + 1))
	saved
done
ended

# Linux that would take them as events, did Xen offer that; and a device model
# that has no rights but this guest's.
pins lab=pins "dm_restrict = 1" ,gsi=48,irq-mode=level ,gsi=95 ""
goes_on 1
by_pins
saved
ended
no_leftovers
