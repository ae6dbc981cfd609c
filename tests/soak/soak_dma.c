/* SPDX-License-Identifier: MIT */
/*
 * The driver of dma-engine, a step a time between a vCPU's other accesses:
 * lists of descriptors both ways, told by INTx or MSI. When the interrupt is
 * there the data must be, as it was written first.
 */
#include "host/host.h"
#include <string.h>

#include "soak.h"

#define MSI_CONTROL 0x82 /* configuration space: the capability is at 0x80 */
#define MSI_ENABLE 0x0001u

/* devices/dma-engine/README.md */
#define CONTROL 0x08
#define CONTROL_START 0x1u
#define CONTROL_INTERRUPTS 0x8u
#define STATUS 0x0c
#define STATUS_DONE 0x2u
#define STATUS_INTERRUPT 0x8u
#define LIST 0x18
#define LENGTH 0x20
#define START 0x24
#define SUM 0x40
#define FLAG_TO_GUEST 0x1u

enum step {
	STEP_MSI,
	STEP_LIST,
	STEP_LENGTH,
	STEP_START,
	STEP_GO, /* then it waits */
	STEP_STATUS,
	STEP_SUM,
	STEP_SUM_UPPER,
	STEP_ACK,
	STEP_QUIET,
	STEP_LOOK, /* at what is on the card now */
	STEPS
};

/* ---- the list ----------------------------------------------------- */

static void
sum_add(uint64_t *sum, const uint8_t *p, uint32_t len)
{
	uint32_t a = (uint32_t)*sum, b = (uint32_t)(*sum >> 32), i;

	for (i = 0; i < len; i += 4) {
		a += ioemu_get_le32(p + i);
		b += a;
	}
	*sum = (uint64_t)b << 32 | a;
}

/* One descriptor into the list, and what it does into the model. */
static void
list_add(struct dma_job *j, struct soak *s, uint64_t gpa, uint32_t len)
{
	struct unit *u = j->unit;
	uint8_t *ram = s->core.xen->ram;
	uint8_t *d = ram + DMA_AREA(u->slot) + (size_t)j->n * 16;
	uint8_t *card = u->model + j->start + j->len;
	bool out = soak_random(s, 2);

	ioemu_put_le64(d, gpa);
	ioemu_put_le32(d + 8, len);
	ioemu_put_le32(d + 12, out ? FLAG_TO_GUEST : 0);
	if (!out)
		memcpy(card, ram + gpa, len);
	sum_add(&j->sum, card, len);
	j->desc[j->n].gpa = gpa;
	j->desc[j->n].len = len;
	j->desc[j->n++].out = out;
	j->len += len;
}

void
dma_begin(struct vcpu *v, struct unit *u)
{
	struct dma_job *j = &v->job;
	struct soak *s = v->s;
	uint64_t data = DMA_AREA(u->slot) + DMA_DATA;
	uint32_t at = 0, n = 1 + soak_random(s, 8);

	if (j->unit || u->user || !unit_sound(u))
		return;
	*j = (struct dma_job){ .unit = u, .epoch = u->epoch };
	u->user = v;
	soak_fill(s, s->core.xen->ram + data, DMA_DATA_SIZE);
	j->start = UNIT_SHARED + 4 * soak_random(s, 0x1000);
	while (j->n < n) {
		uint32_t len = 4 * (1 + soak_random(s, 0x600));

		at += soak_random(s, 9); /* any alignment */
		list_add(j, s, data + at, len);
		at += len;
	}
}

/* ---- its end ------------------------------------------------------ */

static void
dma_end(struct dma_job *j)
{
	j->unit->user = NULL;
	j->unit = NULL;
}

static void
check_data(struct soak *s, const struct dma_job *j)
{
	const uint8_t *card = j->unit->model + j->start;
	uint32_t i;

	for (i = 0; i < j->n; card += j->desc[i++].len) {
		if (!j->desc[i].out ||
		    !memcmp(s->core.xen->ram + j->desc[i].gpa, card,
			    j->desc[i].len))
			continue;
		soak_fail(s, "%s: %u bytes of DMA to %#llx are not there",
			  unit_name(j->unit), j->desc[i].len,
			  (unsigned long long)j->desc[i].gpa);
	}
}

static bool
line(const struct soak *s, const struct unit *u)
{
	return s->core.xen->intx[u->slot][0];
}

static uint8_t
vector(const struct unit *u)
{
	return (uint8_t)(0x40 + u->slot);
}

static bool
interrupted(const struct soak *s, const struct dma_job *j)
{
	if (j->unit->msi)
		return s->core.xen->msi[vector(j->unit)] != j->msis;
	return line(s, j->unit);
}

