# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# SeaBIOS counts the cylinders of three disks, one with a partition table, as with QEMU
# limit: 400

# disk NAME SIZE: an empty one
disk()
{
	truncate -s "$2" "$RUN/$1.img"
}

disk three 3G
disk five 5G
disk old 64M
# One partition that ends at head 254 and sector 63: INT 13h was translated.
printf '\200\001\001\000\203\376\077\007\077\000\000\000\000\100\000\000' |
	dd of="$RUN/old.img" bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of="$RUN/old.img" bs=1 seek=510 conv=notrunc 2>/dev/null

guest sizes cmd=lab=cpus:1,poweroff cfg="disk = [ \"$RUN/three.img,raw,hda,rw\",
\"$RUN/five.img,raw,hdb,rw\", \"$RUN/old.img,raw,hdc,rw\" ]"
create sizes
id=$(domid sizes)
up sizes
wait_gone sizes 60
xl dmesg | sed -n "s/^(d$id) drive [^:]*: //p" >"$RUN/drives"
for line in \
	"PCHS=6241/16/63 translation=lba LCHS=780/128/63 s=6291456" \
	"PCHS=10402/16/63 translation=lba LCHS=652/255/63 s=10485760" \
	"PCHS=130/16/63 translation=large LCHS=130/16/63 s=131072"; do
	check "not among SeaBIOS's drives: $line" grep -q "^$line" "$RUN/drives"
	say "$line"
done
no_leftovers
