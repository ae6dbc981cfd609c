/* SPDX-License-Identifier: MIT */
/*
 * vCPUs that make accesses at random, one at a time each, and compare what
 * they read: every width, strings both ways, ports, configuration space.
 */
#include "soak.h"

#include "host/host.h"
#include <string.h>

#define STRING_MAX HOST_MAX_DATA /* bytes: Xen never asks for more */

#define RUN_MAX 64u

static const enum ioemu_space space_of[] = { IOEMU_PIO, IOEMU_MEM,
					     IOEMU_CONFIG };
/* A byte of configuration space for each: cache line, latency, line. */
static const uint8_t config_byte[SOAK_VCPUS] = { 0x0c, 0x0d, 0x3c, 0 };

/* ---- asking ------------------------------------------------------- */

bool
vcpu_sure(const struct vcpu *v)
{
	return v->sure && v->epoch == v->unit->epoch;
}

void
vcpu_ask(struct vcpu *v, struct unit *u, const struct request *req,
	 void (*answered)(struct vcpu *v, uint64_t data))
{
	struct soak *s = v->s;

	v->req = *req;
	v->unit = u;
	v->epoch = u->epoch;
	v->shakes = u->shakes;
	v->sure = unit_sound(u);
	v->answered = answered;
	s->accesses++;
	s->bytes += (uint64_t)req->size * req->count;
	if (!fake_xen_claims(s->core.xen, space_of[req->type], req->addr)) {
		if (v->sure)
			soak_fail(s, "%s: nobody claims it", unit_name(u));
		answered(v, UINT64_MAX);
		return;
	}
	v->busy = true;
	u->in_flight++;
	v->since_ns = uv_hrtime();
	core_ring(&s->core, v->i, req);
}

static void
vcpu_time(struct vcpu *v)
{
	struct latency *l = &v->s->latency[v->unit->way];
	uint64_t took = uv_hrtime() - v->since_ns;

	if (!vcpu_sure(v) || v->shakes != v->unit->shakes ||
	    v->unit->state != UNIT_UP)
		return;
	l->n++;
	l->sum_ns += took;
	if (took > l->most_ns)
		l->most_ns = took;
}

/* ---- strings ------------------------------------------------------ */

static uint64_t
step_of(const struct request *req, uint32_t i)
{
	uint64_t by = (uint64_t)i * req->size;

	return req->down ? -by : by;
}

/* What the i-th element is compared with or becomes. */
static uint8_t *
element_model(struct vcpu *v, uint32_t i)
{
	const struct request *req = &v->req;
	struct unit *u = v->unit;

	if (req->type == SLOT_PIO)
		return u->scratch + (req->addr - u->port);
	return u->model + (req->addr - u->ram) + step_of(req, i);
}

static uint8_t *
element_ram(struct vcpu *v, uint32_t i)
{
	return v->s->core.xen->ram + v->req.data + step_of(&v->req, i);
}

static void
string_written(struct vcpu *v, uint64_t data)
{
	(void)v;
	(void)data;
}

static void
string_read(struct vcpu *v, uint64_t data)
{
	uint32_t i;

	(void)data;
	for (i = 0; vcpu_sure(v) && i < v->req.count; i++) {
		if (!memcmp(element_ram(v, i), element_model(v, i),
			    v->req.size))
			continue;
		soak_fail(v->s, "%s: element %u of %u x %u at %#llx%s",
			  unit_name(v->unit), i, v->req.count, v->req.size,
			  (unsigned long long)v->req.addr,
			  v->req.down ? ", down" : "");
		return;
	}
}

/* rep stos: one value for all. */
static void
stos_ask(struct vcpu *v, struct unit *u, struct request req)
{
	uint32_t i;

	req.data = (uint64_t)soak_random(v->s, 0) << 32 | soak_random(v->s, 0);
	v->req = req;
	v->unit = u;
	for (i = 0; i < req.count; i++)
		memcpy(element_model(v, i), &req.data, req.size);
	vcpu_ask(v, u, &req, string_written);
}

