/* SPDX-License-Identifier: MIT */
/*
 * Which words of xl.cfg make the toolstack name a device type (libxl_dm.c,
 * libxl__build_device_model_args_new()): a user who wrote those has never seen
 * the type, and needs to hear what to write instead.
 */
#include <string.h>

#include "config/conf.h"

#define VGA "vga = \"stdvga\" or \"none\""
#define NIC "type=vif in each vif = [ ... ]"
#define USB "no usb, usbdevice or usbversion"
#define SOUND "no soundhw"

static const struct {
	const char *type; /* a '*' at its end: any that begin so */
	const char *write;
} hints[] = {
	{ "cirrus-vga", VGA },
	{ "VGA", "vga = \"none\"" },
	{ "qxl-vga", VGA },
	{ "rtl8139", NIC },
	{ "e1000*", NIC },
	{ "ne2k*", NIC },
	{ "pcnet", NIC },
	{ "i82*", NIC },
	{ "vmxnet*", NIC },
	{ "virtio-net*", NIC },
	{ "piix3-usb-uhci", USB },
	{ "ich9-usb-*", USB },
	{ "nec-usb-xhci", USB },
	{ "usb-*", USB },
	{ "intel-hda", SOUND },
	{ "hda-duplex", SOUND },
	{ "ac97", SOUND },
	{ "AC97", SOUND },
	{ "adlib", SOUND },
	{ "cs4231a", SOUND },
	{ "es1370", SOUND },
	{ "gus", SOUND },
	{ "sb16", SOUND },
	{ "ahci", "hdtype = \"ide\"" },
	{ "lsi53c895a", "vdev=hda to hdd for each disk, not sd" },
	{ "scsi-*", "vdev=hda to hdd for each disk, not sd" },
	{ "virtio-serial", "spice = 0" },
	{ "virtserialport", "spice = 0" },
	{ "xen-pvdevice", "vendor_device = \"none\"" },
};

static bool
hint_fits(const char *name, const char *type)
{
	size_t n = strlen(name) - 1;

	return name[n] == '*' ? !strncmp(name, type, n) : !strcmp(name, type);
}

const char *
conf_hint(const struct conf_device *dev)
{
	const struct conf_prop *p;
	unsigned i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hint_fits(hints[i].type, dev->type))
			return hints[i].write;
	for (p = dev->props; p; p = p->next) /* model= of a vif is any word */
		if (!strcmp(p->key, "netdev"))
			return NIC;
	return NULL;
}
