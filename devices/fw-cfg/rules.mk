# SPDX-License-Identifier: MIT
# The option ROM: assembled for 16-bit code, linked flat at 0, its two
# checksums set, put into the plugin as data.

FWCFG := $(B)/devices/fw-cfg

$(FWCFG)/linuxboot.o: devices/fw-cfg/linuxboot.S devices/fw-cfg/rules.mk
	@mkdir -p $(@D)
	@echo "  AS   $@"
	$(Q)$(CC) -m32 -c -o $@ $<

$(FWCFG)/linuxboot.elf: $(FWCFG)/linuxboot.o
	$(Q)$(LD) -m elf_i386 -Ttext 0 -e 0 --build-id=none -o $@ $<

# $(call fwcfg_seal,FILE,FIRST,COUNT,AT): choose the byte at AT so that COUNT
# bytes from FIRST sum to 0 modulo 256.
define fwcfg_seal
	$(Q)sum=$$(od -An -v -tu1 -w1 -j$(2) -N$(3) $(1) | \
	  awk '{ s += $$1 } END { printf "%o", (256 - s % 256) % 256 }') && \
	printf "\\$$sum" | dd of=$(1) bs=1 seek=$(4) conv=notrunc status=none
endef

# The PnP header: 32 bytes at 0x20, its checksum in byte 9; then the ROM's, in
# byte 7 (linuxboot.S).
$(FWCFG)/linuxboot.bin: $(FWCFG)/linuxboot.elf
	@echo "  ROM  $@"
	$(Q)objcopy -O binary -j .text $< $@.tmp
	$(call fwcfg_seal,$@.tmp,32,32,41)
	$(call fwcfg_seal,$@.tmp,0,$$(stat -c %s $@.tmp),7)
	$(Q)mv $@.tmp $@

$(FWCFG)/rom.o: devices/fw-cfg/rom.S $(FWCFG)/linuxboot.bin
	@echo "  AS   $@"
	$(Q)$(CC) -c -DLINUXBOOT_BIN='"$(FWCFG)/linuxboot.bin"' -o $@ $<

$(B)/devices/fw-cfg.so: $(FWCFG)/rom.o
