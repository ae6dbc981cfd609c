/* SPDX-License-Identifier: MIT */
/*
 * A guest goes from one device model to the next: the old one is a process of
 * its own, Xen is in memory that both have.
 */
#include "support/core_fixture.h"
#include "support/processes.h"
#include "support/qmp_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "upgrade/takeover.h"

#define FAR "membar,id=far,addr=6,isolate=on"
#define SCRATCH 0x3ffu /* of the UART */
#define PCI_EJECT 0xae08u
#define STEP_US 1000u
#define LATE_S                                                                 \
	11u /* the limit of control/handover.c, and a part of                  \
	       peer/handover.c's */

#define THERE (6u << 3) /* devfn of membars in processes by themselves */
#define HERE (7u << 3)
#define RAM(devfn) (0xf0000000u + ((devfn) << 20))
#define MEMBAR_ID 0x11e91234u

static const char *plugin_dir;

struct pair {
	struct whole *w; /* first here, the new one's; the old one's is its */
	pid_t old;
	struct xen *plain; /* not shared */
	struct procs procs;
	char word[2][128];
};

/* ---- the old one --------------------------------------------------- */

static _Noreturn void
old_run(struct whole *w, const char *const *words, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (whole_start(w, plugin_dir, words) || write(ready, "", 1) != 1)
		_exit(EXIT_FAILURE);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	_exit(machine_has_gone(w->machine) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
old_start(struct pair *p, const char *const *words)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	p->old = fork();
	assert_true(p->old >= 0);
	if (!p->old) {
		assert_int_equal(uv_loop_fork(&p->w->loop), 0);
		old_run(p->w, words, ready[1]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
}

static void
old_ended(struct pair *p)
{
	int status;

	assert_int_equal(waitpid(p->old, &status, 0), p->old);
	p->old = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_SUCCESS);
}

static void
ask(uint8_t type, bool read, uint64_t addr, uint32_t size, uint32_t data)
{
	const struct request req = {
		.type = type,
		.read = read,
		.addr = addr,
		.size = size,
		.count = 1,
		.data = data,
	};

	fake_xen_ask(whole_end.xen, 0, &req);
	whole_ring();
}

static void
ask_port(bool read, uint32_t data, uint16_t port, uint32_t size)
{
	ask(SLOT_PIO, read, port, size, data);
}

/* Within the limit. */
static uint64_t
answer_of_old(void)
{
	uint64_t data = 0, limit = uv_hrtime() + TEST_LIMIT_NS;

	while (!fake_xen_answer(whole_end.xen, 0, &data)) {
		assert_true(uv_hrtime() < limit);
		usleep(STEP_US);
	}
	return data;
}

static void
old_writes(uint8_t data)
{
	ask_port(false, data, SCRATCH, 1);
	(void)answer_of_old();
}

static uint8_t
old_reads(void)
{
	ask_port(true, 0, SCRATCH, 1);
	return (uint8_t)answer_of_old();
}

static void
nobody_answers(void)
{
	uint64_t data;
	unsigned i;

	for (i = 0; i < 50; i++) {
		assert_false(fake_xen_answer(whole_end.xen, 0, &data));
		usleep(STEP_US);
	}
}

/* ---- the new one --------------------------------------------------- */

static struct takeover *
reach(struct pair *p)
{
	struct conf_monitor mon = { .id = "q" };
	const struct conf conf = { .domid = 1, .monitors = &mon };
	struct takeover *t;

	mon.path = whole_path(p->w, 0, "", "qmp");
	assert_int_equal(takeover_open(&conf, &t), 0);
	return t;
}

/* It has all, but not for good. */
static struct takeover *
asked(struct pair *p)
{
	struct takeover *t = reach(p);

	assert_int_equal(takeover_ask(t, &p->w->handover), 0);
	return t;
}

static void
let_go(struct pair *p, struct takeover *t)
{
	takeover_close(t);
	handover_free(p->w->handover);
	p->w->handover = NULL;
}

static void
a_guest_goes_on(void **state)
{
	static const char *const words[] = { "-device", FAR, NULL };
	struct pair *p = *state;
	struct takeover *t;
	unsigned claims, unclaims;
	struct client c;

	old_start(p, words);
	old_writes(0x5a);
	t = reach(p);
	claims = whole_end.xen->claims;
	unclaims = whole_end.xen->unclaims;
	assert_int_equal(takeover_ask(t, &p->w->handover), 0);
	ask_port(true, 0, SCRATCH, 1);
	nobody_answers();
	assert_int_equal(whole_start(p->w, plugin_dir, words), 0);
	nobody_answers();
	assert_int_equal(whole_end.adopted, 1);
	assert_int_equal(whole_end.pid, 0);
	assert_int_equal(takeover_commit(t), 0);
	old_ended(p);
	takeover_close(t);
	nobody_answers();
	assert_int_equal(machine_go(p->w->machine), 0);
	assert_int_equal(whole_end.pid, 1);
	assert_int_equal(answer_of_old(), 0x5a);
	/* nothing that Xen has was touched */
	assert_int_equal(whole_end.xen->claims, claims);
	assert_int_equal(whole_end.xen->unclaims, unclaims);
	assert_int_equal(whole_end.xen->refused, 0);
	whole_out(p->w, SCRATCH, 1, 0xa5);
	assert_int_equal(whole_in(p->w, SCRATCH, 1), 0xa5);
	client_open(&c, p->w); /* the socket is the same */
	client_told(&c, CLIENT_STATUS, "running");
	assert_non_null(strstr(client_hmp(&c, "peers"), "there"));
	client_close(&c);
}

/* What came later, and what was taken out, as the old one says. */
static void
devices_that_came_later_go_along(void **state)
{
	static const char *const words[] = { "-device", "membar,id=one,addr=6",
					     NULL };
	struct pair *p = *state;
	struct takeover *t;
	struct client c;

	old_start(p, words);
	client_open(&c, p->w);
	client_told(&c,
		    "{\"execute\":\"device_add\",\"arguments\":"
		    "{\"driver\":\"membar\",\"id\":\"two\"}}",
		    "{}");
	client_close(&c);
	ask_port(false, 1u << 6, PCI_EJECT, 4);
	(void)answer_of_old();
	t = asked(p);
	assert_int_equal(whole_start(p->w, plugin_dir, words), 0);
	assert_int_equal(takeover_commit(t), 0);
	old_ended(p);
	takeover_close(t);
	assert_int_equal(machine_go(p->w->machine), 0);
	client_open(&c, p->w);
	assert_non_null(strstr(client_hmp(&c, "devices"), "two "));
	assert_null(strstr(client_hmp(&c, "devices"), "one "));
	client_close(&c);
}

/* ---- an old one that is in a guest's hands ------------------------- */

/* The text after "KEY:\t" of /proc/PID/status. */
static const char *
status_of(pid_t pid, const char *key, char *line, size_t size)
{
	size_t n = strlen(key);
	bool found = false;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	f = fopen(name, "r");
	assert_non_null(f);
	while (!found && fgets(line, (int)size, f))
		found = !strncmp(line, key, n) && line[n] == ':';
	fclose(f);
	assert_true(found);
	return line + n + 2;
}

static pid_t
reader_pid(void)
{
	char path[64], line[256];
	pid_t pid, found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	while (fscanf(f, "%d", &pid) == 1)
		if (!strcmp(status_of(pid, "Name", line, sizeof(line)),
			    "ioemu-reader\n"))
			found = pid;
	fclose(f);
	assert_true(found > 0);
	return found;
}

static void
who_reads_the_message_has_no_rights(void **state)
{
	struct pair *p = *state;
	struct takeover *t;
	char line[256];
	pid_t pid;

	old_start(p, NULL);
	t = reach(p); /* it has read a greeting by now */
	pid = reader_pid();
	assert_string_equal(status_of(pid, "Seccomp", line, sizeof(line)),
			    "2\n");
	assert_string_equal(status_of(pid, "CapEff", line, sizeof(line)),
			    "0000000000000000\n");
	if (!geteuid())
		assert_string_equal(status_of(pid, "Uid", line, sizeof(line)),
				    "65534\t65534\t65534\t65534\n");
	takeover_close(t);
}

/* What it says came later is made with what our own command line allows. */
static void
a_program_that_came_later_is_not_started(void **state)
{
	static const char *const words[] = {
		"peer,id=x,addr=9,exec=touch /tmp/escape-later",
		"membar,id=x,addr=9,isolate=on",
	};
	struct pair *p = *state;
	struct takeover *t;
	unsigned i;

	old_start(p, NULL);
	old_writes(0x66);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		t = asked(p);
		handover_put_later(p->w->handover, words[i]);
		assert_int_equal(whole_start(p->w, plugin_dir, NULL), -EPERM);
		whole_stop(p->w);
		takeover_close(t);
		assert_int_equal(old_reads(), 0x66);
	}
	assert_int_equal(access("/tmp/escape-later", F_OK), -1);
}

#define LATER "membar,id=two,addr=9,isolate=on,later=on"

static void
a_process_that_came_later_goes_along(void **state)
{
	static const char *const words[] = { "-device", LATER, NULL };
	struct pair *p = *state;
	struct takeover *t;
	struct client c;

	old_start(p, words);
	client_open(&c, p->w);
	client_told(&c,
		    "{\"execute\":\"device_add\",\"arguments\":{"
		    "\"driver\":\"membar\",\"id\":\"two\",\"isolate\":true}}",
		    "{}");
	client_close(&c);
	t = asked(p);
	assert_int_equal(whole_start(p->w, plugin_dir, words), 0);
	assert_int_equal(takeover_commit(t), 0);
	old_ended(p);
	takeover_close(t);
	assert_int_equal(machine_go(p->w->machine), 0);
	client_open(&c, p->w);
	assert_non_null(strstr(client_hmp(&c, "peers"), "two "));
	assert_non_null(strstr(c.answer, " there "));
	client_close(&c);
}

/* Whoever holds the other end never writes. */
static void
nothing_that_may_wait_is_read(void **state)
{
	struct pair *p = *state;
	struct takeover *t;
	int wait[2];

	assert_int_equal(pipe(wait), 0);
	old_start(p, NULL);
	old_writes(0x44);
	alarm(TEST_LIMIT_S);
	t = asked(p);
	close(handover_take_fd(p->w->handover, "state"));
	handover_put_own(p->w->handover, "state", dup(wait[0]));
	assert_int_equal(whole_start(p->w, plugin_dir, NULL), -EBADF);
	whole_stop(p->w);
	takeover_close(t);
	assert_int_equal(old_reads(), 0x44);
	alarm(0);
	close(wait[0]);
	close(wait[1]);
}

static void
output_that_may_wait_is_not_read(void **state)
{
	struct chr_handover chr = { .listen_fd = -1, .end = { -1, -1 } };
	struct pair *p = *state;
	struct ioemu_chardev *out;
	int wait[2];

	assert_int_equal(pipe(wait), 0);
	alarm(TEST_LIMIT_S);
	chr.rest = dup(wait[0]);
	assert_int_equal(chr_handover_in(&p->w->loop, "null", &chr, &out),
			 -EBADF);
	alarm(0);
	close(wait[0]);
	close(wait[1]);
}

/* ---- a taker that does not read ------------------------------------- */

#define QUESTION "{\"execute\":\"query-name\"}\n"

static int
taker_open(struct pair *p)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 whole_path(p->w, 0, "", "qmp"));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	return fd;
}

