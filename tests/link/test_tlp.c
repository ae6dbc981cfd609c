/* SPDX-License-Identifier: MIT */
/*
 * The TLP codec against bytes written by hand from the layouts of the PCI
 * Express base specification, section 2.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "link/tlp.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

struct vector {
	const uint8_t *bytes;
	size_t len;
	struct tlp tlp; /* less data */
};

/* One of each kind. Requester 00:00.0 is the root complex. */
static const struct vector vectors[] = {
	/* MRd, 3 DW header, length 1; 00:00.0, tag 5, last 0, first 1000;
	 * address FEB00000: the byte at FEB00003 */
	{ BYTES("\x00\x00\x00\x01"
		"\x00\x00\x05\x08"
		"\xfe\xb0\x00\x00"),
	  { .kind = TLP_MRD,
	    .dw = 1,
	    .tag = 5,
	    .first_be = 0x8,
	    .addr = 0xfeb00000 } },
	/* MRd, 4 DW header, T9 and T8 set, length 1024 (0); 01:02.3, tag
	 * 3A5, last and first 1111; address 1_23456000: a page */
	{ BYTES("\x20\x88\x00\x00"
		"\x01\x13\xa5\xff"
		"\x00\x00\x00\x01\x23\x45\x60\x00"),
	  { .kind = TLP_MRD,
	    .dw = 1024,
	    .requester = 0x0113,
	    .tag = 0x3a5,
	    .first_be = 0xf,
	    .last_be = 0xf,
	    .addr = 0x123456000 } },
	/* MRd, length 1, no byte enabled: the flush */
	{ BYTES("\x00\x00\x00\x01"
		"\x00\x00\x07\x00"
		"\xc0\x00\x00\x10"),
	  { .kind = TLP_MRD, .dw = 1, .tag = 7, .addr = 0xc0000010 } },
	/* MRd, AT 01 (translation request), length 2 */
	{ BYTES("\x00\x00\x04\x02"
		"\x00\x20\x01\xff"
		"\x80\x00\x00\x00"),
	  { .kind = TLP_MRD,
	    .at = 1,
	    .dw = 2,
	    .requester = 0x0020,
	    .tag = 1,
	    .first_be = 0xf,
	    .last_be = 0xf,
	    .addr = 0x80000000 } },
	/* MWr, 3 DW header, length 2; last 1111, first 1000: five bytes from
	 * E0000003 */
	{ BYTES("\x40\x00\x00\x02"
		"\x00\x00\x00\xf8"
		"\xe0\x00\x00\x00"
		"\x00\x00\x00\x11\x22\x33\x44\x55"),
	  { .kind = TLP_MWR,
	    .dw = 2,
	    .first_be = 0x8,
	    .last_be = 0xf,
	    .addr = 0xe0000000 } },
	/* MWr, 4 DW header, TC 5, attr IDO (byte 1 bit 2), RO and NS (byte 2
	 * bits 5:4), EP (byte 2 bit 6), length 1; 02:00.0, tag 10 */
	{ BYTES("\x60\x54\x70\x01"
		"\x02\x00\x10\x0f"
		"\x00\x00\x00\x08\x00\x00\x10\x00"
		"\xde\xad\xbe\xef"),
	  { .kind = TLP_MWR,
	    .tc = 5,
	    .attr = TLP_ID_ORDER | TLP_RELAXED | TLP_NO_SNOOP,
	    .poisoned = true,
	    .dw = 1,
	    .requester = 0x0200,
	    .tag = 0x10,
	    .first_be = 0xf,
	    .addr = 0x800001000 } },
	/* MWr, an MSI: 00:04.0, address FEE0100C, data 4041 */
	{ BYTES("\x40\x00\x00\x01"
		"\x00\x20\x00\x0f"
		"\xfe\xe0\x10\x0c"
		"\x41\x40\x00\x00"),
	  { .kind = TLP_MWR,
	    .dw = 1,
	    .requester = 0x0020,
	    .first_be = 0xf,
	    .addr = 0xfee0100c } },
	/* IORd, first 0010: port 3F9 */
	{ BYTES("\x02\x00\x00\x01"
		"\x00\x00\x01\x02"
		"\x00\x00\x03\xf8"),
	  { .kind = TLP_IORD,
	    .dw = 1,
	    .tag = 1,
	    .first_be = 0x2,
	    .addr = 0x3f8 } },
	/* IOWr, 80008000 to port CF8 */
	{ BYTES("\x42\x00\x00\x01"
		"\x00\x00\x02\x0f"
		"\x00\x00\x0c\xf8"
		"\x00\x80\x00\x80"),
	  { .kind = TLP_IOWR,
	    .dw = 1,
	    .tag = 2,
	    .first_be = 0xf,
	    .addr = 0xcf8 } },
	/* CfgRd0, 00:05.0 register 0 */
	{ BYTES("\x04\x00\x00\x01"
		"\x00\x00\x00\x0f"
		"\x00\x28\x00\x00"),
	  { .kind = TLP_CFGRD0,
	    .dw = 1,
	    .completer = 0x0028,
	    .first_be = 0xf } },
	/* CfgWr0, 03:05.1, extended register 1, register 04, first 1100:
	 * 1234 to offset 106 */
	{ BYTES("\x44\x00\x00\x01"
		"\x00\x00\x03\x0c"
		"\x03\x29\x01\x04"
		"\x00\x00\x34\x12"),
	  { .kind = TLP_CFGWR0,
	    .dw = 1,
	    .tag = 3,
	    .completer = 0x0329,
	    .first_be = 0xc,
	    .addr = 0x104 } },
	/* CfgRd1, 01:1f.7 register FC */
	{ BYTES("\x05\x00\x00\x01"
		"\x00\x00\x04\x01"
		"\x01\xff\x00\xfc"),
	  { .kind = TLP_CFGRD1,
	    .dw = 1,
	    .tag = 4,
	    .completer = 0x01ff,
	    .first_be = 0x1,
	    .addr = 0xfc } },
	/* CfgWr1, 02:00.0 register 18 */
	{ BYTES("\x45\x00\x00\x01"
		"\x00\x00\x04\x0f"
		"\x02\x00\x00\x18"
		"\x00\x01\x02\x00"),
	  { .kind = TLP_CFGWR1,
	    .dw = 1,
	    .tag = 4,
	    .completer = 0x0200,
	    .first_be = 0xf,
	    .addr = 0x18 } },
	/* Cpl, 03:05.0, UR (001), byte count 4; for 00:00.0 tag 109 (T8) */
	{ BYTES("\x0a\x08\x00\x00"
		"\x03\x28\x20\x04"
		"\x00\x00\x09\x00"),
	  { .kind = TLP_CPL,
	    .completer = 0x0328,
	    .status = TLP_UR,
	    .byte_count = 4,
	    .tag = 0x109 } },
	/* Cpl, CA (100), byte count 100, lower address 40, TC 7 */
	{ BYTES("\x0a\x70\x00\x00"
		"\x00\x28\x81\x00"
		"\x00\x08\xff\x40"),
	  { .kind = TLP_CPL,
	    .tc = 7,
	    .completer = 0x0028,
	    .status = TLP_CA,
	    .byte_count = 256,
	    .requester = 0x0008,
	    .tag = 0xff,
	    .lower_addr = 0x40 } },
	/* CplD, length 1, SC, byte count 1, lower address 3: answers the
	 * first vector */
	{ BYTES("\x4a\x00\x00\x01"
		"\x03\x28\x00\x01"
		"\x00\x00\x05\x03"
		"\x00\x00\x00\xab"),
	  { .kind = TLP_CPLD,
	    .dw = 1,
	    .completer = 0x0328,
	    .byte_count = 1,
	    .tag = 5,
	    .lower_addr = 3 } },
	/* CplD, EP, byte count 4096 (0), lower address 7C */
	{ BYTES("\x4a\x00\x40\x01"
		"\x03\x28\x00\x00"
		"\x00\x00\x06\x7c"
		"\xff\xff\xff\xff"),
	  { .kind = TLP_CPLD,
	    .poisoned = true,
	    .dw = 1,
	    .completer = 0x0328,
	    .byte_count = 4096,
	    .tag = 6,
	    .lower_addr = 0x7c } },
	/* Msg, routing 100 (local), 00:05.0, Assert_INTA */
	{ BYTES("\x34\x00\x00\x00"
		"\x00\x28\x00\x20"
		"\x00\x00\x00\x00\x00\x00\x00\x00"),
	  { .kind = TLP_MSG,
	    .routing = TLP_LOCAL,
	    .requester = 0x0028,
	    .code = TLP_ASSERT_INTX } },
	/* Msg, Deassert_INTD */
	{ BYTES("\x34\x00\x00\x00"
		"\x00\x28\x00\x27"
		"\x00\x00\x00\x00\x00\x00\x00\x00"),
	  { .kind = TLP_MSG,
	    .routing = TLP_LOCAL,
	    .requester = 0x0028,
	    .code = TLP_DEASSERT_INTX + 3 } },
	/* Msg, vendor-defined type 1, vendor FFFF, its DW 02010004 */
	{ BYTES("\x34\x00\x00\x00"
		"\x00\x28\x00\x7f"
		"\x00\x00\xff\xff\x02\x01\x00\x04"),
	  { .kind = TLP_MSG,
	    .routing = TLP_LOCAL,
	    .requester = 0x0028,
	    .code = TLP_VENDOR_TYPE1,
	    .msg = { 0xffff, 0x02010004 } } },
	/* MsgD, to the root complex, vendor-defined type 0, length 2 */
	{ BYTES("\x70\x00\x00\x02"
		"\x00\x28\x11\x7e"
		"\x00\x00\x12\x34\x81\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x0f\x42\x40"),
	  { .kind = TLP_MSGD,
	    .dw = 2,
	    .routing = TLP_TO_ROOT,
	    .requester = 0x0028,
	    .tag = 0x11,
	    .code = TLP_VENDOR_TYPE0,
	    .msg = { 0x1234, 0x81000000 } } },
	/* MRdLk, 4 DW header, length 3 */
	{ BYTES("\x21\x00\x00\x03"
		"\x00\x00\x08\x3c"
		"\x00\x00\x00\x01\x00\x00\x00\x04"),
	  { .kind = TLP_MRDLK,
	    .dw = 3,
	    .tag = 8,
	    .first_be = 0xc,
	    .last_be = 0x3,
	    .addr = 0x100000004 } },
	/* FetchAdd, length 1; byte 7 is reserved */
	{ BYTES("\x4c\x00\x00\x01"
		"\x00\x28\x01\x00"
		"\x00\x00\x10\x00"
		"\x01\x00\x00\x00"),
	  { .kind = TLP_FETCHADD,
	    .dw = 1,
	    .requester = 0x0028,
	    .tag = 1,
	    .addr = 0x1000 } },
	/* Swap, 4 DW header, length 2 */
	{ BYTES("\x6d\x00\x00\x02"
		"\x00\x28\x02\x00"
		"\x00\x00\x00\x01\x00\x00\x10\x00"
		"\x01\x02\x03\x04\x05\x06\x07\x08"),
	  { .kind = TLP_SWAP,
	    .dw = 2,
	    .requester = 0x0028,
	    .tag = 2,
	    .addr = 0x100001000 } },
	/* CAS, length 2: one DW to compare, one to store */
	{ BYTES("\x4e\x00\x00\x02"
		"\x00\x28\x03\x00"
		"\x00\x00\x10\x00"
		"\x01\x00\x00\x00\x02\x00\x00\x00"),
	  { .kind = TLP_CAS,
	    .dw = 2,
	    .requester = 0x0028,
	    .tag = 3,
	    .addr = 0x1000 } },
	/* CplLk, UR, byte count 10 */
	{ BYTES("\x0b\x00\x00\x00"
		"\x00\x00\x20\x10"
		"\x00\x28\x04\x00"),
	  { .kind = TLP_CPLLK,
	    .status = TLP_UR,
	    .byte_count = 16,
	    .requester = 0x0028,
	    .tag = 4 } },
	/* CplDLk, length 1, byte count 4 */
	{ BYTES("\x4b\x00\x00\x01"
		"\x00\x00\x00\x04"
		"\x00\x28\x04\x08"
		"\x01\x02\x03\x04"),
	  { .kind = TLP_CPLDLK,
	    .dw = 1,
	    .byte_count = 4,
	    .requester = 0x0028,
	    .tag = 4,
	    .lower_addr = 8 } },
};

