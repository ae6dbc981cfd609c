# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xl create -c: the console from the first moment, a login shell both ways
# needs: kernel
# limit: 600

guest tty serial=pty cmd=lab=shell
mkfifo "$RUN/keys"
xl create -c "$RUN/tty.cfg" <"$RUN/keys" >"$RUN/tty.serial" 2>&1 &
exec 4>"$RUN/keys"
wait_prompt "lab# " tty "$BOOT_LIMIT"
say "prompt"
echo "echo answer \$((6 * 7))" >&4
wait_for "^answer 42" tty 60
say "computed answer"
echo "poweroff -f" >&4
wait_gone tty 60
exec 4>&-
no_leftovers
