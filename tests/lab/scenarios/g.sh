# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# no plugins: a clear message, and xl create fails cleanly within 10 s
# needs: kernel
# dm: mini
# limit: 300

PLUGINS=/usr/lib/mini-ioemu/devices

restore()
{
	umount "$PLUGINS"
	at_exit
}

guest bare cmd=lab=poweroff
mount -t tmpfs tmpfs "$PLUGINS"
trap restore EXIT
start=$(now)
if xl create "$RUN/bare.cfg" >"$RUN/xl-create.log" 2>&1; then
	fail "xl create succeeded without any plugin"
fi
took=$((${start%.*} * -1 + $(now | cut -d. -f1)))
say "xl create failed in $took ms"
check "xl create took $took ms to fail" [ "$took" -lt 10000 ]
check "the log does not name the folder $PLUGINS" \
	grep -q "$PLUGINS" /var/log/xen/qemu-dm-bare.log
no_leftovers
