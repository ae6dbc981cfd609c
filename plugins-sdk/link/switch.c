/* SPDX-License-Identifier: MIT */
/*
 * The switch from a socket to rings in shared memory (doc/wire.md, section
 * 13): the RING frames, and which byte goes which way. Memory and descriptors
 * belong to whoever moves the bytes.
 */
#include "priv.h"

#define LAYOUT 1u
#define SIZE 32u /* of the root's RING */
#define AT_LAYOUT 0
#define AT_TOTAL 4
#define AT_ROOT_BLOCK 8
#define AT_PEER_BLOCK 12
#define AT_ROOT_RING 16
#define AT_ROOT_SIZE 20
#define AT_PEER_RING 24
#define AT_PEER_SIZE 28

#define LINE 64u
#define BLOCK_SIZE (3 * LINE)
#define TOTAL_MAX (16u << 20)
#define RING_MIN 4096u
#define RING_MAX (4u << 20)

static bool
in_force(const struct link *link)
{
	return link->state == LINK_UP &&
	       (link->config.hello.caps & link->other.caps & LINK_CAP_RING);
}

/* ---- the frame ------------------------------------------------------ */

static void
ring_encode(const struct link_ring *r, uint8_t *p)
{
	put_be32(p + AT_LAYOUT, LAYOUT);
	put_be32(p + AT_TOTAL, r->total);
	put_be32(p + AT_ROOT_BLOCK, r->root.block);
	put_be32(p + AT_PEER_BLOCK, r->peer.block);
	put_be32(p + AT_ROOT_RING, r->root.ring);
	put_be32(p + AT_ROOT_SIZE, r->root.size);
	put_be32(p + AT_PEER_RING, r->peer.ring);
	put_be32(p + AT_PEER_SIZE, r->peer.size);
}

static bool
inside(uint32_t total, uint32_t at, uint32_t size)
{
	return !(at % LINE) && size <= total && at <= total - size;
}

static bool
size_valid(uint32_t size)
{
	return size >= RING_MIN && size <= RING_MAX && !(size & (size - 1));
}

static const char *
ring_decode(const uint8_t *p, struct link_ring *out)
{
	*out = (struct link_ring){
		.total = get_be32(p + AT_TOTAL),
		.root = { .block = get_be32(p + AT_ROOT_BLOCK),
			  .ring = get_be32(p + AT_ROOT_RING),
			  .size = get_be32(p + AT_ROOT_SIZE) },
		.peer = { .block = get_be32(p + AT_PEER_BLOCK),
			  .ring = get_be32(p + AT_PEER_RING),
			  .size = get_be32(p + AT_PEER_SIZE) },
	};
	if (get_be32(p + AT_LAYOUT) != LAYOUT)
		return "layout of RING";
	if (out->total > TOTAL_MAX || !size_valid(out->root.size) ||
	    !size_valid(out->peer.size))
		return "sizes of RING";
	if (!inside(out->total, out->root.block, BLOCK_SIZE) ||
	    !inside(out->total, out->peer.block, BLOCK_SIZE) ||
	    !inside(out->total, out->root.ring, out->root.size) ||
	    !inside(out->total, out->peer.ring, out->peer.size))
		return "places of RING";
	return NULL;
}

/* ---- in ------------------------------------------------------------- */

void
linkswitch_in(struct link *link, const uint8_t *p, size_t len)
{
	bool root = link->config.hello.role == LINK_ROOT;
	const char *wrong = NULL;

	if (!in_force(link) || link->ring.came || (root && !link->ring.said))
		wrong = "RING that nobody waits for";
	else if (len != (root ? 0 : SIZE))
		wrong = "length of RING";
	else if (!root)
		wrong = ring_decode(p, &link->ring.ring);
	if (wrong)
		link_malformed(link, wrong);
	else
		link->ring.came = true;
}

enum link_way
link_way_in(const struct link *link)
{
	return link->ring.came ? LINK_RING : LINK_SOCKET;
}

bool
link_ring_awaited(const struct link *link)
{
	/* RING may come right behind a HELLO that was not read yet */
	return link->config.hello.role == LINK_PEER && !link->ring.came &&
	       (link->state == LINK_WAITS
			? (link->config.hello.caps & LINK_CAP_RING) != 0
			: in_force(link));
}

bool
link_ring_begun(const struct link *link)
{
	return link->ring.came || (link->in_used && link->in[0] == FRAME_RING);
}

const struct link_ring *
link_ring(const struct link *link)
{
	return &link->ring.ring;
}

void
link_doorbell(struct link *link, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i]) {
			link_malformed(link, "bytes on the socket after RING");
			return;
		}
	}
}

/* ---- out ------------------------------------------------------------ */

bool
link_ring_due(const struct link *link)
{
	return link->config.hello.role == LINK_ROOT && in_force(link) &&
	       !link->ring.said;
}

void
link_ring_say(struct link *link, const struct link_ring *ring)
{
	size_t len = ring ? SIZE : 0;
	uint8_t *p;

	if (link->state != LINK_UP)
		return;
	p = link_frame(link, &link->out, FRAME_RING, len);
	if (!p)
		return;
	if (ring)
		ring_encode(ring, p);
	link->ring.said = true;
	link->ring.left = link->out.used;
	link->ring.size = FRAME_HEADER + len;
}

enum link_way
link_way_out(const struct link *link)
{
	const struct link_switch *s = &link->ring;

	if (!s->said)
		return LINK_SOCKET;
	if (!s->left)
		return LINK_RING;
	return s->left == s->size ? LINK_RING_FRAME : LINK_SOCKET;
}

size_t
linkswitch_room(const struct link *link)
{
	const struct link_switch *s = &link->ring;

	if (s->left > s->size)
		return s->left - s->size;
	return s->left ? s->left : link->out.used;
}

void
linkswitch_sent(struct link *link, size_t n)
{
	if (link->ring.left)
		link->ring.left -= n;
}
