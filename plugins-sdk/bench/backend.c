/* SPDX-License-Identifier: MIT */
/*
 * Pipes and disks in memory. They belong to the machine and keep what is in
 * them while devices come and go.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
backend_append(uint8_t **buf, size_t *len, const void *data, size_t n)
{
	if (!n)
		return;
	*buf = realloc(*buf, *len + n);
	memcpy(*buf + *len, data, n);
	*len += n;
}

/* ---- pipes -------------------------------------------------------- */

struct ioemu_chardev *
backend_chr(struct machine *m, const char *name)
{
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->chr[i]; i++)
		if (!strcmp(m->chr[i]->name, name))
			return m->chr[i];
	fail_msg("no pipe '%s'", name);
	return NULL;
}

int
backend_chr_open(struct hostdev *hd, const char *value,
		 struct ioemu_chardev **out)
{
	struct machine *m = machine_of(hd);
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->chr[i]; i++)
		if (!strcmp(m->chr[i]->name, value))
			break;
	if (i == MAX_BACKENDS)
		return -EMFILE;
	if (!m->chr[i]) {
		m->chr[i] = calloc(1, sizeof(*m->chr[i]));
		snprintf(m->chr[i]->name, NAME_SIZE, "%s", value);
	}
	if (m->chr[i]->owner)
		return -EBUSY;
	m->chr[i]->owner = hd;
	*out = m->chr[i];
	return 0;
}

static void
chr_deliver(struct ioemu_chardev *chr)
{
	size_t n = chr->in_len < chr->room ? chr->in_len : chr->room;
	uint8_t *data;

	if (!chr->owner || !chr->owner->attached || !n)
		return;
	data = malloc(n); /* of that size: sanitizers see a byte too many */
	memcpy(data, chr->in, n);
	chr->in_len -= n;
	memmove(chr->in, chr->in + n, chr->in_len);
	chr->room -= n;
	hostdev_input(chr->owner, chr, data, n);
	free(data);
}

void
backend_deliver(struct machine *m)
{
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->chr[i]; i++)
		chr_deliver(m->chr[i]);
}

/* ---- disks -------------------------------------------------------- */

struct ioemu_block *
backend_block(struct machine *m, const char *name)
{
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->block[i]; i++)
		if (!strcmp(m->block[i]->name, name))
			return m->block[i];
	fail_msg("no disk '%s'", name);
	return NULL;
}

/* NAME:SIZE[K|M][,ro] */
static struct ioemu_block *
block_parse(const char *value)
{
	struct ioemu_block *block = calloc(1, sizeof(*block));
	const char *colon = strchr(value, ':');
	const char *end;

	snprintf(block->name, NAME_SIZE, "%.*s", (int)strcspn(value, ":"),
		 value);
	if (colon) {
		end = colon + 1;
		assert_int_equal(host_number_at(&end, UINT32_MAX, &block->size),
				 0);
		if (*end == 'K')
			block->size <<= 10;
		else if (*end == 'M')
			block->size <<= 20;
		block->readonly = strstr(end, ",ro");
	}
	block->data = calloc(1, block->size + 1);
	return block;
}

void
backend_load(struct ioemu_block *block, uint64_t size)
{
	free(block->data);
	block->size = size;
	block->data = calloc(1, size + 1);
}

int
backend_block_open(struct hostdev *hd, const char *value,
		   struct ioemu_block **out)
{
	struct machine *m = machine_of(hd);
	size_t n = strcspn(value, ":");
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->block[i]; i++)
		if (strlen(m->block[i]->name) == n &&
		    !strncmp(m->block[i]->name, value, n))
			break;
	if (i == MAX_BACKENDS)
		return -EMFILE;
	if (!m->block[i])
		m->block[i] = block_parse(value);
	*out = m->block[i];
	return 0;
}

/* One stretch between disk and memory. What is not RAM takes nothing, and has
 * nothing to give. */
static int
block_move(struct machine *m, uint8_t *disk, const struct ioemu_sg *sg,
	   bool to_disk)
{
	if (!machine_is_ram(sg->gpa, sg->len))
		return to_disk ? -EFAULT : 0;
	if (to_disk)
		memcpy(disk, m->ram + sg->gpa, sg->len);
	else
		memcpy(m->ram + sg->gpa, disk, sg->len);
	return 0;
}

int
backend_io(struct machine *m, const struct ioemu_io *io)
{
	uint8_t *disk = io->block->data + io->offset;
	uint32_t i;
	int rc = 0;

	if (io->op == IOEMU_BLK_FLUSH) {
		io->block->flushes++;
	} else if (io->buf && io->op == IOEMU_BLK_WRITE) {
		memcpy(disk, io->buf, io->len);
	} else if (io->buf) {
		memcpy(io->buf, disk, io->len);
	} else {
		for (i = 0; !rc && i < io->n_sg; disk += io->sg[i++].len)
			rc = block_move(m, disk, &io->sg[i],
					io->op == IOEMU_BLK_WRITE);
	}
	return rc;
}

void
backend_free(struct machine *m)
{
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->chr[i]; i++) {
		free(m->chr[i]->in);
		free(m->chr[i]->out);
		free(m->chr[i]);
	}
	for (i = 0; i < MAX_BACKENDS && m->block[i]; i++) {
		free(m->block[i]->data);
		free(m->block[i]);
	}
}