static void
dma_wait(struct soak *s, struct dma_job *j)
{
	if (interrupted(s, j)) {
		if (line(s, j->unit) == j->unit->msi)
			soak_fail(s, "%s: message and line at once",
				  unit_name(j->unit));
		check_data(s, j);
		j->waiting = false;
		s->interrupts++;
	} else if (uv_hrtime() - j->since_ns > TEST_LIMIT_NS) {
		soak_fail(s, "%s: no interrupt within %u s", unit_name(j->unit),
			  TEST_LIMIT_S);
	}
}

/* ---- steps -------------------------------------------------------- */

static void
expect(struct vcpu *v, uint64_t data, uint32_t want, const char *what)
{
	if ((uint32_t)data != want)
		soak_fail(v->s, "%s: %s of a transfer is %#x, not %#x",
			  unit_name(v->unit), what, (uint32_t)data, want);
}

/* Read into this vCPU's buffer. */
static void
check_card(struct vcpu *v)
{
	const struct dma_job *j = &v->job;

	if (memcmp(v->s->core.xen->ram + BUFFER(v->i),
		   j->unit->model + j->start, 4ul * v->req.count))
		soak_fail(v->s, "%s: the card has not what was transferred",
			  unit_name(v->unit));
	v->s->dma_jobs++;
	v->s->dma_bytes += j->len;
}

static void
dma_answered(struct vcpu *v, uint64_t data)
{
	struct dma_job *j = &v->job;

	if (!vcpu_sure(v))
		return; /* and dma_next() gives it up */
	switch (j->step++) {
	case STEP_GO:
		j->waiting = true;
		break;
	case STEP_STATUS:
		expect(v, data, STATUS_DONE | STATUS_INTERRUPT, "status");
		break;
	case STEP_SUM:
		expect(v, data, (uint32_t)j->sum, "sum");
		break;
	case STEP_SUM_UPPER:
		expect(v, data, (uint32_t)(j->sum >> 32), "upper sum");
		break;
	case STEP_QUIET:
		expect(v, data, 0, "status at the end");
		/* what lowers it comes before the answer */
		if (line(v->s, j->unit))
			soak_fail(v->s, "%s: its line stays up",
				  unit_name(v->unit));
		break;
	case STEP_LOOK:
		check_card(v);
		dma_end(j);
		break;
	}
}

static struct request
reg(const struct unit *u, bool read, uint32_t at, uint32_t v)
{
	return core_request(SLOT_COPY, read, u->reg + at, 4, v);
}

static struct request
msi_request(struct vcpu *v)
{
	struct unit *u = v->job.unit;
	uint64_t at = core_config_addr(0, u->slot << 3, MSI_CONTROL);

	u->msi = soak_random(v->s, 2);
	return core_request(SLOT_CONFIG, false, at, 2, u->msi ? MSI_ENABLE : 0);
}

static struct request
look_request(struct vcpu *v)
{
	const struct dma_job *j = &v->job;
	struct request req = core_request(
		SLOT_COPY, true, j->unit->ram + j->start, 4, BUFFER(v->i));

	req.ptr = true;
	req.count = (j->len < 4096 ? j->len : 4096) / 4;
	return req;
}

static struct request
step_request(struct vcpu *v)
{
	struct dma_job *j = &v->job;
	const struct unit *u = j->unit;

	switch (j->step) {
	case STEP_MSI:
		return msi_request(v);
	case STEP_LIST:
		return reg(u, false, LIST, (uint32_t)DMA_AREA(u->slot));
	case STEP_LENGTH:
		return reg(u, false, LENGTH, j->n);
	case STEP_START:
		return reg(u, false, START, j->start);
	case STEP_GO:
		j->msis = v->s->core.xen->msi[vector(u)];
		j->since_ns = uv_hrtime();
		return reg(u, false, CONTROL,
			   CONTROL_START | CONTROL_INTERRUPTS);
	case STEP_ACK:
		return reg(u, false, STATUS, STATUS_DONE | STATUS_INTERRUPT);
	case STEP_SUM:
	case STEP_SUM_UPPER:
		return reg(u, true, SUM + 4 * (j->step - STEP_SUM), 0);
	case STEP_LOOK:
		return look_request(v);
	default: /* STEP_STATUS, STEP_QUIET */
		return reg(u, true, STATUS, 0);
	}
}

bool
dma_next(struct vcpu *v)
{
	struct dma_job *j = &v->job;
	struct request req;

	if (!j->unit)
		return false;
	if (j->epoch != j->unit->epoch) {
		dma_end(j);
		return false;
	}
	if (j->waiting)
		dma_wait(v->s, j);
	if (j->waiting)
		return false;
	req = step_request(v);
	vcpu_ask(v, j->unit, &req, dma_answered);
	return true;
}
