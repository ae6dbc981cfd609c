/* SPDX-License-Identifier: MIT */
/*
 * What a peer asks: guest memory, interrupts, windows. It is trusted with none
 * of it: a function reaches memory only while the guest made it a bus master
 * and within what the user granted, and windows are where the guest put BARs
 * or the user allowed them.
 */
#include "peer/priv.h"

#include <string.h>

#include "base/log.h"

#define FUNCTION_MASK 7u
#define MSI_FIRST 0xfee00000ull
#define MSI_LAST 0xfeefffffull
#define MSI_SIZE 4u
#define MAX_TEXT 256u
#define PINS 4u

/* ---- memory ------------------------------------------------------- */

/* The function that a requester id names; NULL: not one of this peer. */
static struct peer_function *
requester_function(struct peer *peer, uint16_t id)
{
	struct peer_function *fn = &peer->fn[id & FUNCTION_MASK];

	return fn->exists && fn->place.bus && peer_cfg_is(fn, id) ? fn : NULL;
}

static bool
granted(const struct peer_conf *conf, uint64_t gpa, uint32_t len)
{
	unsigned i;

	for (i = 0; i < conf->n_dma_ranges; i++)
		if (gpa >= conf->dma_range[i].first &&
		    gpa + len - 1 <= conf->dma_range[i].last)
			return true;
	return !conf->n_dma_ranges && conf->dma;
}

/* May who sent this reach memory, MSIs included? */
static bool
may_master(struct peer *peer, uint16_t requester)
{
	const struct peer_function *fn;

	if (!peer->bus) /* ranges only: no function to be a master */
		return !requester;
	fn = requester_function(peer, requester);
	return fn && peer_cfg_master(fn) && bus_upstream(&fn->place);
}

/* An interrupt is a write to memory. A function's is let through with its bus
 * mastering, which the guest's driver turned on for it; who has no function
 * needs the user's word that it may write there. */
static int
msi(struct peer *peer, uint64_t addr, uint32_t data)
{
	if (!peer->bus && !granted(&peer->conf, addr, MSI_SIZE))
		return -EACCES;
	return xen_msi(peer->env->xen, addr, data);
}

/* 0, or -errno: the rest of the request is not carried out. */
static int
dma_runs(struct peer *peer, struct link_in *in)
{
	uint64_t gpa = 0;
	uint32_t len = 0;
	int rc = 0;

	while (!rc && link_in_run(in, &gpa, &len)) {
		uint8_t *data = in->data + (gpa - in->base);

		if (!granted(&peer->conf, gpa, len))
			return -EACCES;
		rc = in->write ? dma_write(peer->env->dma, gpa, data, len)
			       : dma_read(peer->env->dma, gpa, data, len);
	}
	return rc;
}

static bool
is_msi(const struct link_in *in, uint64_t *addr)
{
	uint32_t len = 0;

	*addr = 0;
	return in->write && link_in_run(in, addr, &len) && len == MSI_SIZE &&
	       *addr % MSI_SIZE == 0;
}

void
peer_serve(struct peer *peer, struct link_in *in)
{
	uint64_t addr;
	int rc = -EACCES;

	if (in->space != IOEMU_MEM || peer->life != PEER_READY ||
	    !may_master(peer, in->requester))
		rc = -EACCES;
	else if (in->base < MSI_FIRST || in->base > MSI_LAST)
		rc = dma_runs(peer, in);
	else if (is_msi(in, &addr))
		rc = msi(peer, addr, ioemu_get_le32(in->data));
	link_answer(in, rc);
}

void
peer_request(struct link *link, struct link_in *in)
{
	struct peer *peer = link_user(link);

	if (!peer_windows_wait(peer, in))
		peer_serve(peer, in);
}

/* ---- windows ------------------------------------------------------ */

void
peer_window_map(struct peer *peer, struct peer_window *pw)
{
	struct host_window *w = &pw->w;
	const struct range range = {
		.first = w->base,
		.last = w->base + w->region.size - 1,
		.target = &peer->target,
		.window = w,
		.base = w->base,
		.owner = pw->fixed ? NULL : &peer->owner,
	};

	if (pw->mapped)
		return;
	pw->mapped = true;
	if (peer->bus) {
		bus_map(&peer->fn[pw->function].place, w);
		return;
	}
	if (route_add_range(peer->env->routes, w->space, &range))
		log_guest(peer->id, IOEMU_WARN, "no room for one more range");
	claims_update(peer->env->claims, w->space);
}

void
peer_window_unmap(struct peer *peer, struct peer_window *pw)
{
	if (!pw->mapped)
		return;
	pw->mapped = false;
	if (peer->bus) {
		bus_unmap(&peer->fn[pw->function].place, &pw->w);
		return;
	}
	route_del(peer->env->routes, &pw->w);
	claims_update(peer->env->claims, pw->w.space);
}

