# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# peers that come while the guest runs: its kernel finds them and binds drivers by itself
# needs: pci
# dm: mini
# limit: 900

PLUGINS=/usr/lib/mini-ioemu/devices

bridge=i31154,id=br0,addr=5
ioemu-ssdt -o "$RUN/ssdt.aml" "$bridge"
args="\"-device\", \"$bridge\""
args="$args, \"-device\", \"peer,id=root,slot=6,listen=unix:$RUN/root.sock\""
args="$args, \"-device\", \"peer,id=behind,bus=br0,slot=3,listen=unix:$RUN/behind.sock\""
guest late boot=pci dm_args="$args" cfg="acpi_firmware = \"$RUN/ssdt.aml\"" \
	cmd="loglevel=7 lab=drivers,lspci"
create late
up late
wait_for GUEST-DONE late 120
out=$RUN/late.serial
check "no bridge in slot 5" grep -q '^00:05.0 .*\[8086:537c\]' "$out"
check "a device before its process" [ "$(grep -c '\[1234:11e' "$out")" = 0 ]
peer root $PLUGINS/membar.so --connect "unix:$RUN/root.sock"
wait_for "00:06.0: LABDEV BARs" late 60
say "root bus: every kind of BAR"
# Linux 6.1 makes windows for an empty bridge when it looks at the root bus
# again, and at no other time.
wait_for "00:05.0: bridge window .*64bit pref.: assigned" late 60
peer behind $PLUGINS/dma-engine.so --connect "unix:$RUN/behind.sock"
wait_for "01:03.0: LABDEV done" late 120
say "behind a bridge: DMA with $(grep -o 'LABDEV MSI-X.*' "$out" | tr -d '\r')"
xl destroy late
no_leftovers
