/* SPDX-License-Identifier: MIT */
/*
 * cmos - battery-backed memory behind ports 0x70 and 0x71. Xen has the clock
 * in bytes 0 to 0x0d and passes on only what is above (hvm/rtc.c). The bytes
 * tell firmware the memory size, the boot order (SeaBIOS src/boot.c) and the
 * disks.
 */
#include <stdlib.h>
#include <string.h>

#include <ioemu/device.h>

#define PORT 0x70
#define BYTES 128u
#define FIRST 0x0eu

#define SHUTDOWN 0x0f /* why the processor starts; SeaBIOS src/resume.c: */
#define SHUTDOWN_S3 0xfeu
#define DISK_TYPES 0x12 /* high nibble: the first disk, low: the second */
#define EQUIPMENT 0x14
#define DISK_TYPE 0x19 /* of the first; the second's is the next byte */
#define DISK 0x1b      /* nine bytes each */
#define DISK_BYTES 9u
#define TYPE_LATER 0x0fu /* as 0x19 says, which says: */
#define TYPE_USER 47u	 /* as the nine bytes say */
/* Beside the year of the clock, in BCD as that is: where an AT has it, and a
 * PS/2. INT 1Ah takes it from here (SeaBIOS src/clock.c). */
#define CENTURY_AT 0x32
#define CENTURY_PS2 0x37
#define CENTURY 0x20
#define BOOT_3RD 0x38 /* high nibble; bit 0: no signature check */
/* How INT 13h counts, two bits a disk: none, lba, large (SeaBIOS
 * src/block.c, get_translation()). */
#define TRANSLATION 0x39
#define DISKS 4u
#define BOOT_1ST 0x3d /* low nibble first, high nibble second */
/* How many more processors answer a start-up message: SeaBIOS, which sends one
 * to all when the guest wakes from S3, waits for so many and then takes back
 * the code that it put in their way (src/fw/smp.c). */
#define SMP_COUNT 0x5f
#define MAX_CPUS 128u

#define MAX_CYLS 16383u /* of an ATA disk */
#define MAX_HEADS 16u
#define MAX_SECS 63u

#define KIB_PER_MIB UINT64_C(1024)
#define EXT_MAX_KIB 0xffffu

struct cmos {
	const char *boot;
	uint32_t memory;
	uint32_t cpus;
	const char *hda, *hdb, *hdc, *hdd;
	uint8_t index;
	uint8_t byte[BYTES];
};

static void
cmos_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct cmos *c = ioemu_state(dev);

	if (a->offset)
		a->value = c->byte[c->index];
}

static void
cmos_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct cmos *c = ioemu_state(dev);

	if (!a->offset)
		c->index = (uint8_t)a->value % BYTES; /* bit 7 masks NMI */
	else if (c->index >= FIRST)
		c->byte[c->index] = (uint8_t)a->value;
}

static const struct ioemu_region ports = {
	.name = "cmos",
	.size = 2,
	.min = 1,
	.max = 1,
	.read = cmos_read,
	.write = cmos_write,
};

/* QEMU's letters; the codes are SeaBIOS's. */
static int
cmos_boot_order(struct ioemu_dev *dev, struct cmos *c)
{
	static const char letters[] = "acdn"; /* floppy disk cdrom network */
	uint8_t code[3] = { 0 };
	unsigned i;

	for (i = 0; c->boot && c->boot[i]; i++) {
		const char *l = strchr(letters, c->boot[i]);

		if (i == 3 || !l) {
			ioemu_log(dev, IOEMU_ERROR,
				  "boot=%s: up to 3 letters of \"%s\"", c->boot,
				  letters);
			return -EINVAL;
		}
		code[i] = (uint8_t)(l - letters + 1);
	}
	c->byte[BOOT_1ST] = (uint8_t)(code[0] | code[1] << 4);
	c->byte[BOOT_3RD] = (uint8_t)(code[2] << 4 | 1);
	return 0;
}

static void
cmos_memory(struct cmos *c)
{
	uint64_t kib = (uint64_t)c->memory * KIB_PER_MIB;
	uint64_t ext = kib > KIB_PER_MIB ? kib - KIB_PER_MIB : 0;
	uint64_t high =
		kib > 16 * KIB_PER_MIB ? (kib - 16 * KIB_PER_MIB) / 64 : 0;

	ioemu_put_le16(c->byte + 0x15, 640);
	ioemu_put_le16(c->byte + 0x17,
		       (uint16_t)(ext < EXT_MAX_KIB ? ext : EXT_MAX_KIB));
	ioemu_put_le16(c->byte + 0x30, ioemu_get_le16(c->byte + 0x17));
	ioemu_put_le16(c->byte + 0x34,
		       (uint16_t)(high < 0xffff ? high : 0xffff));
}

struct disk {
	unsigned cyls, heads, secs, translation;
};

/* A number from 1 to max, and the slash behind it; false: it is none. */
static bool
disk_number(const char **text, unsigned max, unsigned *out)
{
	unsigned long n;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	n = strtoul(*text, &end, 10);
	if (!n || n > max || *end != '/')
		return false;
	*text = end + 1;
	*out = (unsigned)n;
	return true;
}