static void
assert_same(const struct tlp *a, const struct tlp *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->tc, b->tc);
	assert_int_equal(a->attr, b->attr);
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->poisoned, b->poisoned);
	assert_int_equal(a->dw, b->dw);
	assert_int_equal(a->requester, b->requester);
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->completer, b->completer);
	assert_int_equal(a->addr, b->addr);
	assert_int_equal(a->first_be, b->first_be);
	assert_int_equal(a->last_be, b->last_be);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->byte_count, b->byte_count);
	assert_int_equal(a->lower_addr, b->lower_addr);
	assert_int_equal(a->code, b->code);
	assert_int_equal(a->routing, b->routing);
	assert_int_equal(a->msg[0], b->msg[0]);
	assert_int_equal(a->msg[1], b->msg[1]);
}

static void
every_kind_encodes_to_the_bytes_of_the_specification(void **state)
{
	uint8_t out[TLP_MAX_HEADER];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		unsigned n = tlp_encode_header(&v->tlp, out);

		assert_int_equal(n + tlp_data_dw(&v->tlp) * 4, v->len);
		assert_memory_equal(out, v->bytes, n);
	}
}

static void
every_kind_decodes_from_the_bytes_of_the_specification(void **state)
{
	uint32_t seen = 0;
	struct tlp t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		unsigned dw = tlp_data_dw(&v->tlp);

		assert_int_equal(tlp_decode(v->bytes, v->len, 128, &t), TLP_OK);
		assert_same(&t, &v->tlp);
		assert_ptr_equal(t.data,
				 dw ? v->bytes + v->len - dw * 4 : NULL);
		seen |= 1u << t.kind;
	}
	assert_int_equal(seen, (1u << (TLP_CPLDLK + 1)) - 1);
}

