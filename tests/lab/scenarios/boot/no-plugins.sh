# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# no plugins: a clear message, and xl create fails cleanly and at once
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
if xl create "$RUN/bare.cfg" >"$RUN/xl-create.log" 2>&1; then
	fail "xl create succeeded without any plugin"
fi
# libxl would give a device model a minute (libxl_exec.c, spawn_timeout).
check "xl create waited for a device model that had ended" \
	[ "$(grep -c "timed out" "$RUN/xl-create.log")" = 0 ]
check "the log does not name the folder $PLUGINS" \
	grep -q "$PLUGINS" /var/log/xen/qemu-dm-bare.log
no_leftovers