/* The one of that name, or a free one; NULL: all are taken. */
static struct peer_window *
window_of(struct peer *peer, unsigned function, unsigned index)
{
	struct peer_window *pw, *spare = NULL;

	for (pw = peer->window; pw < peer->window + PEER_WINDOWS; pw++) {
		if (pw->used && !pw->fixed && pw->function == function &&
		    pw->index == index)
			return pw;
		if (!pw->used && !spare)
			spare = pw;
	}
	return spare;
}

/* What an isolated device without a function declares is not known here, but
 * that it is no more than this, as far as fixed ranges go. */
#define DECLARED_PORTS 0x100u
#define DECLARED_MEMORY 0x100000u

/* Nobody's yet, and of a size that a device like that has. */
static bool
declared_fits(const struct peer *peer, const struct link_window *w)
{
	bool io = w->space == IOEMU_PIO;
	uint64_t last = w->base + w->size - 1;

	return w->size <= (io ? DECLARED_PORTS : DECLARED_MEMORY) &&
	       !route_taken(peer->env->routes, w->space, w->base, last,
			    &peer->target) &&
	       (io || !dma_holds(peer->env->dma, w->base, last));
}

/*
 * An isolated device without a function has the ranges that its first process
 * announced before it heard of the guest, when all that it knew was what the
 * user had configured. Later processes, and what a guest may have made of this
 * one, have the same and no others.
 */
static bool
declared(struct peer *peer, const struct link_window *w)
{
	struct peer_declared *d = peer->declared;
	unsigned i;

	for (i = 0; i < peer->n_declared; i++)
		if (d[i].space == w->space && d[i].base == w->base &&
		    d[i].size == w->size)
			return d[i].granted;
	if (peer->all_declared || peer->n_declared == HOST_MAX_FIXED)
		return false;
	d += peer->n_declared++;
	*d = (struct peer_declared){
		.space = w->space,
		.base = w->base,
		.size = w->size,
		.granted = declared_fits(peer, w),
	};
	return d->granted;
}

static bool
window_allowed(struct peer *peer, unsigned function,
	       const struct link_window *w)
{
	unsigned i;

	/* a BAR's size is a power of two, its base a multiple of it
	 * (PCI Local Bus Specification 3.0, 6.2.5.1) */
	if (peer->bus)
		return w->index <= 6 && !(w->size & (w->size - 1)) &&
		       !(w->base & (w->size - 1)) &&
		       peer_cfg_decodes(&peer->fn[function], w->index, w->space,
					w->base) &&
		       peer_cfg_holds(&peer->fn[function], w->index, w->space,
				      w->size);
	if (peer->conf.isolated && !peer->conf.n_allow)
		return declared(peer, w);
	for (i = 0; i < peer->conf.n_allow; i++)
		if (w->space == IOEMU_MEM &&
		    w->base >= peer->conf.allow[i].first &&
		    w->base + w->size - 1 <= peer->conf.allow[i].last)
			return true;
	return false;
}

/* Has the user placed it already? Then his word on it stands. */
static bool
window_fixed(const struct peer *peer, const struct link_window *w)
{
	const struct peer_window *pw;

	for (pw = peer->window; pw < peer->window + PEER_WINDOWS; pw++)
		if (pw->used && pw->fixed && pw->w.space == w->space &&
		    w->base >= pw->w.base &&
		    w->base - pw->w.base < pw->w.region.size &&
		    w->size <= pw->w.region.size - (w->base - pw->w.base))
			return true;
	return false;
}

/* A write to it is one that nobody answers, but for a fence (wire.md). */
static uint16_t
window_flags(const struct link_window *w)
{
	return (w->prefetchable ? IOEMU_PREFETCHABLE : 0) |
	       (w->fence ? 0 : IOEMU_ALLOW_POSTED);
}

static bool
window_is(const struct peer_window *pw, const struct link_window *w)
{
	return pw->mapped && w->mapped && pw->w.space == w->space &&
	       pw->w.base == w->base && pw->w.region.size == w->size &&
	       pw->w.region.flags == window_flags(w) &&
	       pw->readonly == w->readonly && pw->writeonly == w->writeonly;
}