/* CYLINDERS/HEADS/SECTORS/TRANSLATION. False: it is none. */
static bool
disk_parse(const char *text, struct disk *d)
{
	static const char *const names[] = { "none", "lba", "large" };

	if (!disk_number(&text, MAX_CYLS, &d->cyls) ||
	    !disk_number(&text, MAX_HEADS, &d->heads) ||
	    !disk_number(&text, MAX_SECS, &d->secs))
		return false;
	for (d->translation = 0; d->translation < 3; d->translation++)
		if (!strcmp(text, names[d->translation]))
			return true;
	return false;
}

/* The user-defined drive type of a PC's set-up; byte 5 says more than eight
 * heads, the landing zone is where the disk ends. */
static void
disk_describe(uint8_t *p, const struct disk *d)
{
	ioemu_put_le16(p, (uint16_t)d->cyls);
	p[2] = (uint8_t)d->heads;
	ioemu_put_le16(p + 3, 0xffff); /* no write precompensation */
	p[5] = (uint8_t)(0xc0 | (d->heads > 8) << 3);
	ioemu_put_le16(p + 6, (uint16_t)d->cyls);
	p[8] = (uint8_t)d->secs;
}

/* Only the first two are described, all four have a translation. */
static int
cmos_disks(struct ioemu_dev *dev, struct cmos *c)
{
	const char *const text[DISKS] = { c->hda, c->hdb, c->hdc, c->hdd };
	struct disk d;
	unsigned i;

	for (i = 0; i < DISKS; i++) {
		if (!text[i])
			continue;
		if (!disk_parse(text[i], &d)) {
			ioemu_log(dev, IOEMU_ERROR,
				  "hd%c=%s: give CYLINDERS/HEADS/SECTORS/"
				  "TRANSLATION, at most %u/%u/%u, none, lba or "
				  "large",
				  'a' + (int)i, text[i], MAX_CYLS, MAX_HEADS,
				  MAX_SECS);
			return -EINVAL;
		}
		c->byte[TRANSLATION] |= (uint8_t)(d.translation << (2 * i));
		if (i > 1)
			continue;
		c->byte[DISK_TYPES] |= (uint8_t)(TYPE_LATER << (4 - 4 * i));
		c->byte[DISK_TYPE + i] = TYPE_USER;
		disk_describe(c->byte + DISK + (size_t)DISK_BYTES * i, &d);
	}
	return 0;
}

static int
cmos_attach(struct ioemu_dev *dev)
{
	struct cmos *c = ioemu_state(dev);
	int rc;

	if (!c->cpus || c->cpus > MAX_CPUS) {
		ioemu_log(dev, IOEMU_ERROR, "cpus=%u: 1 to %u", c->cpus,
			  MAX_CPUS);
		return -EINVAL;
	}
	c->byte[SMP_COUNT] = (uint8_t)(c->cpus - 1);
	c->byte[CENTURY_AT] = c->byte[CENTURY_PS2] = CENTURY;
	c->byte[EQUIPMENT] = 0x06; /* coprocessor, pointing device */
	cmos_memory(c);
	rc = cmos_boot_order(dev, c);
	if (!rc)
		rc = cmos_disks(dev, c);
	return rc ? rc : ioemu_window(dev, IOEMU_PIO, PORT, &ports);
}

/* The battery keeps it all. */
static void
cmos_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct cmos *c = ioemu_state(dev);

	if (why == IOEMU_RESET_WAKE)
		c->byte[SHUTDOWN] = SHUTDOWN_S3;
}

static int
cmos_loaded(struct ioemu_dev *dev)
{
	const struct cmos *c = ioemu_state(dev);

	return c->index < BYTES ? 0 : -EINVAL;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct cmos, boot, "cda",
		   "boot order: a floppy, c disk, d CD-ROM, n network"),
	IOEMU_PROP(struct cmos, memory, NULL, "guest memory, MiB"),
	IOEMU_PROP(struct cmos, cpus, "1",
		   "processors, those included that are not on line yet"),
	IOEMU_PROP(struct cmos, hda, NULL,
		   "first disk: CYLINDERS/HEADS/SECTORS/none, /lba or /large"),
	IOEMU_PROP(struct cmos, hdb, NULL, "second disk"),
	IOEMU_PROP(struct cmos, hdc, NULL, "third disk"),
	IOEMU_PROP(struct cmos, hdd, NULL, "fourth disk"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct cmos, index),
	IOEMU_FIELD_ARRAY(struct cmos, byte),
	{ 0 },
};

static const struct ioemu_type cmos = {
	IOEMU_TYPE(struct cmos),
	.name = "cmos",
	.summary = "CMOS memory with boot order and memory size",
	.props = props,
	.fields = fields,
	.attach = cmos_attach,
	.reset = cmos_reset,
	.loaded = cmos_loaded,
};

IOEMU_PLUGIN(&cmos);
