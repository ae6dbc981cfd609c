/* SPDX-License-Identifier: MIT */
/*
 * HELLO, the first frame of each end (doc/wire.md): bytes to struct link_hello
 * and back. It judges values, not whether two ends fit.
 */
#include "priv.h"

#include <string.h>

#define MAGIC 0x494f454du /* "IOEM" */
#define SIZE 64u	  /* without what later versions append */

#define MIN_KEEPALIVE_MS 100u

#define AT_MAJOR 4
#define AT_MINOR 5
#define AT_ROLE 6
#define AT_KIND 7
#define AT_MAX_PAYLOAD 8
#define AT_MAX_READ 10
#define AT_NP_CREDITS 12
#define AT_P_CREDITS 14
#define AT_P_DATA 16
#define AT_RCB 18
#define AT_KEEPALIVE 20
#define AT_FUNCTIONS 22
#define AT_INSTANCE 24
#define AT_CAPS 32
#define AT_NAME 36

size_t
hello_encode(const struct link_hello *h, uint8_t *out)
{
	memset(out, 0, SIZE);
	put_be32(out, MAGIC);
	out[AT_MAJOR] = HELLO_MAJOR;
	out[AT_MINOR] = HELLO_MINOR;
	out[AT_ROLE] = (uint8_t)h->role;
	out[AT_KIND] = (uint8_t)h->kind;
	put_be16(out + AT_MAX_PAYLOAD, h->max_payload);
	put_be16(out + AT_MAX_READ, h->max_read);
	put_be16(out + AT_NP_CREDITS, h->np_credits);
	put_be16(out + AT_P_CREDITS, h->p_credits);
	put_be16(out + AT_P_DATA, h->p_data);
	put_be16(out + AT_RCB, h->rcb);
	put_be16(out + AT_KEEPALIVE, h->keepalive_ms);
	out[AT_FUNCTIONS] = h->functions;
	put_be64(out + AT_INSTANCE, h->instance);
	put_be32(out + AT_CAPS, h->caps);
	memcpy(out + AT_NAME, h->name, strnlen(h->name, LINK_NAME_SIZE - 1));
	return SIZE;
}

static bool
size_valid(unsigned v)
{
	return v >= 128 && v <= TLP_MAX_DATA && !(v & (v - 1));
}

static bool
kind_valid(const struct link_hello *h)
{
	if (h->role == LINK_PEER && h->kind == LINK_KIND_PCI)
		return h->functions & 1;
	return !h->functions &&
	       (h->role == LINK_ROOT ? !h->kind : h->kind == LINK_KIND_RAW);
}

static const char *
hello_wrong(const struct link_hello *h)
{
	if (h->major != HELLO_MAJOR)
		return "another major version";
	if (h->role != LINK_ROOT && h->role != LINK_PEER)
		return "role in HELLO";
	if (!kind_valid(h))
		return "kind or functions in HELLO";
	if (!size_valid(h->max_payload))
		return "maximum payload in HELLO";
	if (!size_valid(h->max_read))
		return "maximum read request in HELLO";
	if (!h->np_credits || h->np_credits > TLP_TAGS || !h->p_credits ||
	    h->p_data < h->max_payload / P_UNIT)
		return "credits in HELLO";
	if (h->rcb != 64 && h->rcb != 128)
		return "read completion boundary in HELLO";
	if (h->keepalive_ms && h->keepalive_ms < MIN_KEEPALIVE_MS)
		return "keep-alive in HELLO";
	if (!h->instance)
		return "instance in HELLO";
	return NULL;
}

/* Type, length, bytes; none of them means anything to us. */
static bool
options_valid(const uint8_t *p, size_t len)
{
	size_t at = SIZE;

	while (at < len) {
		if (len - at < 2 || len - at - 2 < p[at + 1])
			return false;
		at += 2u + p[at + 1];
	}
	return true;
}

const char *
hello_decode(const uint8_t *p, size_t len, struct link_hello *out)
{
	unsigned i;

	*out = (struct link_hello){ .major = HELLO_MAJOR };
	if (len < SIZE || get_be32(p) != MAGIC || !options_valid(p, len))
		return "this is no HELLO";
	*out = (struct link_hello){
		.major = p[AT_MAJOR],
		.minor = p[AT_MINOR],
		.role = p[AT_ROLE],
		.kind = p[AT_KIND],
		.functions = p[AT_FUNCTIONS],
		.max_payload = get_be16(p + AT_MAX_PAYLOAD),
		.max_read = get_be16(p + AT_MAX_READ),
		.np_credits = get_be16(p + AT_NP_CREDITS),
		.p_credits = get_be16(p + AT_P_CREDITS),
		.p_data = get_be16(p + AT_P_DATA),
		.rcb = get_be16(p + AT_RCB),
		.keepalive_ms = get_be16(p + AT_KEEPALIVE),
		.instance = get_be64(p + AT_INSTANCE),
		.caps = get_be32(p + AT_CAPS),
	};
	for (i = 0; i < LINK_NAME_SIZE - 1 && p[AT_NAME + i]; i++)
		out->name[i] = host_printable(p[AT_NAME + i]);
	return hello_wrong(out);
}