/* What is there to be read grows with each answer, or does not for a while. */
static bool
taker_asks(int fd, const char *question)
{
	int before, now, i;

	assert_int_equal(ioctl(fd, FIONREAD, &before), 0);
	assert_int_equal(send(fd, question, strlen(question), 0),
			 strlen(question));
	for (i = 0; i < 500; i++) {
		assert_int_equal(ioctl(fd, FIONREAD, &now), 0);
		if (now > before)
			return true;
		usleep(STEP_US);
	}
	return false;
}

/* Its socket is full when the answer comes; then nobody comes in time. */
static void
what_nobody_could_be_sent_is_not_sent_later(void **state)
{
	static const char agree[] = "{\"execute\":\"qmp_capabilities\"}\n";
	struct pair *p = *state;
	char bytes[65536];
	int fd, n, i;

	old_start(p, NULL);
	old_writes(0x55);
	fd = taker_open(p);
	assert_true(taker_asks(fd, agree));
	for (n = 0; taker_asks(fd, QUESTION); n++)
		;
	close(fd);
	fd = taker_open(p);
	assert_true(taker_asks(fd, agree));
	for (i = 0; i < n; i++)
		assert_true(taker_asks(fd, QUESTION));
	assert_false(taker_asks(fd, "{\"execute\":\"x-take-over\"}\n"));
	assert_int_equal(old_reads(), 0x55); /* once it has it again */
	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		assert_null(memmem(bytes, sizeof(bytes), "\"claims\"", 8));
	close(fd);
	assert_int_equal(old_reads(), 0x55);
}