static void
no_tlp_is_shorter_or_longer_than_it_says(void **state)
{
	uint8_t buf[64] = { 0 };
	struct tlp t;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];

		memcpy(buf, v->bytes, v->len);
		for (n = 0; n < sizeof(buf); n++)
			if (n != v->len)
				assert_int_not_equal(
					tlp_decode(buf, n, 4096, &t), TLP_OK);
	}
}

static void
reserved_bits_are_ignored(void **state)
{
	static const struct {
		const uint8_t *plain;
		size_t len;
		const uint8_t *set;
	} pairs[] = {
		/* MRd: R (LN) in byte 1; bits 1:0 of the address */
		{ BYTES("\x00\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"),
		  (const uint8_t *)"\x00\x02\x00\x01\x00\x00\x05\x08"
				   "\xfe\xb0\x00\x03" },
		/* FetchAdd: where others have byte enables */
		{ BYTES("\x4c\x00\x00\x01\x00\x28\x01\x00\x00\x00\x10\x00"
			"\x01\x00\x00\x00"),
		  (const uint8_t *)"\x4c\x00\x00\x01\x00\x28\x01\xff"
				   "\x00\x00\x10\x00\x01\x00\x00\x00" },
		/* CfgRd0: TH; DW 2 bits 15:12 and 1:0 */
		{ BYTES("\x04\x00\x00\x01\x00\x00\x00\x0f\x00\x28\x00\x00"),
		  (const uint8_t *)"\x04\x01\x00\x01\x00\x00\x00\x0f"
				   "\x00\x28\xf0\x03" },
		/* Cpl: TH, AT, length; BCM; DW 2 bit 7 */
		{ BYTES("\x0a\x00\x00\x00\x03\x28\x20\x04\x00\x00\x09\x00"),
		  (const uint8_t *)"\x0a\x01\x0f\xff\x03\x28\x30\x04"
				   "\x00\x00\x09\x80" },
		/* Msg: TH, AT, length */
		{ BYTES("\x34\x00\x00\x00\x00\x28\x00\x20"
			"\x00\x00\x00\x00\x00\x00\x00\x00"),
		  (const uint8_t *)"\x34\x01\x0f\xff\x00\x28\x00\x20"
				   "\x00\x00\x00\x00\x00\x00\x00\x00" },
	};
	struct tlp a, b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_int_equal(
			tlp_decode(pairs[i].plain, pairs[i].len, 128, &a),
			TLP_OK);
		assert_int_equal(
			tlp_decode(pairs[i].set, pairs[i].len, 128, &b),
			TLP_OK);
		assert_same(&a, &b);
	}
}

