/* SPDX-License-Identifier: MIT */
/*
 * A link's life: HELLO, frames in, keep-alive, the end. What requests are is
 * out.c's and in.c's business.
 */
#include "priv.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000ull
#define HELLO_LIMIT_NS (10000 * NS_PER_MS)
#define BYE_TEXT 120u
#define MAX_UNEXPECTED 1000u /* completions nobody asked for */
#define WHY_SIZE 160u

/* ---- queues of bytes ------------------------------------------------ */

uint8_t *
bytes_room(struct bytes *b, size_t n)
{
	size_t want = b->used + n;

	if (b->head + want > b->cap) {
		if (b->head)
			memmove(b->p, b->p + b->head, b->used);
		b->head = 0;
	}
	if (want > b->cap) {
		size_t cap = want > 2 * b->cap ? want : 2 * b->cap;
		uint8_t *p = realloc(b->p, cap);

		if (!p)
			return NULL;
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->head + b->used;
}

void
bytes_drop(struct bytes *b, size_t n)
{
	b->head += n;
	b->used -= n;
	if (!b->used)
		b->head = 0;
}

uint8_t *
link_frame(struct link *link, struct bytes *b, enum frame_type type, size_t len)
{
	uint8_t *p = bytes_room(b, FRAME_HEADER + len);

	if (!p) {
		link_close(link, LINK_FAILURE, "out of memory");
		return NULL;
	}
	p[0] = (uint8_t)type;
	p[1] = 0;
	put_be16(p + 2, (uint16_t)len);
	b->used += FRAME_HEADER + len;
	if (b == &link->out) {
		link->stats.frames_out++;
		if (b->used == FRAME_HEADER + len)
			link->ops->wake(link);
	}
	return p + FRAME_HEADER;
}

/* ---- the end -------------------------------------------------------- */

static void
link_bye(struct link *link, enum link_reason reason, const char *why)
{
	size_t n = strnlen(why, BYE_TEXT);
	uint8_t *p = bytes_room(&link->out, FRAME_HEADER + 2 + n);

	if (!p) /* then it ends without a word */
		return;
	p[0] = FRAME_BYE;
	p[1] = 0;
	put_be16(p + 2, (uint16_t)(2 + n));
	put_be16(p + FRAME_HEADER, (uint16_t)reason);
	memcpy(p + FRAME_HEADER + 2, why, n);
	link->out.used += FRAME_HEADER + 2 + n;
	link->ops->wake(link);
}

static void
link_end(struct link *link, const char *why)
{
	link->state = LINK_CLOSED;
	linkout_close(link);
	link->ops->down(link, why);
}

void
link_close(struct link *link, enum link_reason reason, const char *why)
{
	if (link->state == LINK_CLOSED)
		return;
	link->stats.malformed += reason == LINK_MALFORMED;
	link_bye(link, reason, why);
	link_end(link, why);
}

void
link_malformed(struct link *link, const char *what)
{
	link_close(link, LINK_MALFORMED, what);
}

/* ---- frames in ------------------------------------------------------ */

static void
link_hello(struct link *link, const uint8_t *p, size_t len)
{
	const struct link_hello *mine = &link->config.hello;
	const char *wrong = hello_decode(p, len, &link->other);
	const struct link_hello *o = &link->other;

	if (!wrong && o->role == mine->role)
		wrong = "both ends have the same role";
	if (wrong) {
		link->stats.malformed++;
		link_close(link,
			   o->major == HELLO_MAJOR ? LINK_BAD_HELLO
						   : LINK_BAD_VERSION,
			   wrong);
		return;
	}
	link->mps = o->max_payload < mine->max_payload ? o->max_payload
						       : mine->max_payload;
	link->mrrs =
		o->max_read < mine->max_read ? o->max_read : mine->max_read;
	link->state = LINK_UP;
	linkout_up(link);
	link->ops->up(link, o);
}

static void
link_tlp(struct link *link, const uint8_t *p, size_t len)
{
	struct tlp t;
	enum tlp_error err = tlp_decode(p, len, link->mps, &t);

	if (err) {
		link_malformed(link, tlp_error_text(err));
		return;
	}
	link->stats.poisoned += t.poisoned;
	if (tlp_class(t.kind) == TLP_COMPLETION) {
		linkout_completion(link, &t);
		if (link->stats.unexpected > MAX_UNEXPECTED)
			link_close(link, LINK_UNEXPECTED,
				   "completions that nobody asked for");
	} else if (t.kind == TLP_MSG || t.kind == TLP_MSGD) {
		linkmsg_in(link, &t);
	} else {
		linkin_request(link, &t);
	}
}

static void
link_ping(struct link *link, const uint8_t *p, size_t len)
{
	uint8_t *pong;

	/* answers that nobody reads must not take all memory */
	if (link->out.used > 2ul * OUT_HIGH) {
		link_malformed(link, "PING before the last was answered");
		return;
	}
	pong = link_frame(link, &link->out, FRAME_PONG, len);
	if (pong)
		memcpy(pong, p, len);
}

/* Text of the other end: printable only. */
static void
link_bye_in(struct link *link, const uint8_t *p, size_t len)
{
	char why[WHY_SIZE] = "the other end said goodbye: ";
	size_t at = strlen(why), i;

	for (i = 2; i < len && at < sizeof(why) - 1; i++)
		why[at++] = host_printable(p[i]);
	why[at] = '\0';
	link_end(link, why);
}

static void
link_credit(struct link *link, const uint8_t *p, size_t len)
{
	const char *wrong = linkout_credit(link, p, len);

	if (wrong)
		link_malformed(link, wrong);
	else
		linkout_pump(link);
}

static const char *
frame_wrong(const struct link *link, const uint8_t *head, size_t len)
{
	bool ping = head[0] == FRAME_PING || head[0] == FRAME_PONG;

	if (head[0] < FRAME_HELLO || head[0] > FRAME_RING)
		return "unknown type of frame";
	if (head[1])
		return "flags of a frame";
	if (len > TLP_MAX || (ping && len != 8) ||
	    (head[0] == FRAME_HELLO && len > HELLO_MAX) ||
	    (head[0] == FRAME_BYE && (len < 2 || len > 2 + BYE_TEXT)))
		return "length of a frame";
	if ((head[0] == FRAME_HELLO) != (link->state == LINK_WAITS) &&
	    head[0] != FRAME_BYE)
		return link->state == LINK_WAITS ? "something before HELLO"
						 : "a second HELLO";
	return NULL;
}

static void
link_frame_in(struct link *link, const uint8_t *head, size_t len)
{
	const uint8_t *body = head + FRAME_HEADER;
	const char *wrong = frame_wrong(link, head, len);

	if (wrong) {
		link_malformed(link, wrong);
		return;
	}
	link->stats.frames_in++;
	switch ((enum frame_type)head[0]) {
	case FRAME_HELLO:
		link_hello(link, body, len);
		break;
	case FRAME_CREDIT:
		link_credit(link, body, len);
		break;
	case FRAME_TLP:
		link_tlp(link, body, len);
		break;
	case FRAME_PING:
		link_ping(link, body, len);
		break;
	case FRAME_PONG:
		if (!link->pinged || get_be64(body) != link->pinged_ns)
			link_malformed(link, "PONG that answers no PING");
		link->pinged = false;
		break;
	case FRAME_BYE:
		link_bye_in(link, body, len);
		break;
	case FRAME_RING:
		linkswitch_in(link, body, len);
		break;
	}
}

uint8_t *
link_input(struct link *link, size_t *room)
{
	*room = IN_SIZE - link->in_used;
	return link->in + link->in_used;
}

void
link_received(struct link *link, size_t n)
{
	bool ring = link->ring.came;
	size_t at = 0, len;

	link->in_used += n;
	link->stats.bytes_in += n;
	link->heard_ns = link_now(link);
	while (link->state != LINK_CLOSED && link->ring.came == ring &&
	       link->in_used - at >= FRAME_HEADER) {
		len = get_be16(link->in + at + 2);
		if (len <= TLP_MAX && link->in_used - at < FRAME_HEADER + len)
			break;
		link_frame_in(link, link->in + at, len);
		at += FRAME_HEADER + len;
	}
	if (link->ring.came != ring) { /* the rest came behind RING */
		link_doorbell(link, link->in + at, link->in_used - at);
		at = link->in_used;
	}
	if (link->state == LINK_CLOSED)
		at = link->in_used;
	memmove(link->in, link->in + at, link->in_used - at);
	link->in_used -= at;
}

/* ---- frames out ----------------------------------------------------- */

size_t
link_output(const struct link *link, const uint8_t **bytes)
{
	*bytes = link->out.p + link->out.head;
	return linkswitch_room(link);
}

void
link_sent(struct link *link, size_t n)
{
	link->stats.bytes_out += n;
	if (link->other.keepalive_ms) /* else nobody asks when */
		link->said_ns = link_now(link);
	bytes_drop(&link->out, n);
	linkswitch_sent(link, n);
	if (link->state == LINK_UP)
		linkout_pump(link);
}

/* ---- time ----------------------------------------------------------- */

uint64_t
link_now(struct link *link)
{
	return link->ops->now(link);
}

/* Our limit for their silence; half of theirs for ours. UINT64_MAX: none. */
static uint64_t
silence_due(const struct link *link)
{
	uint64_t ours = link->config.hello.keepalive_ms * NS_PER_MS;

	if (link->state == LINK_WAITS)
		return link->made_ns + HELLO_LIMIT_NS;
	return ours ? link->heard_ns + ours : UINT64_MAX;
}

static uint64_t
ping_due(const struct link *link)
{
	uint64_t theirs = link->other.keepalive_ms * NS_PER_MS;

	/* one PING at a time: who does not answer it hears no other either */
	return theirs && !link->pinged ? link->said_ns + theirs / 2
				       : UINT64_MAX;
}

uint64_t
link_deadline(const struct link *link)
{
	uint64_t due = silence_due(link), other;

	if (link->state == LINK_CLOSED)
		return UINT64_MAX;
	other = ping_due(link);
	due = other < due ? other : due;
	other = link->state == LINK_UP ? linktime_deadline(link) : UINT64_MAX;
	return other < due ? other : due;
}

void
link_send_ping(struct link *link, uint64_t now)
{
	uint8_t *cookie;

	if (link->pinged)
		return;
	cookie = link_frame(link, &link->out, FRAME_PING, 8);
	if (!cookie)
		return;
	put_be64(cookie, now);
	link->pinged = true;
	link->pinged_ns = now;
}

/*
 * It was due long ago: this process stood still, and the other end perhaps with
 * it, so nothing is known of who is silent. It gets half the time again.
 */
static bool
link_overslept(struct link *link, uint64_t now)
{
	uint64_t ours = link->config.hello.keepalive_ms * NS_PER_MS;

	if (link->state != LINK_UP || now - silence_due(link) < ours / 4)
		return false;
	link->heard_ns = now - ours / 2;
	return true;
}

void
link_tick(struct link *link)
{
	uint64_t now = link_now(link);

	if (link->state == LINK_UP)
		linktime_tick(link, now);
	if (link->state == LINK_CLOSED)
		return;
	if (now >= silence_due(link) && !link_overslept(link, now))
		link_close(link, LINK_SILENCE,
			   link->state == LINK_WAITS ? "it does not say HELLO"
						     : "nothing heard of it");
	else if (now >= ping_due(link))
		link_send_ping(link, now);
}

/* ---- life ----------------------------------------------------------- */

static int
link_say_hello(struct link *link)
{
	uint8_t *p = bytes_room(&link->out, FRAME_HEADER + HELLO_MAX);
	size_t n;

	if (!p)
		return -ENOMEM;
	n = hello_encode(&link->config.hello, p + FRAME_HEADER);
	p[0] = FRAME_HELLO;
	p[1] = 0;
	put_be16(p + 2, (uint16_t)n);
	link->out.used = FRAME_HEADER + n;
	link->stats.frames_out++;
	return 0;
}

int
link_new(const struct link_config *config, struct link **out)
{
	struct link *link = calloc(1, sizeof(*link));
	int rc;

	if (!link)
		return -ENOMEM;
	link->config = *config;
	link->ops = config->ops;
	link->made_ns = link->heard_ns = link->said_ns = link_now(link);
	rc = linkout_new(link);
	if (!rc)
		rc = linkin_new(link);
	if (!rc)
		rc = link_say_hello(link);
	if (rc)
		link_free(link);
	else
		*out = link;
	return rc;
}

/* Its memory stays while the receiver holds requests of the other end. */
void
link_free(struct link *link)
{
	link->freed = true;
	link->state = LINK_CLOSED;
	if (link->n_open)
		return;
	linkout_free(link);
	linkin_free(link);
	free(link);
}

void *
link_user(const struct link *link)
{
	return link->config.user;
}

bool
link_is_up(const struct link *link)
{
	return link->state == LINK_UP;
}

const struct link_hello *
link_other(const struct link *link)
{
	return &link->other;
}

const struct link_stats *
link_stats(const struct link *link)
{
	return &link->stats;
}
