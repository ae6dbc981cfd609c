# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# xl cd-insert and cd-eject ten times: the guest reads each CD; xentop counts it
# dm: mini
# limit: 900

ROUNDS=${ROUNDS:-10}

# make_cd NUMBER: a CD of its own size and content; its sum in $sum.
make_cd()
{
	dd if=/dev/urandom of="$RUN/$1.iso" bs=2048 count=$((64 * $1)) 2>/dev/null
	sum=$(sha256sum "$RUN/$1.iso")
	sum=${sum%% *}
}

# While the guest reads it has the drive locked, and libxl is told so.
change()
{
	xl "$@" >>"$RUN/xl-cd.log" 2>&1
}

# counted DOMAIN: sectors that xentop says it has read.
counted()
{
	xentop -b -i 1 >"$RUN/xentop.log"
	awk -v name="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "VBD_RSECT") at = i }
		$1 == name { print $at }' "$RUN/xentop.log"
}

guest cd cmd=lab=media cfg='disk = [ ",raw,hdc,ro,cdrom" ]'
create cd
up cd
wait_for "GUEST-MEDIUM none" cd 60

bytes=0
i=1
while [ "$i" -le "$ROUNDS" ]; do
	make_cd "$i"
	poll 60 change cd-insert cd hdc "$RUN/$i.iso" ||
		fail "cd-insert: $(tail -n 1 "$RUN/xl-cd.log")"
	wait_for "GUEST-MEDIUM $sum" cd 60
	poll 60 change cd-eject cd hdc ||
		fail "cd-eject: $(tail -n 1 "$RUN/xl-cd.log")"
	wait_for "GUEST-MEDIUM none" cd 60 $((i + 1))
	bytes=$((bytes + 64 * i * 2048))
	rm "$RUN/$i.iso"
	i=$((i + 1))
done
say "$ROUNDS CDs inserted, read, ejected"

# One is changed for another without an eject between.
make_cd 11
poll 60 change cd-insert cd hdc "$RUN/11.iso" || fail "cd-insert 11"
wait_for "GUEST-MEDIUM $sum" cd 60
make_cd 12
poll 60 change cd-insert cd hdc "$RUN/12.iso" || fail "cd-insert 12"
wait_for "GUEST-MEDIUM $sum" cd 60

sectors=$(counted cd)
check "xentop says $sectors sectors were read, of $bytes bytes and more" \
	[ "${sectors:-0}" -ge $((bytes / 512)) ]
say "changed without an eject; xentop counts $sectors sectors"

xl destroy cd
wait_gone cd 60
no_leftovers