/* ---- processes by themselves ---------------------------------------- */

static const char *const *
lender_words(struct pair *p)
{
	static const char *words[] = { "-device", NULL, "-device", NULL, NULL };

	snprintf(p->word[0], sizeof(p->word[0]),
		 "peer,id=there,addr=6,connect=unix:%s/there", p->procs.dir);
	snprintf(p->word[1], sizeof(p->word[1]),
		 "peer,id=here,addr=7,listen=unix:%s/here", p->procs.dir);
	words[1] = p->word[0];
	words[3] = p->word[1];
	return words;
}

/* Within the limit, in the old one. */
static void
lender_up(unsigned devfn)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;
	uint32_t id;

	do {
		ask(SLOT_CONFIG, true, core_config_addr(0, devfn, 0), 4, 0);
		id = (uint32_t)answer_of_old();
		assert_true(uv_hrtime() < limit);
	} while (id != MEMBAR_ID);
	ask(SLOT_CONFIG, false, core_config_addr(0, devfn, 0x10), 4,
	    RAM(devfn));
	(void)answer_of_old();
	ask(SLOT_CONFIG, false, core_config_addr(0, devfn, 0x04), 4, 0x7);
	(void)answer_of_old();
	ask(SLOT_COPY, false, RAM(devfn), 4, 0x1000 + devfn);
	(void)answer_of_old();
}

