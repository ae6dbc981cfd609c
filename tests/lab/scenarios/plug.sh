# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# a plugin, a process and a processor plugged in and taken out while the guest works
# needs: pci
# dm: mini
# limit: 1500

ROUNDS=${ROUNDS:-5}

guest plug boot=pci vcpus=1 memory=192 cfg="maxvcpus = 3" \
	cmd="loglevel=7 lab=plugged"
create plug
up plug
out=$RUN/plug.serial

# operator WORDS: said to the device model; it answers only what goes wrong.
operator()
{
	answer=$(xl qemu-monitor-command plug "$*") || fail "xl: $answer"
	[ -z "$answer" ] || fail "$1: $answer"
}

xl vcpu-set --ignore-host plug 2
wait_for "GUEST-CPUS 2" plug 60
say "a second processor, on line"

in_and_out()
{
	operator "device_add dma-engine,id=engine,addr=7$2"
	wait_for "00:07.0: LABDEV done" plug 120 "$1"
	operator "device_del engine"
	wait_for "00:07.0: LABDEV gone" plug 60 "$1"
}
round=1
while [ "$round" -le "$ROUNDS" ]; do
	in_and_out $((2 * round - 1)) ""
	in_and_out $((2 * round)) ",isolate=on"
	round=$((round + 1))
done
say "$ROUNDS times a plugin and $ROUNDS times a process: bound, DMA, ejected"
check "the processes are still there" poll 20 sh -c '[ -z "$(pidof ioemu-peer)" ]'
xl destroy plug
no_leftovers
