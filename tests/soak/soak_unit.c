/* SPDX-License-Identifier: MIT */
/*
 * The devices of the soak: two in this process, six in their own. Those are
 * killed, ended and stopped, and brought back: the caretaker, a vCPU of its
 * own, sees that configuration space is what it was and makes memory zero, as
 * nobody can know what was written while it was lost.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soak.h"

#define TIMEOUT_MS 5000u
#define STOP_LONG_MS (TIMEOUT_MS + 300) /* the core gives it up */
#define STOP_SHORT_MS 100u		/* it does not */
#define CLEAR 4096u

#define COMMAND 0x04
#define MSI_CONTROL 0x82
#define CONTROL 0x08
#define CONTROL_RESET 0x4u

static const char *const way_name[N_WAYS] = { "here", "ring", "unix", "tcp" };

const char *
unit_name(const struct unit *u)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s (%s, slot %u)",
		 u->engine ? "dma-engine" : "membar", way_name[u->way],
		 u->slot);
	return text;
}

bool
unit_sound(const struct unit *u)
{
	return u->state == UNIT_UP || u->state == UNIT_SHAKEN;
}

bool
units_all_up(const struct soak *s)
{
	unsigned i;

	for (i = 0; i < N_UNITS; i++)
		if (s->unit[i].state != UNIT_UP)
			return false;
	return true;
}

unsigned
units_by_ring(const struct soak *s)
{
	unsigned i, n = 0;
	char line[512];

	for (i = 0; peers_describe(s->core.peers, i, line, sizeof(line)); i++)
		n += strstr(line, "ring, ") != NULL;
	return n;
}

static const char *
type_of(const struct unit *u)
{
	return u->engine ? "dma-engine" : "membar";
}

static const char *
size_of(const struct unit *u)
{
	return u->engine ? "size=0x20000" : "size=0x10000";
}

/* ---- placing ------------------------------------------------------ */

static uint32_t
config_get(const struct unit *u, unsigned reg)
{
	return core_config_read(&u->s->core, 0, u->slot << 3, reg);
}

static void
config_set(const struct unit *u, unsigned reg, uint32_t v)
{
	core_config_write(&u->s->core, 0, u->slot << 3, reg, v);
}

static bool
is_there(void *ctx)
{
	return config_get(ctx, 0) != ONES;
}

static void
unit_place(struct unit *u)
{
	core_until(&u->s->core, is_there, u);
	config_set(u, 0x10, (uint32_t)u->ram);
	config_set(u, 0x18, (uint32_t)u->reg);
	if (u->engine) {
		config_set(u, 0x14, (uint32_t)(u->ram >> 32));
		config_set(u, 0x84, 0xfee00000);
		config_set(u, 0x8c, 0x40 + u->slot); /* soak_dma.c: vector */
	} else {
		config_set(u, 0x20, u->port);
	}
	config_set(u, COMMAND, 0x7);
	u->state = UNIT_UP;
}

/* ---- making ------------------------------------------------------- */

static unsigned
free_tcp_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return ntohs(sin.sin_port);
}

static void
unit_start(struct unit *u)
{
	u->pid = procs_start(&u->s->procs, type_of(u), "--connect", u->addr,
			     size_of(u));
	u->at_ns = uv_hrtime() + TEST_LIMIT_NS;
}

static void
unit_schedule(struct unit *u)
{
	u->at_ns = uv_hrtime() + MS * (100 + soak_random(u->s, u->s->life_ms));
}

static void
unit_make_peer(struct unit *u)
{
	char spec[256];

	if (u->way == TCP)
		snprintf(u->addr, sizeof(u->addr), "tcp:127.0.0.1:%u",
			 free_tcp_port());
	else
		snprintf(u->addr, sizeof(u->addr), "unix:%s/p%u",
			 u->s->procs.dir, u->slot);
	snprintf(spec, sizeof(spec),
		 "peer,slot=%u,timeout-ms=%u,ring=%s,listen=%s", u->slot,
		 TIMEOUT_MS, u->way == RING ? "on" : "off", u->addr);
	core_add_spec(&u->s->core, spec);
	unit_start(u);
}

