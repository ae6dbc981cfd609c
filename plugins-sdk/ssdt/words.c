/* SPDX-License-Identifier: MIT */
/*
 * "raw-mmio,key=value,..." to devices, "i31154,..." to bridges. The words are
 * those that mini-ioemu takes for the same range; here they say what the guest
 * is told of it, so what concerns the way to the peer alone is read over.
 */
#include "ssdt.h"

#include "host/host.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TYPE "raw-mmio"
#define BRIDGE "i31154"
#define PORTS 0x10000ull
#define MAX_WORD 4096u

struct word {
	struct ssdt_range range;
	const char *name, *hid, *cid, *compatible; /* "": not given */
	unsigned irq, gsi;			   /* 0: none */
	bool level;
	char *why;
};

static int IOEMU_PRINTF(2, 3) fail(struct word *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->why, SSDT_ERROR, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- values ------------------------------------------------------- */

static int
number(struct word *w, const char *key, const char *text, uint64_t *out)
{
	if (!host_number(text, UINT64_MAX, out))
		return 0;
	return fail(w, "%s=%.40s: not a number", key, text);
}

/* One of two words; true: the second. */
static int
either(struct word *w, const char *key, const char *text,
       const char *const words[2], bool *out)
{
	*out = !strcmp(text, words[1]);
	return *out || !strcmp(text, words[0])
		       ? 0
		       : fail(w, "%s=%.40s: %s or %s", key, text, words[0],
			      words[1]);
}

static int
read_switch(struct word *w, const char *key, const char *text, bool *out)
{
	return host_switch(text, out)
		       ? fail(w, "%s=%.40s: off or on", key, text)
		       : 0;
}

static bool
all_of(const char *text, size_t n, const char *chars)
{
	return strspn(text, chars) >= n;
}

/* ACPI 6.4, 6.1.5: "AAA####" or "NNNN####", # hexadecimal. */
static int
read_id(struct word *w, const char *key, const char *text, const char **out)
{
	size_t n = strlen(text);

	if ((n != 7 && n != 8) ||
	    !all_of(text + n - 4, 4, "0123456789ABCDEF") ||
	    (n == 7 && !all_of(text, 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) ||
	    (n == 8 &&
	     !all_of(text, 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")))
		return fail(w,
			    "%s=%.40s: three capitals (or four with digits), "
			    "then four hexadecimal digits",
			    key, text);
	*out = text;
	return 0;
}

/* ACPI 6.4, 20.2.2: a NameSeg. */
static int
read_name(struct word *w, const char *text)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t n = strlen(text);

	if (!n || n > 4 || !all_of(text, n, chars) ||
	    isdigit((unsigned char)*text))
		return fail(w,
			    "name=%.40s: one to four of A-Z, 0-9 and _, no "
			    "digit first",
			    text);
	w->name = text;
	return 0;
}

static int
read_irq(struct word *w, const char *text)
{
	uint64_t irq;
	int rc = number(w, "irq", text, &irq);

	if (!rc && (!irq || irq == 2 || irq > 15))
		rc = fail(w, "irq=%.40s: 1 to 15, not 2", text);
	w->irq = rc ? 0 : (unsigned)irq;
	return rc;
}

/* A pin of a second I/O APIC, which comes after the 48 of the first. */
static int
read_gsi(struct word *w, const char *text)
{
	uint64_t gsi;
	int rc = number(w, "gsi", text, &gsi);

	if (!rc && (gsi < 48 || gsi >= SSDT_IRQS))
		rc = fail(w, "gsi=%.40s: 48 to %u", text, SSDT_IRQS - 1);
	w->gsi = rc ? 0 : (unsigned)gsi;
	return rc;
}

static int
read_compatible(struct word *w, const char *text)
{
	if (!*text || strlen(text) >= SSDT_TEXT)
		return fail(w, "compatible=%.40s: 1 to %u characters", text,
			    SSDT_TEXT - 1);
	w->compatible = text;
	return 0;
}

/* ---- keys --------------------------------------------------------- */

enum key {
	KEY_BASE,
	KEY_SIZE,
	KEY_SPACE,
	KEY_PREFETCHABLE,
	KEY_RO,
	KEY_IRQ,
	KEY_GSI,
	KEY_IRQ_MODE,
	KEY_HID,
	KEY_CID,
	KEY_COMPATIBLE,
	KEY_NAME,
	/* the device model's business */
	KEY_ID,
	KEY_CONNECT,
	KEY_LISTEN,
	KEY_EXEC,
	KEY_RUN_AS,
	KEY_TIMEOUT,
	KEY_EXIT,
	KEY_DMA,
	KEY_ALLOW,
	KEY_PEER,
	KEY_WO,
	KEY_POSTED,
	KEY_RING,
	N_KEYS
};

static const char *const keys[N_KEYS] = {
	[KEY_BASE] = "base",
	[KEY_SIZE] = "size",
	[KEY_SPACE] = "space",
	[KEY_PREFETCHABLE] = "prefetchable",
	[KEY_RO] = "ro",
	[KEY_IRQ] = "irq",
	[KEY_GSI] = "gsi",
	[KEY_IRQ_MODE] = "irq-mode",
	[KEY_HID] = "hid",
	[KEY_CID] = "cid",
	[KEY_COMPATIBLE] = "compatible",
	[KEY_NAME] = "name",
	[KEY_ID] = "id",
	[KEY_CONNECT] = "connect",
	[KEY_LISTEN] = "listen",
	[KEY_EXEC] = "exec",
	[KEY_RUN_AS] = "run-as",
	[KEY_TIMEOUT] = "timeout-ms",
	[KEY_EXIT] = "on-exit",
	[KEY_DMA] = "dma",
	[KEY_ALLOW] = "allow",
	[KEY_PEER] = "peer",
	[KEY_WO] = "wo",
	[KEY_POSTED] = "posted",
	[KEY_RING] = "ring",
};

static int
read_key(struct word *w, enum key key, const char *value)
{
	static const char *const spaces[2] = { "mem", "io" };
	static const char *const modes[2] = { "edge", "level" };

	switch (key) {
	case KEY_BASE:
		return number(w, keys[key], value, &w->range.base);
	case KEY_SIZE:
		return number(w, keys[key], value, &w->range.size);
	case KEY_SPACE:
		return either(w, keys[key], value, spaces, &w->range.io);
	case KEY_PREFETCHABLE:
		return read_switch(w, keys[key], value, &w->range.prefetchable);
	case KEY_RO:
		return read_switch(w, keys[key], value, &w->range.readonly);
	case KEY_IRQ:
		return read_irq(w, value);
	case KEY_GSI:
		return read_gsi(w, value);
	case KEY_IRQ_MODE:
		return either(w, keys[key], value, modes, &w->level);
	case KEY_HID:
		return read_id(w, keys[key], value, &w->hid);
	case KEY_CID:
		return read_id(w, keys[key], value, &w->cid);
	case KEY_COMPATIBLE:
		return read_compatible(w, value);
	case KEY_NAME:
		return read_name(w, value);
	default:
		return 0;
	}
}

/* Cut "key=value" off at a single comma; ",," in it becomes one. */
static char *
next_pair(char **at)
{
	char *pair = *at, *s = pair, *to = pair;

	if (!*s)
		return NULL;
	while (*s && (*s != ',' || s[1] == ',')) {
		s += *s == ',';
		*to++ = *s++;
	}
	*at = *s ? s + 1 : s;
	*to = '\0';
	return pair;
}

static int
read_pair(struct word *w, char *pair, unsigned *seen)
{
	char *eq = strchr(pair, '=');
	unsigned k = 0;

	if (!eq)
		return fail(w, "'%.40s' is not key=value", pair);
	*eq = '\0';
	while (k < N_KEYS && strcmp(keys[k], pair) != 0)
		k++;
	if (k == N_KEYS)
		return fail(w, "unknown key '%.40s'", pair);
	if (*seen >> k & 1)
		return fail(w, "'%s' is given twice", pair);
	*seen |= 1u << k;
	return read_key(w, (enum key)k, eq + 1);
}

/* The words of a range, after its type. */
static int
read_range(struct word *w, char *at)
{
	const struct ssdt_range *r = &w->range;
	unsigned seen = 0;
	uint64_t end;
	char *pair;
	int rc = 0;

	while (!rc && (pair = next_pair(&at)))
		rc = read_pair(w, pair, &seen);
	end = r->io ? PORTS - 1 : UINT64_MAX;
	if (!rc && (!(seen >> KEY_BASE & 1) || !r->size || r->base > end ||
		    r->size - 1 > end - r->base))
		rc = fail(w, "base= and size= must lie in the space");
	return rc;
}

/* "SLOT" or "SLOT.0": a bridge is function 0. */
static int
read_slot(struct word *w, const char *text, unsigned *out)
{
	unsigned fn;

	if (host_slot(text, out, &fn) || !*out || fn)
		return fail(w, "addr=%.40s: the bridge's slot, 1 to 1f", text);
	return 0;
}

/* What is behind a bridge that is itself behind one is found by that one's. */
static int
read_bridge(struct word *w, char *at, uint32_t *bridges)
{
	bool deeper = false;
	unsigned slot = 0;
	char *pair;
	int rc = 0;

	while (!rc && (pair = next_pair(&at))) {
		if (!strncmp(pair, "addr=", 5))
			rc = read_slot(w, pair + 5, &slot);
		else if (!strncmp(pair, "bus=", 4))
			deeper = true;
		else if (strncmp(pair, "id=", 3) != 0)
			rc = fail(w, "unknown key '%.40s'", pair);
	}
	if (!rc && !slot)
		rc = fail(w, "addr= is missing");
	if (!rc && !deeper)
		*bridges |= 1u << slot;
	return rc;
}

/* ---- devices ------------------------------------------------------ */

static struct ssdt_device *
find(struct ssdt *ssdt, const char *name)
{
	unsigned i;

	for (i = 0; i < ssdt->n; i++)
		if (!strcmp(ssdt->device[i].name, name))
			return &ssdt->device[i];
	return NULL;
}

/* The first of RAW0 to RAWZ that nobody has: there are as many as devices. */
static void
name_it(struct ssdt *ssdt, char name[5])
{
	static const char last[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	unsigned i = 0;

	do
		snprintf(name, 5, "RAW%c", last[i++]);
	while (find(ssdt, name));
}

/* The device of this name, perhaps a new one; NULL: there are too many. */
static struct ssdt_device *
device_of(struct ssdt *ssdt, const char *name)
{
	struct ssdt_device *d = *name ? find(ssdt, name) : NULL;
	char made[5];

	if (d || ssdt->n == SSDT_DEVICES)
		return d;
	if (!*name)
		name_it(ssdt, made);
	d = &ssdt->device[ssdt->n++];
	snprintf(d->name, sizeof(d->name), "%s", *name ? name : made);
	return d;
}

/* What a device is may be said with any of its ranges. */
static int
merge(struct word *w, const char *key, char *has, const char *more)
{
	if (*has && *more && strcmp(has, more) != 0)
		return fail(w, "%s=%s: %s has %s already", key, more, w->name,
			    has);
	if (*more)
		memcpy(has, more, strlen(more) + 1);
	return 0;
}

static int
device_add(struct ssdt_device *d, struct word *w)
{
	unsigned irq = w->gsi ? w->gsi : w->irq;
	int rc = merge(w, "hid", d->hid, w->hid);

	if (!rc)
		rc = merge(w, "cid", d->cid, w->cid);
	if (!rc)
		rc = merge(w, "compatible", d->compatible, w->compatible);
	if (!rc && d->n_ranges == SSDT_RANGES)
		rc = fail(w, "%s has %u ranges already", d->name, SSDT_RANGES);
	if (!rc && irq && d->irq[irq] && d->level[irq] != w->level)
		rc = fail(w, "%s=%u is both edge and level",
			  w->gsi ? "gsi" : "irq", irq);
	if (rc)
		return rc;
	d->range[d->n_ranges++] = w->range;
	if (irq) {
		d->irq[irq] = true;
		d->level[irq] = w->level;
	}
	return 0;
}

int
ssdt_add(struct ssdt *ssdt, const char *words, char why[SSDT_ERROR])
{
	struct word w = {
		.name = "",
		.hid = "",
		.cid = "",
		.compatible = "",
		.why = why,
	};
	size_t n = strlen(words);
	char text[MAX_WORD], *at = text, *type;
	struct ssdt_device *d;
	int rc;

	if (n >= sizeof(text))
		return fail(&w, "longer than %u characters", MAX_WORD - 1);
	memcpy(text, words, n + 1);
	type = next_pair(&at);
	if (type && !strcmp(type, BRIDGE))
		return read_bridge(&w, at, &ssdt->bridges);
	if (!type || strcmp(type, TYPE) != 0)
		return fail(&w,
			    "'%.40s': only " TYPE " and " BRIDGE
			    " have an entry",
			    type ? type : "");
	rc = read_range(&w, at);
	if (rc)
		return rc;
	d = device_of(ssdt, w.name);
	return d ? device_add(d, &w)
		 : fail(&w, "more than %u devices", SSDT_DEVICES);
}
