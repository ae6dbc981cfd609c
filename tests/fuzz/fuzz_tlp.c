/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a TLP. What decodes encodes to the same header, its reserved
 * bits apart; its byte enables come apart into runs inside its payload; a read
 * can be answered whole, and a completion never brings more than it carries.
 */
#include <assert.h>
#include <string.h>

#include "link/tlp.h"

#define LN (1u << 17)
#define TH (1u << 16)
#define AT (3u << 10)
#define LENGTH 0x3ffu
#define BCM (1u << 12)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bits that mean nothing in DW 0 to 3. */
static void
reserved_bits(const struct tlp *t, uint32_t dw[4])
{
	dw[0] = LN | TH | (t->dw ? 0 : LENGTH);
	switch (t->kind) {
	case TLP_FETCHADD:
	case TLP_SWAP:
	case TLP_CAS:
		dw[1] = 0xff;
		/* fall through */
	case TLP_MRD:
	case TLP_MRDLK:
	case TLP_MWR:
	case TLP_IORD:
	case TLP_IOWR:
		dw[t->addr >> 32 ? 3 : 2] = 3;
		break;
	case TLP_CFGRD0:
	case TLP_CFGRD1:
	case TLP_CFGWR0:
	case TLP_CFGWR1:
		dw[2] = 0xf003;
		break;
	case TLP_CPL:
	case TLP_CPLD:
	case TLP_CPLLK:
	case TLP_CPLDLK:
		dw[0] |= AT;
		dw[1] = BCM;
		dw[2] = 0x80;
		break;
	case TLP_MSG:
	case TLP_MSGD:
		dw[0] |= AT;
		break;
	}
}

static void
check_header(const struct tlp *t, const uint8_t *bytes, size_t size)
{
	uint32_t reserved[4] = { 0 };
	uint8_t out[TLP_MAX_HEADER];
	unsigned i, n = tlp_encode_header(t, out);

	assert(n + tlp_data_dw(t) * 4 == size);
	reserved_bits(t, reserved);
	for (i = 0; i < n; i += 4)
		assert(!((get_be32(out + i) ^ get_be32(bytes + i)) &
			 ~reserved[i / 4]));
}

static void
check_runs(const struct tlp *t)
{
	struct tlp_range run = { 0 }, all = tlp_range(t);
	unsigned n;

	for (n = 0; tlp_next_run(t, &run); n++) {
		assert(run.len && run.addr >= all.addr);
		/* the range may end where 64 bits do */
		assert(run.addr - all.addr + run.len <= all.len);
	}
	assert(n <= 4 && !n == !all.len);
	assert(all.addr - t->addr + all.len <= t->dw * 4u);
}

static void
check_answer(const struct tlp *req)
{
	struct tlp_range give = tlp_answer(req), take = give;
	struct tlp cpl;

	tlp_complete(req, 0, TLP_SC, &cpl);
	while (give.len) {
		uint32_t n = tlp_cpl_next(&cpl, &give, 64, 128);

		assert(n && cpl.dw <= 32);
		assert(tlp_cpl_take(&cpl, &take, 64) == n);
	}
	assert(!take.len);
}

static void
check_completion(const struct tlp *cpl)
{
	struct tlp_range left = { cpl->lower_addr, cpl->byte_count };
	uint32_t n = tlp_cpl_take(cpl, &left, 64);

	assert(left.len + n == cpl->byte_count);
	assert(!n || (cpl->lower_addr & 3) + n <= tlp_data_dw(cpl) * 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tlp t;
	enum tlp_error err = tlp_decode(data, size, TLP_MAX_DATA, &t);

	if (err) {
		assert(*tlp_error_text(err));
		return 0;
	}
	check_header(&t, data, size);
	if (t.kind == TLP_MRD || t.kind == TLP_MRDLK || t.kind == TLP_MWR)
		check_runs(&t);
	if (tlp_class(t.kind) == TLP_NON_POSTED)
		check_answer(&t);
	if (tlp_class(t.kind) == TLP_COMPLETION)
		check_completion(&t);
	return 0;
}