/* The model is written as the elements are, in their order. */
static void
string_ask(struct vcpu *v, struct unit *u, struct request req)
{
	struct soak *s = v->s;
	uint32_t bytes = req.count * req.size, i;

	req.ptr = true;
	req.data = BUFFER(v->i) + soak_random(s, BUFFER_SIZE - bytes + 1);
	soak_fill(s, s->core.xen->ram + req.data, bytes);
	if (req.down)
		req.data += bytes - req.size;
	v->req = req;
	v->unit = u;
	for (i = 0; !req.read && i < req.count; i++)
		memcpy(element_model(v, i), element_ram(v, i), req.size);
	vcpu_ask(v, u, &req, req.read ? string_read : string_written);
}

/* ---- single accesses ---------------------------------------------- */

static void
plain_answered(struct vcpu *v, uint64_t data)
{
	if (!v->req.read || !vcpu_sure(v) ||
	    !memcmp(&data, element_model(v, 0), v->req.size))
		return;
	soak_fail(v->s, "%s: %u bytes at %#llx read %#llx", unit_name(v->unit),
		  v->req.size, (unsigned long long)v->req.addr,
		  (unsigned long long)data);
}

static void
plain_ask(struct vcpu *v, struct unit *u, struct request req)
{
	req.data = (uint64_t)soak_random(v->s, 0) << 32 | soak_random(v->s, 0);
	v->req = req;
	v->unit = u;
	if (!req.read)
		memcpy(element_model(v, 0), &req.data, req.size);
	vcpu_ask(v, u, &req, plain_answered);
}

static void
any_memory(struct vcpu *v, struct unit *u)
{
	struct soak *s = v->s;
	uint32_t size = 1u << soak_random(s, 4);
	struct request req = core_request(SLOT_COPY, soak_random(s, 2),
					  u->ram + v->i * UNIT_PART, size, 0);

	if (soak_random(s, 4)) {
		req.addr += soak_random(s, UNIT_PART - RUN_MAX * size + 1);
		v->run = req;
		if (!req.read && !soak_random(s, 4))
			v->runs = soak_random(s, RUN_MAX);
		plain_ask(v, u, req);
		return;
	}
	req.count = 1 + soak_random(s, (soak_random(s, 8) ? 256 : STRING_MAX) /
					       size);
	req.down = soak_random(s, 2);
	req.addr += soak_random(s, UNIT_PART - req.count * size + 1);
	if (req.down)
		req.addr += (req.count - 1) * size;
	if (!req.read && !soak_random(s, 4))
		stos_ask(v, u, req);
	else
		string_ask(v, u, req);
}

static void
any_port(struct vcpu *v, struct unit *u)
{
	struct soak *s = v->s;
	uint32_t size = 1u << soak_random(s, 3);
	struct request req = core_request(SLOT_PIO, soak_random(s, 2),
					  u->port + 4 * v->i, size, 0);

	req.addr += soak_random(s, 4 / size) * size;
	req.count = soak_random(s, 4) ? 1 : 1 + soak_random(s, 16);
	req.down = req.count > 1 && soak_random(s, 2);
	if (req.count > 1)
		string_ask(v, u, req);
	else
		plain_ask(v, u, req);
}

/* ---- what the device says of itself ------------------------------- */

static void
identity_answered(struct vcpu *v, uint64_t data)
{
	uint32_t want = v->unit->engine ? 0x11ea1234 : 0x11e91234;

	if (vcpu_sure(v) && (uint32_t)data != want)
		soak_fail(v->s, "%s: its identity reads %#x",
			  unit_name(v->unit), (uint32_t)data);
}