static void
unit_make(struct soak *s, unsigned i)
{
	struct unit *u = &s->unit[i];
	char spec[64];
	unsigned v;

	u->s = s;
	u->slot = 3 + i;
	u->way = (enum way)(i / 2);
	u->engine = i % 2;
	u->size = u->engine ? UNIT_SHARED + CARD_DMA : UNIT_SHARED;
	u->ram = (u->engine ? 0x200000000ull : 0xe0000000ull) +
		 ((uint64_t)u->slot << 20);
	u->reg = 0xf0000000ull + ((uint64_t)u->slot << 16);
	u->port = (uint16_t)(0xc000 + 32 * u->slot);
	for (v = 0; v < SOAK_VCPUS; v++)
		u->config[v] = -1;
	memset(u->model, 0, sizeof(u->model)); /* resident from now on */
	if (u->way == HERE) {
		snprintf(spec, sizeof(spec), "%s,addr=%u,%s", type_of(u),
			 u->slot, size_of(u));
		core_add_spec(&s->core, spec);
	} else {
		unit_make_peer(u);
	}
	unit_place(u);
	unit_schedule(u);
}

void
units_open(struct soak *s)
{
	unsigned i;

	for (i = 0; i < N_UNITS; i++)
		unit_make(s, i);
}

/* ---- losing ------------------------------------------------------- */

static void
unit_lost(struct unit *u, uint64_t at_ns)
{
	u->state = UNIT_LOST;
	u->epoch++;
	u->at_ns = at_ns;
}

static void
unit_dead(struct unit *u)
{
	u->pid = 0;
	u->dying = u->stopped = false;
	u->at_ns = uv_hrtime() + MS * soak_random(u->s, 300);
}

static void
unit_stop(struct unit *u, uint64_t now)
{
	struct soak *s = u->s;

	kill(u->pid, SIGSTOP);
	s->stops++;
	u->stopped = true;
	if (soak_random(s, 3)) {
		u->state = UNIT_SHAKEN;
		u->shakes++;
		u->at_ns = now + MS * (1 + soak_random(s, STOP_SHORT_MS));
	} else {
		unit_lost(u, now + MS * STOP_LONG_MS);
	}
}

/* A peer that is up. */
static void
unit_event(struct unit *u, uint64_t now)
{
	struct soak *s = u->s;

	switch (soak_random(s, 5)) {
	case 0:
	case 1:
		unit_lost(u, now);
		procs_end(&s->procs, u->pid, SIGKILL);
		s->kills++;
		unit_dead(u);
		break;
	case 2:
		unit_lost(u, now + 1000 * MS);
		kill(u->pid, SIGTERM);
		s->kills++;
		u->dying = true;
		break;
	default:
		unit_stop(u, now);
	}
}

/* ---- bringing back ------------------------------------------------ */

static void
back_failed(struct unit *u, const char *what, uint32_t is, uint32_t was)
{
	soak_fail(u->s, "%s: it came back with %s %#x, not %#x", unit_name(u),
		  what, is, was);
}

static void
back_answered(struct vcpu *v, uint64_t data)
{
	struct unit *u = v->unit;
	uint32_t bar = (uint32_t)u->ram | (u->engine ? 0xc : 0x8);

	if (u->step == 0 && (uint32_t)data != bar)
		back_failed(u, "BAR 0", (uint32_t)data, bar);
	if (u->step == 1 && (data & 0xffff) != 0x7)
		back_failed(u, "command", data & 0xffff, 0x7);
	u->step++;
}

static void
back_done(struct unit *u)
{
	memset(u->model, 0, sizeof(u->model));
	memset(u->scratch, 0, sizeof(u->scratch));
	u->msi = false;
	u->state = UNIT_UP;
	u->s->restarts++;
	unit_schedule(u);
}

/* Registers of an engine, ports of a membar. */
static struct request
back_registers(const struct unit *u)
{
	const uint64_t config = core_config_addr(0, u->slot << 3, 0);
	unsigned i = u->step - 2;

	if (!u->engine)
		return core_request(SLOT_PIO, false, u->port + 4 * i, 4, 0);
	if (i == 0)
		return core_request(SLOT_CONFIG, false, config | MSI_CONTROL, 2,
				    0);
	return core_request(SLOT_COPY, false, u->reg + CONTROL, 4,
			    CONTROL_RESET);
}

