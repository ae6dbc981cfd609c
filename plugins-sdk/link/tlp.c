/* SPDX-License-Identifier: MIT */
/*
 * The codec for transaction layer packets. It owns their layout and the rules
 * of the PCI Express base specification, section 2.2, that can be checked on
 * one TLP alone. It knows no link: who sent a TLP, whether it was asked for,
 * and what becomes of a bad one is decided elsewhere.
 */
#include "tlp.h"

#define DW 4u
#define PAGE 4096u /* no request crosses a multiple of this */
#define MAX_DW 1024u

/* DW 0; the tag's bits 9 and 8 are at 23 and 19, the attributes' bit 2 is at
 * 18 and 1:0 at 13:12 */
#define TC_SHIFT 20
#define TH (1u << 16)
#define TD (1u << 15)
#define EP (1u << 14)
#define AT_SHIFT 10
#define LENGTH 0x3ffu

/* Byte 0: fmt 7:5 (prefix, data, four DW), type 4:0 */
#define FMT_DATA 0x40u
#define FMT_4DW 0x20u
#define ROUTING 0x07u

/* What the header has after DW 0 */
enum form {
	FORM_MEM,    /* three or four DW, as the address needs */
	FORM_ATOMIC, /* likewise, without byte enables */
	FORM_IO,
	FORM_CFG,
	FORM_CPL,
	FORM_MSG, /* always four DW */
};