static pid_t
there_start(struct pair *p)
{
	return procs_start(&p->procs, "membar", "--listen",
			   procs_text(&p->procs, "unix:%s/there"), NULL);
}

static pid_t
here_start(struct pair *p, const char *again)
{
	return procs_start(&p->procs, "membar", "--connect",
			   procs_text(&p->procs, "unix:%s/here"), again);
}

/* The old one with both, each with something in its memory. */
static void
lender_start(struct pair *p)
{
	there_start(p);
	here_start(p, "--again"); /* before there is anybody */
	old_start(p, lender_words(p));
	lender_up(THERE);
	lender_up(HERE);
}

static uint32_t
old_sees(unsigned devfn)
{
	ask(SLOT_COPY, true, RAM(devfn), 4, 0);
	return (uint32_t)answer_of_old();
}

static void
new_sees(struct pair *p, unsigned devfn)
{
	ask(SLOT_COPY, true, RAM(devfn), 4, 0);
	assert_int_equal(whole_answer(p->w), 0x1000 + devfn);
}

static void
new_goes(struct pair *p, struct takeover *t)
{
	assert_int_equal(whole_start(p->w, plugin_dir, lender_words(p)), 0);
	assert_int_equal(takeover_commit(t), 0);
	old_ended(p);
	takeover_close(t);
	assert_int_equal(machine_go(p->w->machine), 0);
}

