/* SPDX-License-Identifier: MIT */
/*
 * The whole core around a scripted Xen, played from outside: commands of a
 * line on standard input, an answer of a line on standard output. tests/wire
 * is a peer to it and its guest at once. Knows nothing of the wire.
 *
 *	device SPEC			as on the command line
 *	config|mem|port read ADDR SIZE
 *	config|mem|port write ADDR SIZE VALUE
 *	rep mem|port read|write ADDR SIZE COUNT RAM
 *	peek RAM N, poke RAM HEX	guest memory
 *	lines				ISA, then INTx as "SLOT.PIN"
 *	msi				how many, address and data of the last
 *	claimed config|mem|port ADDR
 *	peers				what peers_describe() says
 *	stop, cont			the guest's clock, for peers
 *	waiting				for which peer, or "-"
 *	save				ask all peers, or why not
 *	state				0: all have answered, 1, or what failed
 *	record				what is saved of the first peer, as hex
 *	load HEX			it was saved so; before it connects
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/core_fixture.h"

#define LINE_SIZE 16384u

struct root {
	struct core core;
	uv_poll_t input;
	char line[LINE_SIZE];
	size_t len;
	bool eof;
};

/* Linked with --wrap=xen_msi: the fake keeps no record of these. */
static struct {
	unsigned count;
	uint64_t addr;
	uint32_t data;
} msi;

int __wrap_xen_msi(struct xen *xen, uint64_t addr, uint32_t data);

int
__wrap_xen_msi(struct xen *xen, uint64_t addr, uint32_t data)
{
	(void)xen;
	msi.count++;
	msi.addr = addr;
	msi.data = data;
	return 0;
}

/* ---- words -------------------------------------------------------- */

static uint64_t
number(void)
{
	const char *word = strtok(NULL, " ");

	return word ? strtoull(word, NULL, 0) : 0;
}

static uint8_t
space(const char *word)
{
	if (word && !strcmp(word, "config"))
		return SLOT_CONFIG;
	return word && !strcmp(word, "mem") ? SLOT_COPY : SLOT_PIO;
}

static bool
is_read(void)
{
	const char *word = strtok(NULL, " ");

	return word && !strcmp(word, "read");
}

/* ---- commands ----------------------------------------------------- */

static void
cmd_access(struct root *root, const char *word)
{
	struct request req = { .type = space(word), .count = 1 };

	req.read = is_read();
	req.addr = number();
	req.size = (uint32_t)number();
	req.data = number();
	printf("%#llx\n", (unsigned long long)core_access(&root->core, &req));
}

static void
cmd_rep(struct root *root)
{
	struct request req = { .type = space(strtok(NULL, " ")), .ptr = true };

	req.read = is_read();
	req.addr = number();
	req.size = (uint32_t)number();
	req.count = (uint32_t)number();
	req.data = number();
	core_access(&root->core, &req);
	puts("done");
}

static void
cmd_peek(struct root *root)
{
	uint64_t at = number(), n = number();

	for (; n && at < FAKE_RAM; n--)
		printf("%02x", root->core.xen->ram[at++]);
	putchar('\n');
}

