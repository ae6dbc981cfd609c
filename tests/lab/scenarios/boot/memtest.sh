# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# memtest86+ from CD starts its tests; its screen is read out of the VGA stub
# needs: memtest
# dm: mini
# limit: 900

screen()
{
	xl qemu-monitor-command memtest "ask VGA text" >"$RUN/screen.out" &&
		grep -q "$1" "$RUN/screen.out"
}

guest memtest boot=memtest vga=stdvga
create memtest
poll "$BOOT_LIMIT" screen "Memtest86+" || fail "no title on the screen"
say "title on the screen"
poll 120 screen "Test.*#" || fail "no test is shown on the screen"
say "tests run"
xl destroy memtest
no_leftovers
