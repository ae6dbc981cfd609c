/* SPDX-License-Identifier: MIT */
/*
 * The words of -device peer and -device raw-mmio. What is wrong is logged here
 * with what would be right.
 */
#include "peer/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define TIMEOUT_MS 1000u
#define TIMEOUT_MIN_MS 10u
#define TIMEOUT_MAX_MS 60000u
#define PORTS 0x10000ull

static const char *const peer_keys[] = { "connect",    "listen",  "exec",
					 "timeout-ms", "on-exit", "dma",
					 "allow",      "slot",	  "irq",
					 "ring",       "run-as",  NULL };
/* The last five are what ioemu-ssdt(1) tells the guest. */
static const char *const range_keys[] = {
	"run-as",   "ring", "connect", "listen",       "exec",	 "timeout-ms",
	"on-exit",  "dma",  "allow",   "peer",	       "base",	 "size",
	"space",    "ro",   "wo",      "prefetchable", "posted", "irq",
	"irq-mode", "hid",  "cid",     "compatible",   "name",	 NULL
};
static const char *const isolate_keys[] = { "timeout-ms", "on-exit", "dma",
					    "allow",	  "ring",    NULL };

static const char *
value_of(const struct conf_device *conf, const char *key)
{
	const struct conf_prop *p;

	for (p = conf->props; p; p = p->next)
		if (!strcmp(p->key, key))
			return p->value;
	return NULL;
}

static int
wrong(const struct conf_device *conf, const char *key, const char *right)
{
	const char *value = value_of(conf, key);

	log_error("%s (%s): %s=%s: %s", conf->type, conf->source, key,
		  value ? value : "", right);
	return -EINVAL;
}

/* `text` NULL: *out stays. */
static int
number(const struct conf_device *conf, const char *key, uint64_t *out)
{
	const char *text = value_of(conf, key);

	if (!text || !host_number(text, UINT64_MAX, out))
		return 0;
	return wrong(conf, key, "not a number");
}

static int
on_off(const struct conf_device *conf, const char *key, bool *out)
{
	const char *text = value_of(conf, key);

	if (!text || !host_switch(text, out))
		return 0;
	return wrong(conf, key, "on or off");
}

/* "FIRST-LAST", *at behind it */
static bool
interval(const char **at, struct host_interval *out)
{
	if (host_number_at(at, UINT64_MAX, &out->first) || **at != '-')
		return false;
	++*at;
	return !host_number_at(at, UINT64_MAX, &out->last) &&
	       out->first <= out->last;
}

/* "FIRST-LAST[/FIRST-LAST...]" */
static int
intervals(const struct conf_device *conf, const char *key,
	  struct host_interval *out, unsigned *n)
{
	const char *at = value_of(conf, key);

	for (*n = 0; at && *n < PEER_GRANTS; at = *at ? at + 1 : NULL)
		if (!interval(&at, &out[(*n)++]) || (*at && *at != '/'))
			return wrong(conf, key, "FIRST-LAST[/FIRST-LAST...]");
	return at ? wrong(conf, key, "at most eight ranges") : 0;
}

static int
read_exit(const struct conf_device *conf, enum peer_exit *out)
{
	static const char *const words[] = {
		[PEER_EXIT_DROP] = "drop",
		[PEER_EXIT_HOLD] = "hold",
		[PEER_EXIT_STOP] = "stop",
	};
	const char *text = value_of(conf, "on-exit");
	unsigned i;

	for (i = 0; text && i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(text, words[i])) {
			*out = (enum peer_exit)i;
			return 0;
		}
	}
	return text ? wrong(conf, "on-exit", "drop, hold or stop") : 0;
}

static int
read_dma(const struct conf_device *conf, struct peer_conf *out)
{
	const char *text = value_of(conf, "dma");

	out->dma = true;
	if (!text || !host_switch(text, &out->dma))
		return 0;
	return intervals(conf, "dma", out->dma_range, &out->n_dma_ranges);
}

static bool
has_key(const char *const *keys, const char *key)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

bool
peer_conf_is_ours(const char *key)
{
	return has_key(isolate_keys, key);
}

static int
check_keys(const struct conf_device *conf)
{
	bool range = !strcmp(conf->type, "raw-mmio");
	const struct conf_prop *p;

	for (p = conf->props; p; p = p->next) {
		if (has_key(range ? range_keys : peer_keys, p->key))
			continue;
		log_error("%s (%s): no property '%s'; see mini-ioemu(1)",
			  conf->type, conf->source, p->key);
		return -EINVAL;
	}
	return 0;
}

