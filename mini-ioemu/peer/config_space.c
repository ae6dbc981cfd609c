/* SPDX-License-Identifier: MIT */
/*
 * Configuration space of a peer's functions as the guest wrote it. The
 * registers are the peer's; this copy says what it may do, and makes a new
 * process what the old one was.
 */
#include "peer/priv.h"

#include <string.h>

#define REG_COMMAND 0x04u
#define REG_STATUS 0x06u
#define COMMAND_IO 0x1u
#define COMMAND_MEMORY 0x2u
#define COMMAND_MASTER 0x4u
#define REG_CACHE_LINE 0x0cu
#define REG_BAR0 0x10u
#define REG_ROM 0x30u
#define REG_INT_LINE 0x3cu
#define REG_DEVICE 0x40u /* where capabilities may begin */
#define INDEX_ROM 6u
#define N_BARS 6u
#define DW 4u
#define FUNCTION_MASK 7u

void
peer_cfg_wrote(struct peer_function *fn, unsigned reg, const uint8_t *data,
	       unsigned len)
{
	unsigned i;

	for (i = 0; i < len && reg + i < PEER_CONFIG; i++) {
		fn->shadow[reg + i] = data[i];
		/* ones written to status clear it: nothing to write again */
		fn->written[reg + i] = (reg + i) / 2 != REG_STATUS / 2;
	}
}

void
peer_cfg_forget(struct peer_function *fn)
{
	memset(fn->shadow, 0, sizeof(fn->shadow));
	memset(fn->written, 0, sizeof(fn->written));
	memset(fn->sizing, 0, sizeof(fn->sizing));
}

/* ---- who it is ---------------------------------------------------- */

static unsigned
fn_index(const struct peer_function *fn)
{
	return (unsigned)(fn - fn->peer->fn);
}

static void
fn_number(struct peer_function *fn)
{
	fn->numbered = true;
	fn->peer->number = bus_bdf(&fn->place) & ~FUNCTION_MASK;
}

uint64_t
peer_cfg_target(struct peer_function *fn, bool write)
{
	unsigned id = (bus_bdf(&fn->place) & ~FUNCTION_MASK) | fn_index(fn);

	if (write)
		fn_number(fn);
	return (uint64_t)id << 32;
}

bool
peer_cfg_is(const struct peer_function *fn, uint16_t id)
{
	unsigned index = fn_index(fn);

	return id == (fn->peer->number | index) ||
	       (id == index && !fn->numbered);
}

void
peer_cfg_power(struct peer *peer)
{
	unsigned i;

	peer->number = 0;
	for (i = 0; i < PEER_FUNCTIONS; i++)
		peer->fn[i].numbered = false;
	link_say_reset(peer->link, IOEMU_RESET_POWER);
}

bool
peer_cfg_master(const struct peer_function *fn)
{
	return ioemu_get_le16(fn->shadow + REG_COMMAND) & COMMAND_MASTER;
}

bool
peer_cfg_decodes(const struct peer_function *fn, unsigned index,
		 enum ioemu_space space, uint64_t base)
{
	uint16_t command = ioemu_get_le16(fn->shadow + REG_COMMAND);
	unsigned reg = index == INDEX_ROM ? REG_ROM : REG_BAR0 + DW * index;
	uint64_t bar = ioemu_get_le32(fn->shadow + reg);

	/* at 0 it has not been placed yet */
	if (!base ||
	    !(command & (space == IOEMU_PIO ? COMMAND_IO : COMMAND_MEMORY)))
		return false;
	if (index == INDEX_ROM)
		return (bar & ~0x7ffull) == base;
	if (space == IOEMU_PIO)
		return (bar & ~3ull) == base;
	/* a peer that says so has a 64-bit BAR */
	if (base > UINT32_MAX && index < N_BARS - 1)
		bar |= (uint64_t)ioemu_get_le32(fn->shadow + reg + DW) << 32;
	return (bar & ~0xfull) == base;
}

/* ---- how large a BAR is ------------------------------------------- */

#define MASK_MEM 0xfffffff0u
#define MASK_IO 0xfffffffcu
#define MASK_ROM 0xfffff800u
#define BAR_TYPE 0x7u
#define BAR_IS_64 0x4u

void
peer_cfg_read(struct peer_function *fn, unsigned reg, const uint8_t *data,
	      unsigned len)
{
	bool rom = reg == REG_ROM;
	unsigned i = rom ? INDEX_ROM : (reg - REG_BAR0) / DW;
	uint32_t ones = rom ? MASK_ROM : MASK_MEM;

	if (len == DW && !(reg % DW) &&
	    (rom || (reg >= REG_BAR0 && i < N_BARS)) &&
	    (ioemu_get_le32(fn->shadow + reg) & ones) == ones)
		fn->sizing[i] = ioemu_get_le32(data);
}

bool
peer_cfg_holds(const struct peer_function *fn, unsigned index,
	       enum ioemu_space space, uint64_t size)
{
	uint32_t low = fn->sizing[index];
	uint64_t mask = low & (index == INDEX_ROM   ? MASK_ROM
			       : space == IOEMU_PIO ? MASK_IO
						    : MASK_MEM);

