# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# raw ranges of every attribute and an interrupt, found by an SSDT made of the same words
# needs: pci
# dm: mini
# limit: 900

PLUGINS=/usr/lib/mini-ioemu/devices

peer raw $PLUGINS/raw-test.so --listen "unix:$RUN/raw.sock" irq=7
dev=name=RAWT,hid=LABR0001
ram="raw-mmio,base=0xe0000000,size=0x1000,prefetchable=on,irq=7,irq-mode=level,$dev"
read_only="raw-mmio,base=0xe0001000,size=0x1000,ro=on,$dev"
write_only="raw-mmio,base=0xe0002000,size=0x1000,wo=on,$dev"
regs="raw-mmio,base=0xe0003000,size=0x1000,posted=off,$dev"
high="raw-mmio,base=0x880000000,size=0x1000,prefetchable=on,$dev"
ioemu-ssdt -o "$RUN/ssdt.aml" "$ram" "$read_only" "$write_only" "$regs" "$high"

args="\"-device\", \"$ram,id=r0,connect=unix:$RUN/raw.sock\""
for range in "$read_only" "$write_only" "$regs" "$high"; do
	args="$args, \"-device\", \"$range,peer=r0\""
done
guest raw boot=pci dm_args="$args" cfg="acpi_firmware = \"$RUN/ssdt.aml\"" \
	cmd="lab=drivers,interrupts,poweroff"
create raw
up raw
wait_for "LABDEV done" raw 120
out=$RUN/raw.serial
for part in "its registers" "memory" "memory above 4 GiB" \
	"4 KiB are one write" read-only write-only "100 interrupts"; do
	check "not shown: $part" grep -q "LABDEV $part" "$out"
done
say "memory, read-only, write-only, fence, above 4 GiB, 100 interrupts"
wait_gone raw 60
no_leftovers