void
peer_window_set(struct peer *peer, unsigned function,
		const struct link_window *w)
{
	struct peer_window *pw = window_of(peer, function, w->index);

	if (pw && window_is(pw, w) && window_allowed(peer, function, w))
		return; /* where it is: the guest is to see no gap */
	if (pw)
		peer_window_unmap(peer, pw);
	if (!w->mapped || window_fixed(peer, w)) {
		if (pw)
			pw->used = false;
		return;
	}
	if (!pw || !window_allowed(peer, function, w)) {
		log_guest(peer->id, IOEMU_WARN,
			  "wants addresses that nobody gave it: not mapped");
		return;
	}
	*pw = (struct peer_window){
		.w = {
			.region = {
				.name = "peer",
				.size = w->size,
				.flags = window_flags(w),
			},
			.base = w->base,
			.space = w->space,
			.kind = HOST_WINDOW_BAR,
			.index = w->index,
		},
		.used = true,
		.function = (uint8_t)function,
		.index = w->index,
		.readonly = w->readonly,
		.writeonly = w->writeonly,
		.fence = w->fence,
	};
	if (peer->life == PEER_READY)
		peer_window_map(peer, pw);
}

void
peer_windows_map(struct peer *peer)
{
	struct peer_window *pw;

	for (pw = peer->window; pw < peer->window + PEER_WINDOWS; pw++)
		if (pw->used)
			peer_window_map(peer, pw);
}

static bool
message_window(struct peer *peer, const struct link_msg *msg)
{
	unsigned function = msg->requester & FUNCTION_MASK;
	struct link_window w;

	if (!link_window_decode(msg, &w))
		return false;
	if (peer->bus && !peer->fn[function].exists)
		return true; /* dropped: nobody's */
	/* where a peer has no say its windows are the user's */
	if (peer->bus || link_other(peer->link)->caps & LINK_CAP_WINDOWS)
		peer_windows_say(peer, peer->bus ? function : 0, &w);
	return true;
}

/* ---- interrupts --------------------------------------------------- */

static void
message_intx(struct peer *peer, uint8_t code)
{
	struct bus_dev *place = &peer->fn[0].place;
	unsigned pin = code % PINS;
	bool level = code < LINK_DEASSERT_INTX;

	if (peer->bus && level != (place->pins >> pin & 1))
		bus_intx(place, pin, level);
}

static void
isa_line(struct peer *peer, unsigned line, bool level)
{
	if (level == (peer->isa >> line & 1))
		return;
	peer->isa ^= 1u << line;
	irq_line(peer->env->irq, line, peer->conf.gsi[line], level);
}

static bool
message_line(struct peer *peer, const struct link_msg *msg)
{
	if (msg->b >= PEER_ISA_LINES || msg->a > 1 || msg->len)
		return false;
	if (peer->bus)
		return true;
	if (peer->conf.isolated || peer->conf.isa >> msg->b & 1)
		isa_line(peer, msg->b, msg->a);
	else if (msg->a)
		log_guest(peer->id, IOEMU_WARN,
			  "raises an interrupt that no irq= gave it: left out");
	return true;
}

static bool
message_log(struct peer *peer, const struct link_msg *msg)
{
	char text[MAX_TEXT + 1];
	unsigned i;

	if (!msg->b || msg->b > MAX_TEXT || msg->len != ((msg->b + 3u) & ~3u) ||
	    msg->a > IOEMU_DEBUG)
		return false;
	for (i = 0; i < msg->b; i++)
		text[i] = host_printable(msg->data[i]);
	text[i] = '\0';
	log_words(peer->id, (enum ioemu_level)msg->a, text);
	return true;
}

/* False: it breaks the protocol. */
static bool
message_vendor(struct peer *peer, const struct link_msg *msg)
{
	switch (msg->word) {
	case LINK_WINDOW:
		return message_window(peer, msg);
	case LINK_LINE:
		return message_line(peer, msg);
	case LINK_LOG:
		return message_log(peer, msg);
	case LINK_PAUSED:
	case LINK_LOADED:
	case LINK_STATE:
		peer_windows_now(peer);
		return peer_state_message(peer, msg);
	case LINK_RUN:
	case LINK_PAUSE:
	case LINK_RESET:
	case LINK_SAVE: /* these are ours to say */
		return false;
	}
	return true; /* a later version's: dropped */
}

void
peer_message(struct link *link, const struct link_msg *msg)
{
	struct peer *peer = link_user(link);

	if (msg->code != LINK_VENDOR_MSG)
		message_intx(peer, msg->code);
	else if (!message_vendor(peer, msg))
		link_close(link, LINK_MALFORMED,
			   "a message that makes no sense");
}

void
peer_quench(struct peer *peer)
{
	struct peer_window *pw;
	unsigned i;

	peer->n_news = 0;
	for (pw = peer->window; pw < peer->window + PEER_WINDOWS; pw++) {
		if (!pw->used || pw->fixed)
			continue;
		peer_window_unmap(peer, pw);
		pw->used = false;
	}
	for (i = 0; i < PINS; i++)
		if (peer->fn[0].place.pins >> i & 1)
			bus_intx(&peer->fn[0].place, i, false);
	for (i = 0; i < PEER_ISA_LINES; i++)
		isa_line(peer, i, false);
}