	if (index < N_BARS && space != IOEMU_PIO &&
	    (low & BAR_TYPE) == BAR_IS_64) {
		if (index == N_BARS - 1 || !fn->sizing[index + 1])
			return true;
		mask |= (uint64_t)fn->sizing[index + 1] << 32;
	} else if (mask) { /* of ports the upper 16 bits may be 0 */
		mask |= space == IOEMU_PIO ? ~(uint64_t)UINT16_MAX
					   : (uint64_t)UINT32_MAX << 32;
	}
	return !mask || size - 1 <= ~mask;
}

/* ---- replay ------------------------------------------------------- */

/*
 * doc/wire.md, "Replay": the interrupt line, with which the function takes its
 * number; timers; BARs and ROM, or what a bridge has there; what lies above the
 * header from its end down, so that a capability is switched on last; command.
 */
static unsigned
replay_reg(unsigned step)
{
	static const uint8_t head[] = { REG_INT_LINE, REG_CACHE_LINE, 0x10,
					0x14,	      0x18,	      0x1c,
					0x20,	      0x24,	      0x28,
					0x2c,	      REG_ROM,	      0x38 };
	const unsigned n_head = sizeof(head);
	const unsigned n_rest = (PEER_CONFIG - REG_DEVICE) / DW;

	if (step < n_head)
		return head[step];
	step -= n_head;
	if (step < n_rest)
		return PEER_CONFIG - DW * (step + 1);
	return step == n_rest ? REG_COMMAND : PEER_CONFIG;
}

/* The next run of written bytes in [reg, end). */
static unsigned
replay_run(const struct peer_function *fn, unsigned reg, unsigned end,
	   unsigned *len)
{
	while (reg < end && !fn->written[reg])
		reg++;
	for (*len = 0; reg + *len < end && fn->written[reg + *len]; ++*len)
		;
	return reg;
}

/* Prepare the next write of this function; false: all is written. */
static bool
replay_next_of(struct peer *peer, struct peer_function *fn)
{
	unsigned dw, reg, len;

	while ((dw = replay_reg(peer->replay_step)) < PEER_CONFIG) {
		if (peer->replay_number && peer->replay_step)
			return false;
		reg = replay_run(fn, dw + peer->replay_byte, dw + DW, &len);
		if (!len) {
			peer->replay_step++;
			peer->replay_byte = 0;
			continue;
		}
		peer->replay_byte = reg + len - dw;
		memcpy(peer->replay_data, fn->shadow + reg, len);
		peer->replay.addr = peer_cfg_target(fn, true) | reg;
		peer->replay.len = len;
		return true;
	}
	return false;
}

static bool
replay_next(struct peer *peer)
{
	for (; peer->replay_fn < PEER_FUNCTIONS; peer->replay_fn++) {
		struct peer_function *fn = &peer->fn[peer->replay_fn];

		if (fn->exists && fn->place.bus && replay_next_of(peer, fn))
			return true;
		peer->replay_step = 0;
	}
	return false;
}

static void
replay_done(struct link_op *op)
{
	struct peer *peer =
		(struct peer *)((char *)op - offsetof(struct peer, replay));

	if (!link_is_up(peer->link)) /* and so it is lost, which is told */
		return;
	peer_windows_now(peer);
	if (replay_next(peer))
		link_submit(peer->link, &peer->replay);
	else
		peer_ready(peer);
}

static void
replay_start(struct peer *peer)
{
	peer->replay = (struct link_op){
		.kind = LINK_WRITE,
		.space = IOEMU_CONFIG,
		.data = peer->replay_data,
		.done = replay_done,
	};
	peer->replay_fn = 0;
	peer->replay_step = 0;
	peer->replay_byte = 0;
	if (replay_next(peer))
		link_submit(peer->link, &peer->replay);
	else
		peer_ready(peer);
}

/* Its answer comes behind all that the peer announces. */
static void
replay_flush(struct peer *peer)
{
	peer->replay = (struct link_op){
		.kind = LINK_FLUSH,
		.space = IOEMU_MEM,
		.done = replay_done,
	};
	peer->replay_fn = PEER_FUNCTIONS;
	link_submit(peer->link, &peer->replay);
}

void
peer_cfg_replay(struct peer *peer)
{
	peer->replay_number = false;
	if (peer->bus)
		replay_start(peer);
	else
		replay_flush(peer);
}

void
peer_cfg_keep(struct peer *peer)
{
	unsigned i, len;

	/* what the device model before us wrote gave it its number, too */
	for (i = 0; i < PEER_FUNCTIONS; i++) {
		(void)replay_run(&peer->fn[i], 0, PEER_CONFIG, &len);
		if (len && !peer->fn[i].numbered)
			fn_number(&peer->fn[i]);
	}
	replay_flush(peer);
}

void
peer_cfg_number(struct peer *peer)
{
	peer->replay_number = true;
	replay_start(peer);
}