static void
who_is_by_himself_goes_along(void **state)
{
	struct pair *p = *state;
	unsigned claims, unclaims;
	struct takeover *t;

	lender_start(p);
	claims = whole_end.xen->claims;
	unclaims = whole_end.xen->unclaims;
	t = asked(p);
	ask(SLOT_COPY, true, RAM(THERE), 4, 0);
	nobody_answers();
	new_goes(p, t);
	assert_int_equal(whole_answer(p->w), 0x1000 + THERE);
	new_sees(p, HERE);
	assert_int_equal(whole_end.xen->claims, claims);
	assert_int_equal(whole_end.xen->unclaims, unclaims);
	assert_int_equal(p->procs.n, 2);
}

/* The process ended meanwhile; the next is given its state. */
static void
who_began_anew_is_given_what_it_was(void **state)
{
	struct pair *p = *state;
	struct takeover *t;

	lender_start(p);
	t = asked(p);
	procs_end(&p->procs, p->procs.pid[0], SIGKILL);
	there_start(p);
	new_goes(p, t);
	new_sees(p, THERE);
	new_sees(p, HERE);
}

static void
who_is_by_himself_comes_back(void **state)
{
	static const char *const none[] = { NULL };
	struct pair *p = *state;
	unsigned claims, unclaims;
	struct takeover *t;

	lender_start(p);
	claims = whole_end.xen->claims;
	unclaims = whole_end.xen->unclaims;
	t = asked(p);
	ask(SLOT_COPY, true, RAM(THERE), 4, 0);
	assert_int_not_equal(whole_start(p->w, plugin_dir, none), 0);
	whole_stop(p->w);
	nobody_answers();
	takeover_close(t);
	assert_int_equal(answer_of_old(), 0x1000 + THERE);
	assert_int_equal(old_sees(HERE), 0x1000 + HERE);
	assert_int_equal(whole_end.xen->claims, claims);
	assert_int_equal(whole_end.xen->unclaims, unclaims);
	/* and goes along the next time */
	t = asked(p);
	new_goes(p, t);
	new_sees(p, THERE);
	new_sees(p, HERE);
}

/* It ended, and nobody started it again: the guest goes on without. */
static void
who_does_not_come_back_is_missed(void **state)
{
	struct pair *p = *state;
	struct takeover *t;

	lender_start(p);
	t = asked(p);
	procs_end(&p->procs, p->procs.pid[0], SIGKILL);
	let_go(p, t);
	assert_int_equal(old_sees(HERE), 0x1000 + HERE);
	assert_int_equal(old_sees(THERE), 0xffffffff);
	there_start(p);
	lender_up(THERE); /* as it would at any time */
}

/* While the old one waits for processes to come back it is its guest again. */
static void
who_is_too_late_has_nothing(void **state)
{
	struct pair *p = *state;
	struct takeover *t;

	lender_start(p);
	t = asked(p);
	procs_end(&p->procs, p->procs.pid[0], SIGKILL);
	sleep(LATE_S);
	assert_int_not_equal(takeover_commit(t), 0);
	let_go(p, t);
	assert_int_equal(old_sees(HERE), 0x1000 + HERE);
}

static void
who_would_not_come_again_is_in_the_way(void **state)
{
	struct pair *p = *state;
	struct takeover *t;
	pid_t here;

	there_start(p);
	old_start(p, lender_words(p));
	here = here_start(p, NULL);
	lender_up(THERE);
	lender_up(HERE);
	t = reach(p);
	assert_int_not_equal(takeover_ask(t, &p->w->handover), 0);
	takeover_close(t);
	assert_int_equal(old_sees(HERE), 0x1000 + HERE);
	procs_end(&p->procs, here, SIGKILL);
}

/* ---- and does not -------------------------------------------------- */

