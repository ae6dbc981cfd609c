# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# an Intel 31154 and devices behind it: a plugin, a Unix peer, a TCP peer, a bridge
# needs: pci
# dm: mini
# limit: 1500

PLUGINS=/usr/lib/mini-ioemu/devices

# A host of its own for the TCP peer, at the far end of a cable.
unshare -n sh -c "echo \$\$ >$RUN/netns.pid; exec sleep 10000" &
poll 10 [ -s "$RUN/netns.pid" ]
read -r netns <"$RUN/netns.pid"
# By their paths: the shell would take its own of these.
ip=/sbin/ip inside="/usr/bin/nsenter -t $netns -n"
$ip link add lab0 type veth peer name lab1 netns "$netns"
$ip addr add 192.0.2.1/30 dev lab0
$ip link set lab0 up
$inside $ip addr add 192.0.2.2/30 dev lab1
$inside $ip link set lab1 up
$inside /usr/bin/ioemu-peer $PLUGINS/dma-engine.so \
	--listen tcp:192.0.2.2:4000 2>"$RUN/peer-tcp.log" &
peer unix $PLUGINS/dma-engine.so --listen "unix:$RUN/dma.sock"
peer deep $PLUGINS/membar.so --listen "unix:$RUN/deep.sock"

args='"-device", "i31154,id=br0,addr=5"'
args="$args, \"-device\", \"dma-engine,bus=br0,addr=1\""
# slots 3 and 7: INTA# of both is the same line
args="$args, \"-device\", \"peer,id=unix,bus=br0,slot=3,connect=unix:$RUN/dma.sock\""
args="$args, \"-device\", \"peer,id=tcp,bus=br0,slot=7,connect=tcp:192.0.2.2:4000\""
args="$args, \"-device\", \"i31154,id=br1,bus=br0,addr=9\""
args="$args, \"-device\", \"peer,id=deep,bus=br1,slot=2,connect=unix:$RUN/deep.sock\""
guest pci boot=pci dm_args="$args" cmd="lab=lspci,drivers:${MIB:-11},poweroff"
create pci
up pci
wait_for GUEST-LSPCI pci 60
out=$RUN/pci.serial
check "no bridge 537c in slot 5" grep -q "^00:05.0 .*\[8086:537c\]" "$out"
check "no plugin, no Unix peer, no TCP peer behind it" \
	[ "$(grep -c '^01:0[137].0 .*\[1234:11ea\]' "$out")" = 3 ]
check "no bridge behind the bridge" grep -q "^01:09.0 .*\[8086:537c\]" "$out"
check "no peer two bridges down" grep -q "^02:02.0 .*\[1234:11e9\]" "$out"
say "lspci shows all behind the bridges"
wait_for "LABDEV BARs" pci 60 # memory, registers and ports, two bridges down
wait_for "LABDEV done" pci 600 3
check "no 3 x MSI-X" [ "$(grep -c 'LABDEV MSI-X' "$out")" = 3 ]
check "no 3 x MSI" [ "$(grep -c 'LABDEV MSI:' "$out")" = 3 ]
check "no 3 x INTx" [ "$(grep -c 'LABDEV INTx' "$out")" = 3 ]
say "DMA both ways with INTx, MSI, MSI-X: $(grep -o 'LABDEV MSI-X.*' "$out" | tr -d '\r' | tr '\n' ';')"
wait_gone pci 60
kill "$netns"
no_leftovers