static void
malformed_tlps_are_refused_by_the_field_that_is_wrong(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t len;
		enum tlp_error err;
	} bad[] = {
		/* Nothing; a header cut short; four DW promised, three there */
		{ BYTES(""), TLP_BAD_SIZE },
		{ BYTES("\x00\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00"),
		  TLP_BAD_SIZE },
		{ BYTES("\x20\x00\x00\x01\x00\x00\x05\x08\x00\x00\x00\x01"),
		  TLP_BAD_SIZE },
		/* Reserved type; IORd with four DW; Cpl with four DW; a
		 * message with three; a local prefix; an end-to-end one */
		{ BYTES("\x1f\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"),
		  TLP_BAD_TYPE },
		{ BYTES("\x22\x00\x00\x01\x00\x00\x01\x02\x00\x00\x03\xf8"
			"\x00\x00\x00\x00"),
		  TLP_BAD_TYPE },
		{ BYTES("\x2a\x00\x00\x00\x03\x28\x20\x04\x00\x00\x09\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_TYPE },
		{ BYTES("\x14\x00\x00\x00\x00\x28\x00\x20\x00\x00\x00\x00"),
		  TLP_BAD_TYPE },
		{ BYTES("\x8e\x00\x00\x00\x00\x00\x00\x01\x00\x00\x05\x08"
			"\xfe\xb0\x00\x00"),
		  TLP_BAD_TYPE },
		{ BYTES("\x91\x00\x00\x00\x00\x00\x00\x01\x00\x00\x05\x08"
			"\xfe\xb0\x00\x00"),
		  TLP_BAD_TYPE },
		/* TD, with and without the digest */
		{ BYTES("\x00\x00\x80\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"),
		  TLP_BAD_TD },
		{ BYTES("\x00\x00\x80\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_TD },
		/* TH */
		{ BYTES("\x00\x01\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"),
		  TLP_BAD_TH },
		/* Length 1, payload of none, two, and a part */
		{ BYTES("\x40\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"),
		  TLP_BAD_LENGTH },
		{ BYTES("\x40\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00"),
		  TLP_BAD_LENGTH },
		{ BYTES("\x40\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"
			"\x00\x00\x00"),
		  TLP_BAD_LENGTH },
		/* A read with payload */
		{ BYTES("\x00\x00\x00\x01\x00\x00\x05\x08\xfe\xb0\x00\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_LENGTH },
		/* I/O and configuration: length 2 */
		{ BYTES("\x02\x00\x00\x02\x00\x00\x01\x02\x00\x00\x03\xf8"),
		  TLP_BAD_LENGTH },
		{ BYTES("\x44\x00\x00\x02\x00\x00\x03\x0c\x03\x29\x01\x04"
			"\x00\x00\x00\x00\x00\x00\x00\x00"),
		  TLP_BAD_LENGTH },
		/* FetchAdd and CAS with three DW */
		{ BYTES("\x4c\x00\x00\x03\x00\x28\x01\x00\x00\x00\x10\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		  TLP_BAD_LENGTH },
		{ BYTES("\x4e\x00\x00\x03\x00\x28\x01\x00\x00\x00\x10\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		  TLP_BAD_LENGTH },
		/* TC of I/O, configuration, INTx */
		{ BYTES("\x02\x10\x00\x01\x00\x00\x01\x02\x00\x00\x03\xf8"),
		  TLP_BAD_TC },
		{ BYTES("\x04\x70\x00\x01\x00\x00\x00\x0f\x00\x28\x00\x00"),
		  TLP_BAD_TC },
		{ BYTES("\x34\x10\x00\x00\x00\x28\x00\x20\x00\x00\x00\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_TC },
		/* Attributes of I/O (RO) and configuration (NS, IDO) */
		{ BYTES("\x02\x00\x20\x01\x00\x00\x01\x02\x00\x00\x03\xf8"),
		  TLP_BAD_ATTR },
		{ BYTES("\x04\x00\x10\x01\x00\x00\x00\x0f\x00\x28\x00\x00"),
		  TLP_BAD_ATTR },
		{ BYTES("\x04\x04\x00\x01\x00\x00\x00\x0f\x00\x28\x00\x00"),
		  TLP_BAD_ATTR },
		/* AT of I/O and configuration */
		{ BYTES("\x02\x00\x08\x01\x00\x00\x01\x02\x00\x00\x03\xf8"),
		  TLP_BAD_AT },
		{ BYTES("\x04\x00\x04\x01\x00\x00\x00\x0f\x00\x28\x00\x00"),
		  TLP_BAD_AT },
		/* Last enables with one DW: memory, I/O, configuration */
		{ BYTES("\x00\x00\x00\x01\x00\x00\x05\x18\xfe\xb0\x00\x00"),
		  TLP_BAD_BE },
		{ BYTES("\x02\x00\x00\x01\x00\x00\x01\x12\x00\x00\x03\xf8"),
		  TLP_BAD_BE },
		{ BYTES("\x04\x00\x00\x01\x00\x00\x00\xff\x00\x28\x00\x00"),
		  TLP_BAD_BE },
		/* Two DW: no first, no last; a gap off an 8-byte boundary */
		{ BYTES("\x00\x00\x00\x02\x00\x00\x05\xf0\xfe\xb0\x00\x00"),
		  TLP_BAD_BE },
		{ BYTES("\x00\x00\x00\x02\x00\x00\x05\x0f\xfe\xb0\x00\x00"),
		  TLP_BAD_BE },
		{ BYTES("\x00\x00\x00\x02\x00\x00\x05\xf7\xfe\xb0\x00\x04"),
		  TLP_BAD_BE },
		/* Three DW: a gap in the first, in the last */
		{ BYTES("\x00\x00\x00\x03\x00\x00\x05\xf5\xfe\xb0\x00\x00"),
		  TLP_BAD_BE },
		{ BYTES("\x00\x00\x00\x03\x00\x00\x05\xef\xfe\xb0\x00\x00"),
		  TLP_BAD_BE },
		/* FEB00000 in the 64-bit form */
		{ BYTES("\x20\x00\x00\x01\x00\x00\x05\x08\x00\x00\x00\x00"
			"\xfe\xb0\x00\x00"),
		  TLP_BAD_ADDR },
		/* Two DW from FFC, and 1024 from 4, across a page */
		{ BYTES("\x00\x00\x00\x02\x00\x00\x05\xff\xfe\xb0\x0f\xfc"),
		  TLP_BAD_4K },
		{ BYTES("\x00\x00\x00\x00\x00\x00\x05\xff\xfe\xb0\x00\x04"),
		  TLP_BAD_4K },
		{ BYTES("\x4d\x00\x00\x02\x00\x28\x02\x00\x00\x00\x1f\xfc"
			"\x00\x00\x00\x00\x00\x00\x00\x00"),
		  TLP_BAD_4K },
		/* CplD with UR, and with a reserved status */
		{ BYTES("\x4a\x00\x00\x01\x03\x28\x20\x04\x00\x00\x05\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_STATUS },
		{ BYTES("\x4a\x00\x00\x01\x03\x28\xe0\x04\x00\x00\x05\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_STATUS },
		/* INTx to the root complex; with data */
		{ BYTES("\x30\x00\x00\x00\x00\x28\x00\x20\x00\x00\x00\x00"
			"\x00\x00\x00\x00"),
		  TLP_BAD_INTX },
		{ BYTES("\x74\x00\x00\x01\x00\x28\x00\x27\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00"),
		  TLP_BAD_INTX },
	};
	struct tlp t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(tlp_decode(bad[i].bytes, bad[i].len, 128, &t),
				 bad[i].err);
}

static void
a_payload_above_max_payload_is_refused(void **state)
{
	static const enum tlp_kind kinds[] = { TLP_MWR, TLP_CPLD, TLP_MSGD };
	uint8_t buf[TLP_MAX] = { 0 };
	unsigned mps;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (mps = 128; mps < 4096; mps *= 2) {
			struct tlp t = { .kind = kinds[i],
					 .dw = (uint16_t)(mps / 4),
					 .byte_count = 4096,
					 .first_be = 0xf,
					 .last_be = 0xf };
			unsigned n = tlp_encode_header(&t, buf);

			assert_int_equal(tlp_decode(buf, n + mps, mps, &t),
					 TLP_OK);
			t.dw++;
			tlp_encode_header(&t, buf);
			assert_int_equal(tlp_decode(buf, n + mps + 4, mps, &t),
					 TLP_BAD_PAYLOAD);
		}
	}
	/* what is asked for may exceed it */
	assert_int_equal(
		tlp_decode(vectors[1].bytes, 16, 128, &(struct tlp){ 0 }),
		TLP_OK);
}

static void
every_error_has_a_text_of_its_own(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i <= TLP_BAD_INTX; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(tlp_error_text(i),
						tlp_error_text(j));
}

static void
kinds_have_the_class_and_support_they_should(void **state)
{
	static const enum tlp_kind posted[] = { TLP_MWR, TLP_MSG, TLP_MSGD };
	static const enum tlp_kind cpl[] = { TLP_CPL, TLP_CPLD, TLP_CPLLK,
					     TLP_CPLDLK };
	unsigned i, n[3] = { 0 };

	(void)state;
	for (i = 0; i < ARRAY_SIZE(posted); i++)
		assert_int_equal(tlp_class(posted[i]), TLP_POSTED);
	for (i = 0; i < ARRAY_SIZE(cpl); i++)
		assert_int_equal(tlp_class(cpl[i]), TLP_COMPLETION);
	for (i = 0; i <= TLP_CPLDLK; i++)
		n[tlp_class(i)]++;
	assert_int_equal(n[TLP_NON_POSTED], 11);

	assert_true(tlp_supported(&(struct tlp){ .kind = TLP_MRD }));
	assert_true(tlp_supported(&(struct tlp){ .kind = TLP_MSGD }));
	assert_false(tlp_supported(&(struct tlp){ .kind = TLP_MRD, .at = 1 }));
	assert_false(tlp_supported(&(struct tlp){ .kind = TLP_MRDLK }));
	assert_false(tlp_supported(&(struct tlp){ .kind = TLP_CAS }));
}

/* ---- byte enables ---------------------------------------------------- */

/* Bit i: byte t->addr + i is enabled. Up to 7 DW. */
static uint32_t
enabled(const struct tlp *t)
{
	uint32_t middle = 0;
	unsigned i;

	if (t->dw == 1)
		return t->first_be;
	for (i = 1; i + 1 < t->dw; i++)
		middle |= 0xfu << 4 * i;
	return t->first_be | middle | (uint32_t)t->last_be << 4 * (t->dw - 1);
}

static void
assert_runs_cover(const struct tlp *t, uint32_t want)
{
	struct tlp_range run = { 0 };
	uint64_t end = 0;
	uint32_t got = 0;
	unsigned n;

	for (n = 0; tlp_next_run(t, &run); n++) {
		assert_in_range(n, 0, 3);
		assert_int_not_equal(run.len, 0);
		/* a byte at least lies between two runs */
		assert_true(!n || run.addr > end);
		end = run.addr + run.len;
		got |= ((1u << run.len) - 1) << (run.addr - t->addr);
	}
	assert_int_equal(got, want);
}

static void
assert_range_spans(const struct tlp *t, uint32_t mask)
{
	struct tlp_range r = tlp_range(t);

	if (!mask) {
		assert_int_equal(r.len, 0);
		return;
	}
	assert_int_equal(r.addr - t->addr, __builtin_ctz(mask));
	assert_int_equal(r.addr + r.len - t->addr, 32 - __builtin_clz(mask));
}

static enum tlp_error
through_bytes(const struct tlp *t, struct tlp *out)
{
	uint8_t buf[TLP_MAX_HEADER];

	return tlp_decode(buf, tlp_encode_header(t, buf), 4096, out);
}

static void
every_small_range_enables_its_bytes_and_no_others(void **state)
{
	unsigned off, len;

	(void)state;
	for (off = 0; off < 8; off++) {
		for (len = 0; len <= 16; len++) {
			uint32_t want = ((1u << len) - 1) << (off & 3);
			struct tlp t = { .kind = TLP_MRD }, back;

			tlp_set_range(&t, 0x1000 + off, len);
			assert_int_equal(t.addr, 0x1000 + (off & 4u));
			assert_int_equal(enabled(&t), want);
			assert_int_equal(through_bytes(&t, &back), TLP_OK);
			assert_same(&t, &back);
			assert_range_spans(&t, want);
			assert_runs_cover(&t, want);
		}
	}
}

/* 2.2.5, in its own words. */
static bool
be_allowed(const struct tlp *t)
{
	static const bool to_bit_3[16] = {
		[0x8] = 1, [0xc] = 1, [0xe] = 1, [0xf] = 1
	};
	static const bool from_bit_0[16] = {
		[0x1] = 1, [0x3] = 1, [0x7] = 1, [0xf] = 1
	};

	if (t->dw == 1)
		return t->last_be == 0;
	if (t->first_be == 0 || t->last_be == 0)
		return false;
	if (t->dw == 2 && t->addr % 8 == 0)
		return true;
	return to_bit_3[t->first_be] && from_bit_0[t->last_be];
}

static bool
check_be(const struct tlp *t)
{
	struct tlp back;

	if (!be_allowed(t)) {
		assert_int_equal(through_bytes(t, &back), TLP_BAD_BE);
		return false;
	}
	assert_int_equal(through_bytes(t, &back), TLP_OK);
	assert_range_spans(t, enabled(t));
	assert_runs_cover(t, enabled(t));
	return true;
}

static void
all_byte_enables_are_judged_and_taken_apart(void **state)
{
	unsigned i, n_good = 0;

	(void)state;
	/* bits 7:0 both enables, 8 the address, 10:9 the length less 1 */
	for (i = 0; i < 2048; i++)
		n_good += check_be(&(struct tlp){
			.kind = TLP_MRD,
			.dw = (uint16_t)(1 + (i >> 9)),
			.addr = 0x80 + (i >> 8 & 1) * 4,
			.first_be = i & 0xf,
			.last_be = i >> 4 & 0xf,
		});
	/* 1 DW: 16, twice; 2 DW: 15 * 15 and 4 * 4; 3 and 4 DW: 4 * 4 */
	assert_int_equal(n_good, 32 + 225 + 16 + 4 * 16);
}

static void
a_page_is_one_run(void **state)
{
	struct tlp t = { .kind = TLP_MWR };
	struct tlp_range run = { 0 };

	(void)state;
	tlp_set_range(&t, 0x123456001, 4094);
	assert_int_equal(t.dw, 1024);
	assert_int_equal(t.first_be, 0xe);
	assert_int_equal(t.last_be, 0x7);
	assert_true(tlp_next_run(&t, &run));
	assert_int_equal(run.addr, 0x123456001);
	assert_int_equal(run.len, 4094);
	assert_false(tlp_next_run(&t, &run));
}

/* ---- completions ----------------------------------------------------- */

static void
byte_count_and_lower_address_follow_the_byte_enables(void **state)
{
	/* 2.2.9, byte count and lower address of one DW, by first enables */
	static const struct {
		uint8_t count, lower;
	} want[16] = {
		{ 1, 0 }, { 1, 0 }, { 1, 1 }, { 2, 0 }, { 1, 2 }, { 3, 0 },
		{ 2, 1 }, { 3, 0 }, { 1, 3 }, { 4, 0 }, { 3, 1 }, { 4, 0 },
		{ 2, 2 }, { 4, 0 }, { 3, 1 }, { 4, 0 },
	};
	struct tlp cpl, req = { .kind = TLP_MRD,
				.dw = 1,
				.addr = 0xfffff0fc,
				.requester = 0x0113,
				.tag = 0x3a5,
				.tc = 3,
				.attr = TLP_RELAXED };
	uint8_t be;

	(void)state;
	for (be = 0; be < 16; be++) {
		req.first_be = be;
		tlp_complete(&req, 0x0328, TLP_CA, &cpl);
		assert_same(&cpl, &(struct tlp){
					  .kind = TLP_CPL,
					  .tc = 3,
					  .attr = TLP_RELAXED,
					  .requester = 0x0113,
					  .tag = 0x3a5,
					  .completer = 0x0328,
					  .status = TLP_CA,
					  .byte_count = want[be].count,
					  .lower_addr = 0x7c + want[be].lower,
				  });
	}
}

static void
all_but_memory_reads_count_four_bytes_from_zero(void **state)
{
	static const enum tlp_kind kinds[] = { TLP_IORD,   TLP_IOWR,
					       TLP_CFGRD0, TLP_CFGWR0,
					       TLP_CFGRD1, TLP_CFGWR1 };
	struct tlp_range left;
	struct tlp cpl;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct tlp req = { .kind = kinds[i],
				   .dw = 1,
				   .addr = 0x3fc,
				   .first_be = 0x2 };

		left = tlp_answer(&req);
		assert_int_equal(left.addr, 0);
		assert_int_equal(left.len, 4);
		tlp_complete(&req, 0, TLP_SC, &cpl);
		assert_int_equal(cpl.byte_count, 4);
		assert_int_equal(cpl.lower_addr, 0);
		assert_int_equal(tlp_cpl_next(&cpl, &left, 128, 128), 4);
		assert_int_equal(cpl.dw, 1);
		left.len = 4;
		left.addr = 0;
		assert_int_equal(tlp_cpl_take(&cpl, &left, 128), 4);
	}
	/* an AtomicOp counts its operand */
	left = tlp_answer(&(struct tlp){ .kind = TLP_SWAP, .dw = 2 });
	assert_int_equal(left.len, 8);
	left = tlp_answer(&(struct tlp){ .kind = TLP_CAS, .dw = 8 });
	assert_int_equal(left.len, 16);
}

/* ---- splitting ------------------------------------------------------- */

static const uint32_t sizes[] = { 1,	2,    3,    4,	 5,   8,    63,
				  64,	65,   127,  128, 129, 255,  256,
				  257,	511,  512,  513, 777, 1024, 2048,
				  4095, 4096, 4097, 9000 };

static void
check_split(uint64_t at, uint32_t left, unsigned max)
{
	uint32_t n_tlps = 0, most = left / max + 2;

	for (; left; n_tlps++) {
		uint32_t n = tlp_chunk(at, left, max);
		struct tlp t = { .kind = TLP_MRD }, back;

		assert_in_range(n, 1, left);
		tlp_set_range(&t, at, n);
		assert_true(t.dw * 4u <= max);
		assert_int_equal(through_bytes(&t, &back), TLP_OK);
		at += n;
		left -= n;
	}
	assert_true(n_tlps <= most);
}

static void
requests_split_where_they_must(void **state)
{
	unsigned max, off;
	size_t i;

	(void)state;
	for (max = 128; max <= 4096; max *= 2)
		for (off = 0; off < 4096; off += off < 260 ? 1 : 251)
			for (i = 0; i < ARRAY_SIZE(sizes); i++)
				check_split(0xfffff000ull + off, sizes[i], max);
}

struct split {
	unsigned rcb, mps;
	unsigned step; /* at most this much a completion: rcb, or mps */
};

/* Answer a read, completion by completion, as bytes, and put it together. */
static void
check_read(uint64_t addr, uint32_t len, const struct split *s)
{
	static uint8_t memory[TLP_MAX_DATA], wire[TLP_MAX], got[TLP_MAX_DATA];
	struct tlp_range give, take;
	struct tlp req = { .kind = TLP_MRD, .tag = 77 }, cpl, in;
	uint32_t i, done = 0;

	for (i = 0; i < len; i++)
		memory[addr % 4096 + i] = (uint8_t)(i * 7 + i / 251);
	tlp_set_range(&req, addr, len);
	give = take = tlp_answer(&req);
	tlp_complete(&req, 0x28, TLP_SC, &cpl);
	while (give.len) {
		uint64_t at = give.addr;
		uint32_t n = tlp_cpl_next(&cpl, &give, s->rcb, s->step);
		unsigned head = tlp_encode_header(&cpl, wire);

		assert_true(!give.len || give.addr % s->rcb == 0);
		memcpy(wire + head, memory + (at & ~3ull) % 4096, cpl.dw * 4u);
		assert_int_equal(
			tlp_decode(wire, head + cpl.dw * 4u, s->mps, &in),
			TLP_OK);
		assert_int_equal(tlp_cpl_take(&in, &take, s->rcb), n);
		memcpy(got + done, in.data + (in.lower_addr & 3), n);
		done += n;
		assert_int_equal(take.len, give.len);
	}
	assert_int_equal(done, len);
	assert_memory_equal(got, memory + addr % 4096, len);
}

static void
check_reads(const struct split *s)
{
	unsigned off;
	size_t i;

	for (off = 0; off < 4096; off += off < 132 ? 1 : 251)
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			if (off + sizes[i] <= 4096)
				check_read(0x40000000 + off, sizes[i], s);
}

static void
reads_come_back_whole_however_they_are_split(void **state)
{
	unsigned rcb, mps;

	(void)state;
	for (rcb = 64; rcb <= 128; rcb *= 2) {
		for (mps = 128; mps <= 4096; mps *= 2) {
			check_reads(&(struct split){ rcb, mps, mps });
			check_reads(&(struct split){ rcb, mps, rcb });
		}
	}
}

static void
a_page_in_128_byte_payloads_takes_32_completions(void **state)
{
	struct tlp req = { .kind = TLP_MRD }, cpl;
	struct tlp_range left;
	unsigned n = 0;

	(void)state;
	tlp_set_range(&req, 0x1000, 4096);
	left = tlp_answer(&req);
	tlp_complete(&req, 0, TLP_SC, &cpl);
	for (; left.len; n++) {
		assert_int_equal(tlp_cpl_next(&cpl, &left, 64, 128), 128);
		assert_int_equal(cpl.byte_count, 4096 - n * 128);
		assert_int_equal(cpl.lower_addr, 0);
		assert_int_equal(cpl.dw, 32);
	}
	assert_int_equal(n, 32);
}

static void
a_flush_is_answered_by_one_byte(void **state)
{
	struct tlp req = { .kind = TLP_MRD }, cpl;
	struct tlp_range left;

	(void)state;
	tlp_set_range(&req, 0xc0000013, 0);
	assert_int_equal(req.addr, 0xc0000010);
	assert_int_equal(req.first_be | req.last_be, 0);
	left = tlp_answer(&req);
	tlp_complete(&req, 0, TLP_SC, &cpl);
	assert_int_equal(tlp_cpl_next(&cpl, &left, 64, 128), 1);
	assert_int_equal(cpl.dw, 1);
	assert_int_equal(cpl.byte_count, 1);
	assert_int_equal(cpl.lower_addr, 0x10);
	left = tlp_answer(&req);
	assert_int_equal(tlp_cpl_take(&cpl, &left, 64), 1);
	assert_int_equal(left.len, 0);
}

static void
a_completion_that_is_not_due_takes_nothing(void **state)
{
	struct tlp req = { .kind = TLP_MRD }, good, bad;
	struct tlp_range left, was;

	(void)state;
	tlp_set_range(&req, 0x1042, 300);
	left = was = tlp_answer(&req);
	tlp_complete(&req, 0, TLP_SC, &bad);
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0); /* no data */
	good = bad;
	tlp_cpl_next(&good, &left, 64, 128);
	assert_int_equal(good.dw, 32); /* 1040 to 10bf */

	left = was;
	bad = good;
	bad.byte_count--;
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0);
	bad = good;
	bad.lower_addr ^= 0x40;
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0);
	bad = good;
	bad.dw--; /* ends off every boundary */
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0);
	bad.dw = 32; /* ends at 10c0: a multiple of 64 only */
	assert_int_equal(tlp_cpl_take(&bad, &left, 128), 0);
	bad.dw = 77; /* a DW more than was asked for */
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0);
	bad.kind = TLP_CPLDLK;
	bad.dw = 76;
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0);
	assert_memory_equal(&left, &was, sizeof(was));

	assert_int_equal(tlp_cpl_take(&good, &left, 64), 126);
	assert_int_equal(tlp_cpl_take(&good, &left, 64), 0); /* again */
	left = was;
	bad.kind = TLP_CPLD; /* all at once */
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 300);
	assert_int_equal(tlp_cpl_take(&bad, &left, 64), 0);
}

/* ---- at random ------------------------------------------------------- */

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
random_request(struct tlp *t, uint64_t *seed)
{
	uint64_t r = next_random(seed), addr = next_random(seed) >> (r & 63);
	uint32_t room = 4096 - (uint32_t)(addr % 4096);

	t->requester = (uint16_t)(r >> 8);
	if (tlp_class(t->kind) == TLP_NON_POSTED && t->kind != TLP_MRD) {
		t->tc = t->attr = 0;
		t->completer = t->kind < TLP_CFGRD0 ? 0 : (uint16_t)(r >> 24);
		t->addr = addr & (t->kind < TLP_CFGRD0 ? 0xfffffffc : 0xffc);
		t->dw = 1;
		t->first_be = r >> 40 & 0xf;
	} else if (t->kind == TLP_MRD || t->kind == TLP_MWR) {
		tlp_set_range(t, addr, (uint32_t)(r >> 24) % (room + 1));
	} else {
		t->routing = r >> 24 & 7;
		t->code = r >> 27 & 0x80 ? TLP_VENDOR_TYPE1 : TLP_VENDOR_TYPE0;
		t->msg[0] = (uint32_t)addr;
		t->msg[1] = (uint32_t)(r >> 32);
		t->dw = t->kind == TLP_MSGD ? 1 + (r >> 40) % 1024 : 0;
	}
}

static void
random_tlp(struct tlp *t, uint64_t *seed)
{
	uint64_t r = next_random(seed);

	*t = (struct tlp){
		.kind = (enum tlp_kind)(r % TLP_MRDLK),
		.tc = r >> 8 & 7,
		.attr = r >> 11 & 7,
		.poisoned = r >> 14 & 1,
		.tag = r >> 15 & 0x3ff,
	};
	if (tlp_class(t->kind) != TLP_COMPLETION) {
		random_request(t, seed);
		return;
	}
	t->requester = (uint16_t)(r >> 25);
	t->completer = (uint16_t)(r >> 41);
	t->byte_count = (uint16_t)(1 + (r >> 30) % 4096);
	t->lower_addr = r >> 50 & 0x7f;
	if (t->kind == TLP_CPLD)
		t->dw = (uint16_t)(1 + (r >> 44) % 1024);
	else
		t->status = r >> 57 & 7;
}

static void
random_tlps_survive_the_wire(void **state)
{
	static uint8_t buf[TLP_MAX];
	uint64_t seed = 0x494f454d;
	struct tlp t, back;
	unsigned i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		size_t len;

		random_tlp(&t, &seed);
		len = tlp_encode_header(&t, buf) + tlp_data_dw(&t) * 4u;
		assert_int_equal(tlp_decode(buf, len, 4096, &back), TLP_OK);
		assert_same(&t, &back);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test(f)
	static const struct CMUnitTest tests[] = {
		T(every_kind_encodes_to_the_bytes_of_the_specification),
		T(every_kind_decodes_from_the_bytes_of_the_specification),
		T(no_tlp_is_shorter_or_longer_than_it_says),
		T(reserved_bits_are_ignored),
		T(malformed_tlps_are_refused_by_the_field_that_is_wrong),
		T(a_payload_above_max_payload_is_refused),
		T(every_error_has_a_text_of_its_own),
		T(kinds_have_the_class_and_support_they_should),
		T(every_small_range_enables_its_bytes_and_no_others),
		T(all_byte_enables_are_judged_and_taken_apart),
		T(a_page_is_one_run),
		T(byte_count_and_lower_address_follow_the_byte_enables),
		T(all_but_memory_reads_count_four_bytes_from_zero),
		T(requests_split_where_they_must),
		T(reads_come_back_whole_however_they_are_split),
		T(a_page_in_128_byte_payloads_takes_32_completions),
		T(a_flush_is_answered_by_one_byte),
		T(a_completion_that_is_not_due_takes_nothing),
		T(random_tlps_survive_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
