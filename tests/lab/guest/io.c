/* SPDX-License-Identifier: MIT
 *
 * Single accesses named on the command line, each answered by one line
 * "IO word = value": how a scenario drives a device by hand.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum { MAX_FIELDS = 4 };

struct op {
	char name[8];
	unsigned int size;
	unsigned int n;
	uint64_t field[MAX_FIELDS];
	char id[16]; /* the first field as text: VENDOR.DEVICE */
};

/* "out1=3ff=5a": a name that ends in the width, then numbers in hex. */
static int
op_parse(const char *text, struct op *op)
{
	const char *p = strchr(text, '=');
	size_t n = p ? (size_t)(p - text) : 0;

	memset(op, 0, sizeof(*op));
	if (n < 2 || n > sizeof(op->name))
		return -1;
	memcpy(op->name, text, n - 1);
	op->size = (unsigned int)(text[n - 1] - '0');
	if (op->size != 1 && op->size != 2 && op->size != 4)
		return -1;
	snprintf(op->id, sizeof(op->id), "%.9s", p + 1);
	while (p && op->n < MAX_FIELDS) {
		op->field[op->n++] = strtoull(p + 1, NULL, 16);
		p = strchr(p + 1, '=');
	}
	return 0;
}

static int
op_mem(const struct op *op, uint64_t *value)
{
	struct mem_window bar;
	volatile void *at;

	if (op->n < 3 || bar_open(op->id, (unsigned int)op->field[1], &bar) ||
	    op->field[2] + op->size > bar.size)
		return -1;
	at = bar.map + op->field[2];
	if (op->n == 4 && op->size == 4)
		*(volatile uint32_t *)at = (uint32_t)op->field[3];
	else if (op->n == 4 && op->size == 2)
		*(volatile uint16_t *)at = (uint16_t)op->field[3];
	else if (op->n == 4)
		*(volatile uint8_t *)at = (uint8_t)op->field[3];
	if (op->size == 4)
		*value = *(volatile uint32_t *)at;
	else if (op->size == 2)
		*value = *(volatile uint16_t *)at;
	else
		*value = *(volatile uint8_t *)at;
	return 0;
}

static int
op_run(const struct op *op, uint64_t *value)
{
	uint16_t port = (uint16_t)op->field[0];

	*value = 0;
	if (strcmp(op->name, "mem") == 0)
		return op_mem(op, value);
	if (strcmp(op->name, "in") == 0 && op->n == 1) {
		*value = port_read(port, op->size);
		return 0;
	}
	if (strcmp(op->name, "out") == 0 && op->n == 2) {
		*value = op->field[1];
		port_write(port, op->size, (uint32_t)*value);
		return 0;
	}
	if (strcmp(op->name, "cfg") != 0 || op->n < 2)
		return -1;
	port_write(CONFIG_ADDRESS, 4,
		   config_address((unsigned int)op->field[0],
				  (unsigned int)op->field[1]));
	port = (uint16_t)(CONFIG_DATA + (op->field[1] & 3));
	if (op->n == 3)
		port_write(port, op->size, (uint32_t)op->field[2]);
	*value = port_read(port, op->size);
	return 0;
}

int
cmd_io(int argc, char **argv)
{
	uint64_t value;
	struct op op;
	int i;

	if (ports_open() < 0)
		return TOOL_FAILED;
	for (i = 0; i < argc; i++) {
		if (op_parse(argv[i], &op) < 0 || op_run(&op, &value) < 0) {
			printf("IO %s failed\n", argv[i]);
			return TOOL_FAILED;
		}
		printf("IO %s = %" PRIx64 "\n", argv[i], value);
	}
	return TOOL_OK;
}