static void
who_vanishes_gives_it_back(void **state)
{
	struct pair *p = *state;
	struct takeover *t;

	old_start(p, NULL);
	old_writes(0x11);
	t = reach(p); /* connected */
	takeover_close(t);
	assert_int_equal(old_reads(), 0x11);
	t = asked(p); /* has it */
	ask_port(true, 0, SCRATCH, 1);
	nobody_answers();
	let_go(p, t);
	assert_int_equal(answer_of_old(), 0x11);
	assert_int_equal(old_reads(), 0x11);
}

/* Other devices: the state does not fit. */
static void
who_cannot_go_on_gives_it_back(void **state)
{
	static const char *const words[] = { "-device", "membar,addr=6", NULL };
	struct pair *p = *state;
	unsigned claims, unclaims;
	struct takeover *t;

	old_start(p, NULL);
	old_writes(0x22);
	claims = whole_end.xen->claims;
	unclaims = whole_end.xen->unclaims;
	t = asked(p);
	ask_port(true, 0, SCRATCH, 1);
	assert_int_not_equal(whole_start(p->w, plugin_dir, words), 0);
	whole_stop(p->w);
	nobody_answers();
	takeover_close(t);
	assert_int_equal(answer_of_old(), 0x22);
	assert_int_equal(whole_end.xen->claims, claims);
	assert_int_equal(whole_end.xen->unclaims, unclaims);
	assert_int_equal(access(whole_path(p->w, 0, "", "qmp"), F_OK), 0);
}

static void
others_wait_meanwhile(void **state)
{
	static const char *const barred[] = { "cont", "stop", "quit",
					      "x-take-over" };
	struct pair *p = *state;
	char command[64];
	struct takeover *t;
	struct client c;
	unsigned i;

	old_start(p, NULL);
	old_writes(0x33);
	client_open(&c, p->w);
	client_told(&c, "{\"execute\":\"x-taken\"}", "not yours");
	t = asked(p);
	for (i = 0; i < sizeof(barred) / sizeof(barred[0]); i++) {
		snprintf(command, sizeof(command), "{\"execute\":\"%s\"}",
			 barred[i]);
		client_told(&c, command, "taken over by another");
	}
	client_told(&c, "{\"execute\":\"x-taken\"}", "not yours");
	client_told(&c, CLIENT_STATUS, "paused");
	let_go(p, t);
	assert_int_equal(old_reads(), 0x33);
	client_told(&c, CLIENT_STATUS, "running");
	client_close(&c);
}

/* ---- */

static int
setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct xen *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *w;

	whole_setup(&w);
	p->w = w;
	procs_open(&p->procs, plugin_dir);
	p->plain = whole_end.xen;
	memcpy(shared, p->plain, sizeof(*shared));
	whole_end.xen = shared;
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;
	void *w = p->w;

	if (p->old) {
		kill(p->old, SIGKILL);
		waitpid(p->old, NULL, 0);
	}
	whole_stop(p->w);
	procs_close(&p->procs);
	munmap(whole_end.xen, sizeof(*whole_end.xen));
	whole_end.xen = p->plain;
	free(p);
	return whole_teardown(&w);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_goes_on),
		TEST(devices_that_came_later_go_along),
		TEST(who_reads_the_message_has_no_rights),
		TEST(a_program_that_came_later_is_not_started),
		TEST(a_process_that_came_later_goes_along),
		TEST(nothing_that_may_wait_is_read),
		TEST(output_that_may_wait_is_not_read),
		TEST(what_nobody_could_be_sent_is_not_sent_later),
		TEST(who_is_by_himself_goes_along),
		TEST(who_began_anew_is_given_what_it_was),
		TEST(who_is_by_himself_comes_back),
		TEST(who_does_not_come_back_is_missed),
		TEST(who_is_too_late_has_nothing),
		TEST(who_would_not_come_again_is_in_the_way),
		TEST(who_vanishes_gives_it_back),
		TEST(who_cannot_go_on_gives_it_back),
		TEST(others_wait_meanwhile),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
