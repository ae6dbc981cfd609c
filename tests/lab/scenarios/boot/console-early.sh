# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xl create -c: the console from the first moment, a login shell both ways
# needs: kernel
# limit: 600

guest tty serial=pty cmd=lab=shell
mkfifo "$RUN/keys"
script -qefc "xl create -c $RUN/tty.cfg" "$RUN/tty.serial" \
	<"$RUN/keys" >/dev/null 2>&1 &
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
no_leftovers