/* Where the process is. */
static int
read_place(const struct conf_device *conf, struct peer_conf *out)
{
	int rc = check_keys(conf);

	out->connect = value_of(conf, "connect");
	out->listen = value_of(conf, "listen");
	out->exec = value_of(conf, "exec");
	out->run_as = value_of(conf, "run-as");
	if (!rc && out->run_as && !out->exec)
		rc = wrong(conf, "run-as", "only of exec=");
	if (rc || !!out->connect + !!out->listen + !!out->exec == 1)
		return rc;
	log_error("%s (%s): one of connect=ADDR, listen=ADDR, exec=COMMAND is "
		  "needed, ADDR being unix:PATH or tcp:HOST:PORT",
		  conf->type, conf->source);
	return -EINVAL;
}

static int
read_irq(const struct conf_device *conf, uint32_t *out)
{
	uint64_t irq = 0;
	int rc = number(conf, "irq", &irq);

	*out = 0;
	if (rc || !value_of(conf, "irq"))
		return rc;
	/* ISA: 0 is the timer's, 2 the second controller's */
	if (!irq || irq == 2 || irq >= PEER_ISA_LINES)
		return wrong(conf, "irq", "1 to 15, not 2");
	*out = 1u << irq;
	return 0;
}

int
peer_conf_read(const struct conf_device *conf, const struct host_type *type,
	       struct peer_conf *out)
{
	uint64_t timeout = TIMEOUT_MS;
	int rc = 0;

	*out = (struct peer_conf){
		.id = conf->id,
		.isolated = type,
		.ring = true,
	};
	if (!type)
		rc = read_place(conf, out);
	if (!rc && !type)
		rc = read_irq(conf, &out->isa);
	if (!rc)
		rc = number(conf, "timeout-ms", &timeout);
	if (!rc && (timeout < TIMEOUT_MIN_MS || timeout > TIMEOUT_MAX_MS))
		rc = wrong(conf, "timeout-ms", "10 to 60000");
	out->timeout_ms = (uint32_t)timeout;
	if (!rc)
		rc = read_exit(conf, &out->on_exit);
	if (!rc)
		rc = on_off(conf, "ring", &out->ring);
	if (!rc)
		rc = read_dma(conf, out);
	if (!rc)
		rc = intervals(conf, "allow", out->allow, &out->n_allow);
	return rc;
}

int
peer_conf_devfn(const struct conf_device *conf, int *devfn)
{
	uint64_t slot = 0;
	int rc = number(conf, "slot", &slot);

	*devfn = conf->devfn;
	if (rc || !value_of(conf, "slot"))
		return rc;
	if (slot > 31 || conf->devfn >= 0)
		return wrong(conf, "slot", "0 to 31, and no addr=");
	*devfn = (int)slot * 8;
	return 0;
}

const char *
peer_conf_owner(const struct conf_device *conf)
{
	return value_of(conf, "peer");
}

/* *last: the space's last address. */
static int
read_space(const struct conf_device *conf, enum ioemu_space *out,
	   uint64_t *last)
{
	const char *space = value_of(conf, "space");
	bool io = space && !strcmp(space, "io");

	*out = io ? IOEMU_PIO : IOEMU_MEM;
	*last = io ? PORTS - 1 : UINT64_MAX;
	if (!space || io || !strcmp(space, "mem"))
		return 0;
	return wrong(conf, "space", "mem or io");
}

static int
read_extent(const struct conf_device *conf, struct host_window *out)
{
	uint64_t size = 0, last;
	int rc = read_space(conf, &out->space, &last);

	if (!rc && !value_of(conf, "base"))
		rc = wrong(conf, "base", "it is missing");
	if (!rc)
		rc = number(conf, "base", &out->base);
	if (!rc)
		rc = number(conf, "size", &size);
	if (!rc && (!size || out->base > last || size - 1 > last - out->base))
		rc = wrong(conf, "size",
			   "base= and size= must lie in the space");
	out->region.size = size;
	return rc;
}

int
peer_conf_range(const struct conf_device *conf, struct peer_window *out)
{
	bool prefetchable = false, posted = true;
	int rc = check_keys(conf);

	*out = (struct peer_window){ .used = true, .fixed = true };
	if (!rc)
		rc = read_extent(conf, &out->w);
	if (!rc)
		rc = read_irq(conf, &out->isa);
	if (!rc)
		rc = on_off(conf, "ro", &out->readonly);
	if (!rc)
		rc = on_off(conf, "wo", &out->writeonly);
	if (!rc)
		rc = on_off(conf, "prefetchable", &prefetchable);
	if (!rc)
		rc = on_off(conf, "posted", &posted);
	out->w.region.name = "raw";
	out->w.region.flags = (prefetchable ? IOEMU_PREFETCHABLE : 0) |
			      (posted ? IOEMU_ALLOW_POSTED : 0);
	out->fence = !posted;
	return rc;
}
