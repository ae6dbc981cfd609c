# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# our hvmloader under a stock Xen: three levels of bridges, and a guest without any
# needs: pci
# dm: mini
# limit: 900

OURS=/usr/lib/mini-ioemu/hvmloader
FIRMWARE="firmware_override = \"$OURS\""

check "no hvmloader of ours: make hvmloader" [ -x $OURS ]

# device WORDS…: one more for $args
args='"--plugin-dir", "/opt/plugins"'
device()
{
	args="$args, \"-device\", \"$1\""
}

# firmware NAME: create it, wait for hvmloader's end, and keep what that said
firmware()
{
	create "$1"
	id=$(domid "$1")
	poll 120 sh -c "xl dmesg | grep -q '^(d$id) Invoking SeaBIOS'" ||
		fail "hvmloader came to no end"
	xl dmesg | sed -n "s/^(d$id) //p" >"$RUN/$1.hvmloader"
}

device i31154,id=br0,addr=5
device bars,bus=br0,addr=1,number=1,bar0=mem:16,bar1=io:16,bar2=mem64:4096
device i31154,id=br1,bus=br0,addr=2
device dma-engine,bus=br0,addr=3
device bars,bus=br1,addr=1.0,multifunction=on,number=2,bar0=pref:0x100000,bar1=io:4,rom=0x10000
device bars,bus=br1,addr=1.1,number=3,bar0=mem:256
device bars,bus=br1,addr=2,number=4,bar0=pref64:0x2000000
device i31154,id=br2,bus=br1,addr=4
device bars,bus=br2,addr=0,number=5,bar0=pref64:0x200000000
device bars,bus=br2,addr=1,number=6,bar0=pref:0x1000000,bar1=mem:0x200000
device bars,bus=br2,addr=2,number=7,bar0=mem64:0x10000,bar2=pref64:0x100000,bar4=io:256
device dma-engine,bus=br2,addr=3,isolate=on
device i31154,id=br3,addr=6
device bars,bus=br3,addr=1f,number=8,bar0=pref:0x400000,bar1=mem:4096

guest tree boot=pci dm_args="$args" cfg="$FIRMWARE" \
	cmd="pci=realloc=off lab=lspci,resources,tool:bars,drivers:1,poweroff"
firmware tree
log=$RUN/tree.hvmloader out=$RUN/tree.serial
check "a configuration space as memory that nobody asked for" \
	[ "$(grep -c "PCI configuration space at" "$log")" = 0 ]
check "hvmloader does not say what it did" \
	grep -q "^pci dev 00:05.0 buses 01-03" "$log"
up tree
wait_for "GUEST-BARS 8 functions, 15 BARs, 0 wrong" tree 120
check "Linux complains: $(grep GUEST-COMPLAINT "$out" | head -n 1)" \
	[ "$(grep -c GUEST-COMPLAINT "$out")" = 0 ]
say "three levels, 14 functions, 15 BARs from 4 B to 8 GiB answer; Linux has nothing to say"
# Each line of hvmloader's that names a place, as the guest has it.
grep "^pci dev .* bar .*: [0-9a-f]" "$log" |
	sed 's/^pci dev \(.*: [0-9a-f]*\).*/\1/' >"$RUN/placed"
check "hvmloader placed nothing" [ -s "$RUN/placed" ]
while read -r bar; do
	check "Linux moved $bar" grep -q "^BAR $bar" "$out"
done <"$RUN/placed"
check "something got no place: $(grep "no space" "$log" | head -n 1)" \
	[ "$(grep -c "no space" "$log")" = 0 ]
say "$(wc -l <"$RUN/placed") BARs are where hvmloader put them"
wait_for "LABDEV done" tree 300 2
check "no INTx one and three levels down" [ "$(grep -c 'LABDEV INTx' "$out")" = 2 ]
say "DMA with interrupts behind one bridge, and from a process of its own behind three"
wait_gone tree 60

# Without a bridge: line for line what the distribution's says of resources.
args='"-device", "membar,addr=5", "-device", "dma-engine,addr=6"'
guest plain boot=pci dm_args="$args" cfg="$FIRMWARE" cmd="lab=cpus:1,poweroff"
guest stock boot=pci dm_args="$args"
for name in plain stock; do
	firmware $name
	grep "^pci dev\|hole\|mem_resource" "$RUN/$name.hvmloader" >"$RUN/$name.pci"
done
check "without a bridge something differs" cmp "$RUN/stock.pci" "$RUN/plain.pci"
say "without a bridge: the same $(wc -l <"$RUN/plain.pci") lines as the distribution's"
xl destroy stock
up plain
wait_gone plain 60
no_leftovers