static void
config_answered(struct vcpu *v, uint64_t data)
{
	int *model = &v->unit->config[v->i];

	if (!v->req.read) {
		*model = vcpu_sure(v) ? (int)(v->req.data & 0xff) : -1;
		return;
	}
	if (vcpu_sure(v) && *model >= 0 && (data & 0xff) != (unsigned)*model)
		soak_fail(v->s, "%s: configuration %#x reads %#x, not %#x",
			  unit_name(v->unit), config_byte[v->i],
			  (unsigned)data & 0xff, (unsigned)*model);
}

static void
any_config(struct vcpu *v, struct unit *u)
{
	struct soak *s = v->s;
	uint64_t at = core_config_addr(0, u->slot << 3, 0);
	struct request req = core_request(SLOT_CONFIG, true, at, 4, 0);

	if (!config_byte[v->i] || soak_random(s, 2) || !unit_sound(u)) {
		vcpu_ask(v, u, &req, identity_answered);
		return;
	}
	req = core_request(SLOT_CONFIG, soak_random(s, 2),
			   at | config_byte[v->i], 1, soak_random(s, 256));
	vcpu_ask(v, u, &req, config_answered);
}

/* Two registers of which one or, of the engine, both are known. */
static void
registers_answered(struct vcpu *v, uint64_t data)
{
	uint32_t id, version;

	(void)data;
	memcpy(&id, element_ram(v, v->req.down), 4);
	memcpy(&version, element_ram(v, !v->req.down), 4);
	identity_answered(v, id);
	if (vcpu_sure(v) && v->unit->engine && version != 1)
		soak_fail(v->s, "%s: its version reads %#x", unit_name(v->unit),
			  version);
}

static void
any_register(struct vcpu *v, struct unit *u)
{
	struct soak *s = v->s;
	struct request req = core_request(SLOT_COPY, true, u->reg, 4, 0);

	if (soak_random(s, 2)) {
		vcpu_ask(v, u, &req, identity_answered);
		return;
	}
	req.ptr = true;
	req.count = 2;
	req.down = soak_random(s, 2);
	req.addr += req.down ? 4 : 0;
	req.data = BUFFER(v->i) + 4 + soak_random(s, BUFFER_SIZE - 12);
	vcpu_ask(v, u, &req, registers_answered);
}

/* A loop that writes, as a guest without rep has it; then the last of them is
 * read, while it may still be on its way to be merged. */
static void
next_of_run(struct vcpu *v)
{
	v->run.read = !--v->runs;
	if (!v->run.read)
		v->run.addr += v->run.size;
	plain_ask(v, v->unit, v->run);
}

/* ---- the vCPU ----------------------------------------------------- */

static void
any_access(struct vcpu *v)
{
	struct soak *s = v->s;
	struct unit *u = &s->unit[soak_random(s, N_UNITS)];

	if (u->state == UNIT_BACK)
		return;
	if (u->state == UNIT_LOST && soak_random(s, 50))
		return; /* a driver would not go on either */
	switch (soak_random(s, 16)) {
	case 0:
		any_config(v, u);
		break;
	case 1:
		any_register(v, u);
		break;
	case 2:
	case 3:
		if (u->engine)
			dma_begin(v, u);
		else
			any_port(v, u);
		break;
	default:
		any_memory(v, u);
	}
}

/* False: there is none yet. */
static bool
vcpu_answered(struct vcpu *v)
{
	uint64_t data;

	if (!fake_xen_answer(v->s->core.xen, v->i, &data))
		return false;
	v->busy = false;
	v->unit->in_flight--;
	vcpu_time(v);
	v->answered(v, data);
	return true;
}

bool
vcpu_turn(struct vcpu *v)
{
	if (v->busy && !vcpu_answered(v))
		return false;
	if (v->i == CARETAKER || v->s->failed)
		return v->busy;
	v->runs = 0; /* one of them was not answered at once */
	if (!v->busy && !dma_next(v) && !v->s->ending)
		any_access(v);
	/* what is answered at once is taken at once */
	while (v->busy && vcpu_answered(v) && v->runs)
		next_of_run(v);
	return true;
}