static const struct {
	uint8_t byte0;
	uint8_t varies; /* bits of byte 0 that are not the kind's */
	enum form form;
	enum tlp_class class;
} kinds[] = {
	[TLP_MRD] = { 0x00, FMT_4DW, FORM_MEM, TLP_NON_POSTED },
	[TLP_MWR] = { 0x40, FMT_4DW, FORM_MEM, TLP_POSTED },
	[TLP_CPL] = { 0x0a, 0, FORM_CPL, TLP_COMPLETION },
	[TLP_CPLD] = { 0x4a, 0, FORM_CPL, TLP_COMPLETION },
	[TLP_IORD] = { 0x02, 0, FORM_IO, TLP_NON_POSTED },
	[TLP_IOWR] = { 0x42, 0, FORM_IO, TLP_NON_POSTED },
	[TLP_CFGRD0] = { 0x04, 0, FORM_CFG, TLP_NON_POSTED },
	[TLP_CFGWR0] = { 0x44, 0, FORM_CFG, TLP_NON_POSTED },
	[TLP_CFGRD1] = { 0x05, 0, FORM_CFG, TLP_NON_POSTED },
	[TLP_CFGWR1] = { 0x45, 0, FORM_CFG, TLP_NON_POSTED },
	[TLP_MSG] = { 0x30, ROUTING, FORM_MSG, TLP_POSTED },
	[TLP_MSGD] = { 0x70, ROUTING, FORM_MSG, TLP_POSTED },
	[TLP_MRDLK] = { 0x01, FMT_4DW, FORM_MEM, TLP_NON_POSTED },
	[TLP_FETCHADD] = { 0x4c, FMT_4DW, FORM_ATOMIC, TLP_NON_POSTED },
	[TLP_SWAP] = { 0x4d, FMT_4DW, FORM_ATOMIC, TLP_NON_POSTED },
	[TLP_CAS] = { 0x4e, FMT_4DW, FORM_ATOMIC, TLP_NON_POSTED },
	[TLP_CPLLK] = { 0x0b, 0, FORM_CPL, TLP_COMPLETION },
	[TLP_CPLDLK] = { 0x4b, 0, FORM_CPL, TLP_COMPLETION },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool
has_data(enum tlp_kind kind)
{
	return kinds[kind].byte0 & FMT_DATA;
}

/* Of a completion or message without data the length is reserved. */
static bool
has_length(enum tlp_kind kind)
{
	return has_data(kind) || kinds[kind].class == TLP_NON_POSTED;
}

enum tlp_class
tlp_class(enum tlp_kind kind)
{
	return kinds[kind].class;
}

unsigned
tlp_data_dw(const struct tlp *t)
{
	return has_data(t->kind) ? t->dw : 0;
}

bool
tlp_supported(const struct tlp *t)
{
	/* type 1 is for bridges: neither end has buses behind it */
	return t->kind < TLP_MRDLK && t->kind != TLP_CFGRD1 &&
	       t->kind != TLP_CFGWR1 && !t->at;
}

const char *
tlp_error_text(enum tlp_error err)
{
	static const char *const text[] = {
		[TLP_OK] = "nothing",
		[TLP_BAD_SIZE] = "shorter than its header",
		[TLP_BAD_TYPE] = "fmt and type",
		[TLP_BAD_TD] = "digest (TD) present",
		[TLP_BAD_TH] = "processing hints (TH) present",
		[TLP_BAD_LENGTH] = "length",
		[TLP_BAD_PAYLOAD] = "payload above max_payload",
		[TLP_BAD_TC] = "traffic class",
		[TLP_BAD_ATTR] = "attributes",
		[TLP_BAD_AT] = "address type",
		[TLP_BAD_BE] = "byte enables",
		[TLP_BAD_ADDR] = "64-bit form of a 32-bit address",
		[TLP_BAD_4K] = "4 KiB boundary crossed",
		[TLP_BAD_STATUS] = "completion status",
		[TLP_BAD_INTX] = "routing or data of an INTx message",
	};

	return text[err];
}

/* ---- bytes to struct ------------------------------------------------- */

/* Base specification, 2.2.5: byte enables, and where they may have gaps. */
static bool
be_valid(const struct tlp *t)
{
	unsigned first = t->first_be, last = t->last_be;

	if (t->dw == 1)
		return !last;
	if (!first || !last)
		return false;
	if (t->dw == 2 && t->addr % 8 == 0)
		return true;
	/* no gaps: the first up to bit 3, the last from bit 0 */
	return (first | (first - 1)) == 0xf && !(last & (last + 1));
}

static enum tlp_error
decode_mem(const uint8_t *buf, struct tlp *t)
{
	uint32_t end;

	if (get_be32(buf) & TH)
		return TLP_BAD_TH;
	t->addr = get_be32(buf + 8);
	if (buf[0] & FMT_4DW) {
		if (!t->addr)
			return TLP_BAD_ADDR;
		t->addr = t->addr << 32 | get_be32(buf + 12);
	}
	t->addr &= ~(uint64_t)(DW - 1);
	end = (uint32_t)(t->addr % PAGE) + t->dw * DW;
	if (end > PAGE)
		return TLP_BAD_4K;
	if (kinds[t->kind].form == FORM_ATOMIC)
		return TLP_OK;
	t->last_be = buf[7] >> 4;
	t->first_be = buf[7] & 0xf;
	return be_valid(t) ? TLP_OK : TLP_BAD_BE;
}

/* 2.2.7: I/O and configuration requests are one DW and plain. */
static enum tlp_error
decode_io_cfg(const uint8_t *buf, struct tlp *t)
{
	if (t->tc)
		return TLP_BAD_TC;
	if (t->attr)
		return TLP_BAD_ATTR;
	if (get_be32(buf) >> AT_SHIFT & 3)
		return TLP_BAD_AT;
	if (t->dw != 1)
		return TLP_BAD_LENGTH;
	if (kinds[t->kind].form == FORM_CFG) {
		t->completer = get_be16(buf + 8);
		t->addr = get_be16(buf + 10) & 0xffc;
	} else {
		t->addr = get_be32(buf + 8) & ~(DW - 1);
	}
	t->first_be = buf[7] & 0xf;
	return buf[7] >> 4 ? TLP_BAD_BE : TLP_OK;
}

static enum tlp_error
decode_cpl(const uint8_t *buf, struct tlp *t)
{
	uint16_t count = get_be16(buf + 6) & 0xfff;

	t->completer = get_be16(buf + 4);
	t->status = buf[6] >> 5;
	t->byte_count = count ? count : PAGE;
	t->requester = get_be16(buf + 8);
	t->tag |= buf[10];
	t->lower_addr = buf[11] & 0x7f;
	/* 2.2.9: what failed has no data */
	if (t->status != TLP_SC && has_data(t->kind))
		return TLP_BAD_STATUS;
	return TLP_OK;
}

static enum tlp_error
decode_msg(const uint8_t *buf, struct tlp *t)
{
	t->routing = buf[0] & ROUTING;
	t->code = buf[7];
	t->msg[0] = get_be32(buf + 8);
	t->msg[1] = get_be32(buf + 12);
	if (t->code < TLP_ASSERT_INTX || t->code >= TLP_DEASSERT_INTX + 4)
		return TLP_OK;
	/* 2.2.8.1 */
	if (t->tc)
		return TLP_BAD_TC;
	if (t->kind != TLP_MSG || t->routing != TLP_LOCAL)
		return TLP_BAD_INTX;
	return TLP_OK;
}

static enum tlp_error
decode_fields(const uint8_t *buf, struct tlp *t)
{
	if (kinds[t->kind].form == FORM_CPL)
		return decode_cpl(buf, t);
	t->requester = get_be16(buf + 4);
	t->tag |= buf[6];
	switch (kinds[t->kind].form) {
	case FORM_MEM:
	case FORM_ATOMIC:
		t->at = get_be32(buf) >> AT_SHIFT & 3;
		return decode_mem(buf, t);
	case FORM_MSG:
		return decode_msg(buf, t);
	default:
		return decode_io_cfg(buf, t);
	}
}

/* 2.2.7: an operand is 4 or 8 bytes, for CAS also 16; CAS has two. */
static bool
atomic_length_valid(const struct tlp *t)
{
	if (t->kind == TLP_CAS)
		return t->dw == 2 || t->dw == 4 || t->dw == 8;
	return t->dw == 1 || t->dw == 2;
}

static enum tlp_error
check_length(const struct tlp *t, size_t payload, unsigned mps)
{
	unsigned want = tlp_data_dw(t) * DW;

	if (payload != want)
		return TLP_BAD_LENGTH;
	if (payload > mps)
		return TLP_BAD_PAYLOAD;
	if (kinds[t->kind].form == FORM_ATOMIC && !atomic_length_valid(t))
		return TLP_BAD_LENGTH;
	return TLP_OK;
}

static bool
find_kind(uint8_t byte0, enum tlp_kind *out)
{
	unsigned i;

	for (i = 0; i < N_KINDS; i++) {
		if ((byte0 ^ kinds[i].byte0) & ~kinds[i].varies)
			continue;
		*out = (enum tlp_kind)i;
		return true;
	}
	return false;
}

static unsigned
header_size(uint8_t byte0)
{
	return byte0 & FMT_4DW ? 16 : 12;
}

enum tlp_error
tlp_decode(const uint8_t *buf, size_t len, unsigned mps, struct tlp *out)
{
	enum tlp_error err;
	enum tlp_kind kind;
	unsigned header;
	uint32_t dw0;

	if (len < 12)
		return TLP_BAD_SIZE;
	if (!find_kind(buf[0], &kind))
		return TLP_BAD_TYPE;
	header = header_size(buf[0]);
	if (len < header)
		return TLP_BAD_SIZE;
	dw0 = get_be32(buf);
	if (dw0 & TD)
		return TLP_BAD_TD;

	*out = (struct tlp){
		.kind = kind,
		.tc = dw0 >> TC_SHIFT & 7,
		.attr = (dw0 >> 12 & 0x3) | (dw0 >> 16 & 0x4),
		.poisoned = dw0 & EP,
		.tag = (dw0 >> 14 & 0x200) | (dw0 >> 11 & 0x100),
	};
	if (has_length(kind))
		out->dw = dw0 & LENGTH ? dw0 & LENGTH : MAX_DW;
	err = check_length(out, len - header, mps);
	if (err)
		return err;
	if (has_data(kind))
		out->data = buf + header;
	return decode_fields(buf, out);
}

/* ---- struct to bytes ------------------------------------------------- */

static uint32_t
encode_dw0(const struct tlp *t)
{
	uint32_t dw0 = (uint32_t)kinds[t->kind].byte0 << 24;

	dw0 |= (t->tag & 0x200u) << 14 | (t->tag & 0x100u) << 11;
	dw0 |= (t->tc & 0x7u) << TC_SHIFT;
	dw0 |= (t->attr & 0x4u) << 16 | (t->attr & 0x3u) << 12;
	if (t->poisoned)
		dw0 |= EP;
	if (has_length(t->kind))
		dw0 |= t->dw & LENGTH;
	return dw0;
}

static void
encode_cpl(const struct tlp *t, uint8_t *out)
{
	put_be16(out + 4, t->completer);
	put_be16(out + 6,
		 (uint16_t)(t->status << 13) | (t->byte_count & 0xfff));
	put_be16(out + 8, t->requester);
	out[10] = (uint8_t)t->tag;
	out[11] = t->lower_addr & 0x7f;
}

/* Only as large an address as needs them gets four DW. */
static void
encode_addr(const struct tlp *t, uint8_t *out)
{
	uint64_t addr = t->addr & ~(uint64_t)(DW - 1);

	if (addr >> 32) {
		out[0] |= FMT_4DW;
		put_be64(out + 8, addr);
	} else {
		put_be32(out + 8, (uint32_t)addr);
	}
}

unsigned
tlp_encode_header(const struct tlp *t, uint8_t out[TLP_MAX_HEADER])
{
	put_be32(out, encode_dw0(t));
	put_be16(out + 4, t->requester);
	out[6] = (uint8_t)t->tag;
	out[7] = (uint8_t)(t->last_be << 4 | (t->first_be & 0xf));
	switch (kinds[t->kind].form) {
	case FORM_ATOMIC:
		out[7] = 0;
		/* fall through */
	case FORM_MEM:
		out[2] |= (uint8_t)((t->at & 3u) << (AT_SHIFT - 8));
		/* fall through */
	case FORM_IO:
		encode_addr(t, out);
		break;
	case FORM_CFG:
		put_be16(out + 8, t->completer);
		put_be16(out + 10, t->addr & 0xffc);
		break;
	case FORM_CPL:
		encode_cpl(t, out);
		break;
	case FORM_MSG:
		out[0] |= t->routing & ROUTING;
		out[7] = t->code;
		put_be32(out + 8, t->msg[0]);
		put_be32(out + 12, t->msg[1]);
		break;
	}
	return header_size(out[0]);
}