static void
back_step(struct vcpu *v, struct unit *u)
{
	const uint64_t config = core_config_addr(0, u->slot << 3, 0);
	unsigned page = u->step - 6;
	struct request req;

	if (u->step == 0) {
		req = core_request(SLOT_CONFIG, true, config | 0x10, 4, 0);
	} else if (u->step == 1) {
		req = core_request(SLOT_CONFIG, true, config | COMMAND, 4, 0);
	} else if (u->step < 6) {
		req = back_registers(u);
	} else if (page < u->size / CLEAR) {
		req = core_request(SLOT_COPY, false, u->ram + page * CLEAR, 8,
				   ZEROS);
		req.count = CLEAR / 8;
		req.ptr = true;
	} else {
		back_done(u);
		return;
	}
	vcpu_ask(v, u, &req, back_answered);
}

static void
poll_answered(struct vcpu *v, uint64_t data)
{
	struct unit *u = v->unit;

	if ((uint32_t)data == ONES || u->state != UNIT_LOST || !u->pid)
		return;
	u->state = UNIT_BACK;
	u->step = 0;
}

/* Those who asked while it was lost may still have an answer to come. */
static void
caretaker_turn(struct soak *s, bool look)
{
	struct vcpu *v = &s->vcpu[CARETAKER];
	unsigned i;

	for (i = 0; i < N_UNITS && !v->busy; i++) {
		struct unit *u = &s->unit[i];
		const struct request req = core_request(
			SLOT_CONFIG, true, core_config_addr(0, u->slot << 3, 0),
			4, 0);

		if (u->state == UNIT_BACK && !u->in_flight)
			back_step(v, u);
		else if (look && u->state == UNIT_LOST && u->pid && !u->dying &&
			 !u->stopped)
			vcpu_ask(v, u, &req, poll_answered);
	}
}

/* ---- now and then ------------------------------------------------- */

static void
lost_turn(struct unit *u, uint64_t now)
{
	struct soak *s = u->s;

	if (!u->pid) {
		if (now >= u->at_ns)
			unit_start(u);
		return;
	}
	if (procs_ended(&s->procs, u->pid)) {
		unit_dead(u);
		return;
	}
	if (now < u->at_ns)
		return;
	if (u->stopped) { /* it finds its connection closed, and ends */
		kill(u->pid, SIGCONT);
		u->stopped = false;
		u->dying = true;
		u->at_ns = now + 100 * MS;
	} else if (u->dying) {
		procs_end(&s->procs, u->pid, SIGKILL);
		unit_dead(u);
	} else {
		soak_fail(s, "%s: it does not come back", unit_name(u));
	}
}

static void
shaken_turn(struct unit *u, uint64_t now)
{
	if (now < u->at_ns)
		return;
	if (u->stopped) {
		kill(u->pid, SIGCONT);
		u->stopped = false;
		u->shakes++;
		u->at_ns = now + 50 * MS; /* for what has piled up */
		return;
	}
	u->state = UNIT_UP;
	unit_schedule(u);
}

static void
unit_turn(struct unit *u, uint64_t now)
{
	if (u->state == UNIT_LOST)
		lost_turn(u, now);
	else if (procs_ended(&u->s->procs, u->pid))
		soak_fail(u->s, "%s: its process ended", unit_name(u));
	else if (u->state == UNIT_SHAKEN)
		shaken_turn(u, now);
	else if (u->state == UNIT_UP && !u->s->calm && now >= u->at_ns)
		unit_event(u, now);
}

void
units_turn(struct soak *s, bool tick)
{
	uint64_t now = tick ? uv_hrtime() : 0;
	unsigned i;

	for (i = 0; tick && i < N_UNITS; i++)
		if (s->unit[i].way != HERE)
			unit_turn(&s->unit[i], now);
	caretaker_turn(s, tick);
}
