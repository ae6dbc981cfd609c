/* SPDX-License-Identifier: MIT */
/*
 * One device as the user names it, "TYPE,key=value,...", to struct conf_device.
 * Knows the words that belong to every device: id, bus, addr, multifunction,
 * isolate, later, gsi.
 */
#include <string.h>

#include "host/host.h"

#include "config/priv.h"

#define MAX_GSI 255u /* Xen says which of them there are */

static int
device_addr(const struct conf_ctx *c, const char *text, int *devfn)
{
	unsigned slot, fn;

	if (!text)
		return 0;
	if (host_slot(text, &slot, &fn))
		return conf_fail(c,
				 "addr '%s' is not SLOT.FUNCTION, hexadecimal, "
				 "0.0 to 1f.7",
				 text);
	*devfn = (int)(slot << 3 | fn);
	return 0;
}

/* bus=ID.N, as QEMU names the N-th bus of a device: channel N of parent ID. */
static int
device_bus(const struct conf_ctx *c, const char *bus, struct conf_device *dev)
{
	const char *dot = strrchr(bus, '.');
	struct conf_prop *channel;

	if (!strcmp(bus, "pci.0") || !strcmp(bus, "pci"))
		return 0;
	if (!dot || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")]) {
		dev->bus = bus;
		return conf_check_id(c, bus);
	}
	channel = conf_alloc(c, sizeof(*channel));
	dev->bus = conf_strndup(c, bus, (size_t)(dot - bus));
	if (!channel || !dev->bus)
		return -ENOMEM;
	channel->key = "channel";
	channel->value = dot + 1;
	if (conf_take(&dev->props, channel->key))
		return conf_fail(c, "bus=%s and channel= are both given", bus);
	CONF_APPEND(dev->props, channel);
	return conf_check_id(c, dev->bus);
}

int
conf_device(const struct conf_ctx *c, struct conf_prop *list,
	    struct conf_device **out)
{
	struct conf_device *dev = conf_alloc(c, sizeof(*dev));
	const char *addr, *bus, *multi, *isolate, *later, *gsi;
	int err;

	if (!dev)
		return -ENOMEM;
	dev->devfn = -1;
	dev->source = c->where;
	dev->type = conf_take(&list, CONF_TYPE);
	if (!dev->type || !*dev->type)
		return conf_fail(c, "the device's type is missing");
	dev->id = conf_take(&list, "id");
	if (dev->id && conf_check_id(c, dev->id))
		return -EINVAL;
	addr = conf_take(&list, "addr");
	bus = conf_take(&list, "bus");
	multi = conf_take(&list, "multifunction");
	isolate = conf_take(&list, "isolate");
	later = conf_take(&list, "later");
	gsi = conf_take(&list, "gsi");
	dev->props = list;
	err = bus ? device_bus(c, bus, dev) : 0;
	if (!err)
		err = device_addr(c, addr, &dev->devfn);
	if (!err)
		err = conf_on_off(c, "multifunction", multi,
				  &dev->multifunction);
	if (!err)
		err = conf_on_off(c, "isolate", isolate, &dev->isolate);
	if (!err)
		err = conf_on_off(c, "later", later, &dev->waits);
	if (!err)
		err = conf_number(c, "gsi", gsi, MAX_GSI, &dev->gsi);
	*out = dev;
	return err;
}

int
conf_one_device(struct conf *conf, const char *text, const char *source,
		struct conf_device **out, struct conf_error *err)
{
	const struct conf_ctx c = { .conf = conf, .err = err, .where = source };
	struct conf_prop *list;
	int rc;

	rc = conf_split(&c, text, CONF_TYPE, &list);
	if (!rc)
		rc = conf_device(&c, list, out);
	if (!rc)
		(*out)->removable = true;
	return rc;
}

const struct conf_device *
conf_find_device(const struct conf_device *list, const char *id)
{
	for (; list; list = list->next)
		if (list->id && !strcmp(list->id, id))
			return list;
	return NULL;
}
