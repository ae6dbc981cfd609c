# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xl console -t serial: a login shell works both ways
# needs: kernel
# limit: 600

guest tty serial=pty cmd=lab=shell
create tty
mkfifo "$RUN/keys"
xl console -t serial tty <"$RUN/keys" >"$RUN/tty.serial" 2>&1 &
console=$!
exec 4>"$RUN/keys"
wait_prompt "lab# " tty "$BOOT_LIMIT"
say "prompt"
echo "echo answer \$((6 * 7))" >&4
wait_for "^answer 42" tty 60
say "computed answer"
echo "poweroff -f" >&4
wait_gone tty 60
exec 4>&-
check "xl console did not end with the guest" \
	poll 10 [ ! -e "/proc/$console/exe" ]
no_leftovers
