/* SPDX-License-Identifier: MIT */
/*
 * The ends of the program that a test plays: who starts it, and the calls of
 * xen.h that fake_xen.c leaves out.
 */
#include "machine_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "patient.h"

#define MACHINE_FILE "mini-ioemu/machine.conf"
#define MAX_WORDS 128

struct whole_ends *whole_shared;

__attribute__((constructor)) static void
whole_share(void)
{
	whole_shared = mmap(NULL, sizeof(*whole_shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (whole_shared == MAP_FAILED)
		abort();
}

int
xen_open(unsigned domid, unsigned vcpus, struct xen **out, const char **what)
{
	assert_int_equal(domid, 1);
	assert_in_range(vcpus, 1, FAKE_VCPUS);
	*what = "reach the hypervisor";
	*out = whole_end.open_rc ? NULL : whole_end.xen;
	return whole_end.open_rc;
}

void
xen_close(struct xen *xen)
{
	(void)xen;
}

int
xen_fd(struct xen *xen)
{
	(void)xen;
	return whole_end.fd;
}

/* An eventfd adds up what is written: a few bits for each vCPU that rings. */
enum { RINGERS = 8, RING_BITS = 7, RING_MASK = (1 << RING_BITS) - 1 };

int
xen_events(struct xen *xen, int *events, unsigned max)
{
	unsigned i, n = 0;
	uint64_t rings;

	(void)xen;
	assert_int_equal(read(whole_end.fd, &rings, sizeof(rings)),
			 sizeof(rings));
	for (i = 0; i < RINGERS && n < max; i++)
		if (rings >> RING_BITS * i & RING_MASK)
			events[n++] = (int)i;
	assert_true(n > 0);
	return whole_end.events_rc ? whole_end.events_rc : (int)n;
}

int
xen_listen(struct xen *xen)
{
	(void)xen;
	return 0;
}

const uint32_t xen_requests[XEN_REQUESTS] = { 0 };

int
xen_restrict(struct xen *xen)
{
	(void)xen;
	return whole_end.restrict_rc;
}

int
xen_adopt(unsigned domid, unsigned vcpus, const struct xen_handover *handover,
	  struct xen **out, const char **what)
{
	assert_true(whole_end.any_handover || handover->server == WHOLE_SERVER);
	assert_true(whole_end.any_handover || handover->port[0] == WHOLE_PORT);
	close(handover->fd); /* whole_end.fd is the same */
	whole_end.adopted++;
	return xen_open(domid, vcpus, out, what);
}

void
xen_handover_over(struct xen *xen, struct xen_handover *out)
{
	(void)xen;
	*out = (struct xen_handover){
		.server = WHOLE_SERVER,
		.fd = whole_end.fd,
		.port = { WHOLE_PORT },
	};
}

const char *
xen_has(const struct xen *xen)
{
	return xen->gsis.n ? "interrupt pins" : "nothing";
}

int
xen_tell(unsigned domid, const struct xen_news *news)
{
	(void)domid;
	whole_end.ready += news->running;
	whole_end.pid += news->pid != 0;
	return news->running ? whole_end.ready_rc : 0;
}

int
xen_words(unsigned domid, char **words, size_t *len)
{
	(void)domid;
	(void)words;
	(void)len;
	return -ENOENT;
}

void
whole_ring_by(unsigned vcpu)
{
	const uint64_t one = 1ull << RING_BITS * vcpu;

	assert_true(vcpu < RINGERS);
	assert_int_equal(write(whole_end.fd, &one, sizeof(one)), sizeof(one));
}

void
whole_ring(void)
{
	whole_ring_by(0);
}

/* ---- coming and going ---------------------------------------------------- */

const char *
whole_path(struct whole *w, unsigned i, const char *before, const char *name)
{
	snprintf(w->word[i], sizeof(w->word[i]), "%s%s/%s", before, w->dir,
		 name);
	return w->word[i];
}

/* Sector i is full of the byte i. */
static void
make_disk(struct whole *w)
{
	int fd = open(whole_path(w, 0, "", "disk"), O_CREAT | O_WRONLY, 0600);
	uint8_t sector[WHOLE_SECTOR];
	unsigned i;

	assert_true(fd >= 0);
	for (i = 0; i < WHOLE_SECTORS; i++) {
		memset(sector, (int)i, sizeof(sector));
		assert_int_equal(write(fd, sector, WHOLE_SECTOR), WHOLE_SECTOR);
	}
	close(fd);
}

void
whole_configure(struct whole *w, const char *plugin_dir,
		const char *const *more)
{
	const char *argv[MAX_WORDS] = {
		"mini-ioemu",
		"-xen-domid",
		"1",
		"-machine",
		"xenfv",
		"-serial",
		whole_path(w, 1, "file:", "serial"),
		"-drive",
		whole_path(w, 2, "if=ide,index=0,file=", "disk"),
		"-chardev",
		whole_path(w, 3, "socket,server=on,wait=off,id=q,path=", "qmp"),
		"-mon",
		"chardev=q,mode=control",
		/* it would be the test's */
		"--sandbox",
		w->sandbox ? "on" : "off",
	};
	const struct conf_word *more_dir;
	struct conf_error err;
	unsigned n = 0;
	int argc = 0, rc;

	while (argv[argc])
		argc++;
	for (; more && *more; more++) {
		argv[argc++] = n < WHOLE_PATIENT
				       ? patient(*more, w->patient[n],
						 sizeof(w->patient[n]))
				       : *more;
		n += argv[argc - 1] != *more;
	}
	rc = conf_parse(argc, (char **)(uintptr_t)argv, &w->conf, &err);
	if (!rc)
		rc = conf_read_machine(&w->conf, MACHINE_FILE, &err);
	if (rc)
		fail_msg("%s", err.text);
	assert_int_equal(host_plugins_new(&w->plugins), 0);
	assert_true(host_plugins_load_dir(w->plugins, plugin_dir, NULL, NULL) >
		    0);
	for (more_dir = w->conf.plugin_dirs; more_dir;
	     more_dir = more_dir->next)
		assert_true(host_plugins_load_dir(w->plugins, more_dir->text,
						  NULL, NULL) > 0);
}

int
whole_start(struct whole *w, const char *plugin_dir, const char *const *more)
{
	int rc;

	whole_configure(w, plugin_dir, more);
	rc = machine_take(&w->loop, &w->conf, w->plugins, w->handover,
			  &w->machine);
	w->handover = NULL;
	if (rc)
		w->machine = NULL;
	return rc;
}

void
whole_stop(struct whole *w)
{
	if (w->machine)
		machine_free(w->machine);
	w->machine = NULL;
	uv_run(&w->loop, UV_RUN_DEFAULT);
	conf_free(&w->conf);
	if (w->plugins)
		host_plugins_free(w->plugins);
	w->plugins = NULL;
}

void
whole_find_peer(const char *plugin_dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/..:%s", plugin_dir, getenv("PATH"));
	setenv("PATH", path, 1);
	/* the children's sandbox leaves no room for it */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

void
whole_move(void)
{
	struct xen *to = fake_xen_new();

	memcpy(to->ram, whole_end.xen->ram, FAKE_RAM);
	memcpy(to->isa, whole_end.xen->isa, sizeof(to->isa));
	memcpy(to->intx, whole_end.xen->intx, sizeof(to->intx));
	fake_xen_free(whole_end.xen);
	whole_end.xen = to;
}

int
whole_setup(void **state)
{
	struct whole *w = calloc(1, sizeof(*w));

	memset(&whole_end, 0, sizeof(whole_end));
	whole_end.xen = fake_xen_new();
	whole_end.fd = eventfd(0, EFD_NONBLOCK);
	strcpy(w->dir, "/tmp/test_machine.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	make_disk(w);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	*state = w;
	return 0;
}

int
whole_teardown(void **state)
{
	static const char *const name[] = { "disk", "serial", "qmp" };
	struct whole *w = *state;
	unsigned i;

	whole_stop(w);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	for (i = 0; i < 3; i++)
		unlink(whole_path(w, 0, "", name[i]));
	assert_int_equal(rmdir(w->dir), 0);
	close(whole_end.fd);
	fake_xen_free(whole_end.xen);
	free(w);
	return 0;
}

uint64_t
whole_answer(struct whole *w)
{
	uint64_t data = 0, limit = uv_hrtime() + TEST_LIMIT_NS;

	while (!fake_xen_answer(whole_end.xen, 0, &data)) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	return data;
}

uint64_t
whole_access(struct whole *w, const struct request *req)
{
	fake_xen_ask(whole_end.xen, 0, req);
	whole_ring();
	return whole_answer(w);
}

uint32_t
whole_in(struct whole *w, uint16_t port, uint32_t size)
{
	const struct request req = {
		.type = SLOT_PIO,
		.read = true,
		.addr = port,
		.size = size,
		.count = 1,
	};

	return (uint32_t)whole_access(w, &req);
}

void
whole_out(struct whole *w, uint16_t port, uint32_t size, uint32_t v)
{
	const struct request req = {
		.type = SLOT_PIO,
		.addr = port,
		.size = size,
		.count = 1,
		.data = v,
	};

	whole_access(w, &req);
}