static void
cmd_poke(struct root *root)
{
	uint64_t at = number();
	const char *hex = strtok(NULL, " ");
	unsigned byte;

	for (; hex && at < FAKE_RAM && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		root->core.xen->ram[at++] = (uint8_t)byte;
	puts("done");
}

static void
cmd_lines(struct root *root)
{
	unsigned i, pin;

	for (i = 0; i < 16; i++)
		if (root->core.xen->isa[i])
			printf("%u ", i);
	for (i = 0; i < 32; i++)
		for (pin = 0; pin < 4; pin++)
			if (root->core.xen->intx[i][pin])
				printf("%u.%u ", i, pin);
	putchar('\n');
}

static void
cmd_claimed(struct root *root)
{
	static const enum ioemu_space spaces[] = { IOEMU_PIO, IOEMU_MEM,
						   IOEMU_CONFIG };
	uint8_t type = space(strtok(NULL, " "));

	printf("%d\n", fake_xen_claims(root->core.xen, spaces[type], number()));
}

static void
cmd_peers(struct root *root)
{
	char buf[512];
	unsigned i;

	for (i = 0; peers_describe(root->core.peers, i, buf, sizeof(buf)); i++)
		printf("%s;", buf);
	putchar('\n');
}

/* ---- the guest stopped, saved, loaded ----------------------------- */

static void
cmd_save(struct root *root)
{
	char why[200];

	puts(peers_save(root->core.peers, false, why, sizeof(why)) ? why
								   : "done");
}

static void
cmd_state(struct root *root)
{
	char why[200];
	int rc = peers_state(root->core.peers, why, sizeof(why));

	puts(rc < 0 ? why : rc ? "1" : "0");
}

static void
cmd_record(struct root *root)
{
	struct blob blob = { .failed = false };
	size_t i;

	peers_put(root->core.peers, 0, &blob);
	for (i = 0; i < blob.len; i++)
		printf("%02x", blob.p[i]);
	putchar('\n');
	blob_free(&blob);
}

static void
cmd_load(struct root *root)
{
	const char *hex = strtok(NULL, " ");
	struct blob blob = { .failed = false };
	char why[200] = "done";
	struct view in;
	unsigned byte;

	for (; hex && sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		uint8_t b = (uint8_t)byte;

		blob_bytes(&blob, &b, 1);
	}
	in = (struct view){ .p = blob.p, .left = blob.len };
	(void)peers_get(root->core.peers, 0, &in, why, sizeof(why));
	puts(why);
	blob_free(&blob);
}

static void
cmd_stop(struct root *root)
{
	peers_pause(root->core.peers);
	puts("done");
}

static void
cmd_cont(struct root *root)
{
	peers_run(root->core.peers);
	puts("done");
}

static void
cmd_waiting(struct root *root)
{
	const char *id = peers_waiting(root->core.peers);

	puts(id ? id : "-");
}

/* False: another word. */
static bool
guest_command(struct root *root, const char *word)
{
	static const struct {
		const char *word;
		void (*run)(struct root *root);
	} commands[] = {
		{ "stop", cmd_stop },	    { "cont", cmd_cont },
		{ "waiting", cmd_waiting }, { "save", cmd_save },
		{ "state", cmd_state },	    { "record", cmd_record },
		{ "load", cmd_load },
	};
	unsigned i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word, commands[i].word) != 0)
			continue;
		commands[i].run(root);
		return true;
	}
	return false;
}

static void
command(struct root *root, char *line)
{
	const char *word = strtok(line, " ");

	if (!word) {
		puts("?");
	} else if (guest_command(root, word)) {
		return;
	} else if (!strcmp(word, "device")) {
		core_add_spec(&root->core, strtok(NULL, " "));
		puts("done");
	} else if (!strcmp(word, "rep")) {
		cmd_rep(root);
	} else if (!strcmp(word, "peek")) {
		cmd_peek(root);
	} else if (!strcmp(word, "poke")) {
		cmd_poke(root);
	} else if (!strcmp(word, "lines")) {
		cmd_lines(root);
	} else if (!strcmp(word, "msi")) {
		printf("%u %#llx %#x\n", msi.count,
		       (unsigned long long)msi.addr, msi.data);
	} else if (!strcmp(word, "claimed")) {
		cmd_claimed(root);
	} else if (!strcmp(word, "peers")) {
		cmd_peers(root);
	} else {
		cmd_access(root, word);
	}
}

/* ---- standard input ----------------------------------------------- */

static void
readable(uv_poll_t *poll, int status, int events)
{
	struct root *root = poll->data;
	ssize_t n;

	(void)status;
	(void)events;
	n = read(STDIN_FILENO, root->line + root->len,
		 sizeof(root->line) - 1 - root->len);
	if (n > 0)
		root->len += (size_t)n;
	root->eof = n <= 0;
	if (root->eof)
		uv_poll_stop(poll);
}

/* The next command, without its end of line; false: no more will come. */
static bool
next_line(struct root *root, char *line)
{
	const char *end;

	while (!(end = memchr(root->line, '\n', root->len))) {
		if (root->eof)
			return false;
		uv_run(&root->core.loop, UV_RUN_ONCE);
	}
	memcpy(line, root->line, (size_t)(end - root->line));
	line[end - root->line] = '\0';
	root->len -= (size_t)(end + 1 - root->line);
	memmove(root->line, end + 1, root->len);
	return true;
}

int
main(int argc, char **argv)
{
	struct root *root = calloc(1, sizeof(*root));
	char line[LINE_SIZE];

	if (argc != 2 || !root) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	core_open(&root->core, argv[1]);
	uv_poll_init(&root->core.loop, &root->input, STDIN_FILENO);
	root->input.data = root;
	uv_poll_start(&root->input, UV_READABLE, readable);
	while (next_line(root, line))
		command(root, line);
	uv_close((uv_handle_t *)&root->input, NULL);
	core_close(&root->core);
	free(root);
	return EXIT_SUCCESS;
}
