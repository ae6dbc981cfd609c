# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xl console -t serial: a login shell works both ways
# needs: kernel
# limit: 600

guest tty serial=pty cmd=lab=shell
create tty
mkfifo "$RUN/keys"
script -qefc "xl console -t serial tty" "$RUN/tty.serial" \
	<"$RUN/keys" >/dev/null 2>&1 &
console=$!
exec 4>"$RUN/keys"
wait_prompt "lab# " tty "$BOOT_LIMIT"
say "prompt"
# shellcheck disable=SC2016
printf 'echo answer $((6 * 7))\r' >&4
wait_for "answer 42" tty 60
say "computed answer"
printf 'poweroff -f\r' >&4
wait_gone tty 60
exec 4>&-
check "xl console did not end with the guest" \
	poll 10 [ ! -e "/proc/$console/exe" ]
no_leftovers
