/* SPDX-License-Identifier: MIT */
/*
 * A peer in every moment of its life: says all there is to say, is killed, is
 * stopped. What it says is handled or ends its link with one line; whatever
 * was asked of it has an end that names it; and the next to connect is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/blob.h"
#include "base/log.h"
#include "handover/handover.h"
#include "pci/bus.h"
#include "support/save_fixture.h"
#include "support/scripted_peer.h"

#define ONES 0xffffffffu
#define DEVFN 0x18u
#define SLOT 3u
#define INT_LINE 0x3cu
#define BAR0 0x10u
#define COMMAND 0x04u
#define BASE 0xf0000000u
#define LONG_MS 30000u /* nothing times out */
#define SHORT_MS 200u

static const char *plugin_dir;

/* ---- moments of a life -------------------------------------------- */

enum life {
	LIFE_NEW,	/* connected; no HELLO yet */
	LIFE_COMING,	/* another process than before: replay is not over */
	LIFE_KEPT,	/* the same as before: the flush is not over */
	LIFE_RUNNING,	/* there */
	LIFE_BUSY,	/* ... with an access of the guest in hand */
	LIFE_EJECTED,	/* there, but the guest gave it up */
	LIFE_PAUSING,	/* PAUSE was said */
	LIFE_PAUSED,	/* and answered */
	LIFE_SAVING,	/* SAVE was said */
	LIFE_HALF,	/* half of its state has come */
	LIFE_SAVED,	/* all of it */
	LIFE_LOADING,	/* RESET and STATE were said */
	LIFE_NUMBERING, /* LOADED came, and it is told its number */
	LIFE_LENT,	/* back from another device model; the flush is open */
	LIVES
};

/* STATE: offset, total, half of the bytes. */
static const uint8_t half[16] = { [7] = 16, 's' };

#define BIT(life) (1u << (life))
#define ALL (BIT(LIVES) - 1)
#define GREETED (ALL & ~BIT(LIFE_NEW))

static const char *const life_name[] = {
	"new",	   "coming",  "kept",	   "running", "busy",
	"ejected", "pausing", "paused",	   "saving",  "half",
	"saved",   "loading", "numbering", "lent",
};

struct fix {
	struct core core; /* first */
	struct scripted_peer h;
	struct handover *handover;
	char id[16], dir[32], path[48];
	unsigned timeout_ms;
	int log; /* what was logged as a warning or worse */
};

static void
fix_open(struct fix *f, unsigned timeout_ms)
{
	static unsigned n; /* each has a budget in the log of its own */
	char spec[128];

	*f = (struct fix){
		.log = memfd_create("log", MFD_CLOEXEC),
		.timeout_ms = timeout_ms,
	};
	snprintf(f->id, sizeof(f->id), "p%u", n++);
	core_open(&f->core, plugin_dir);
	scripted_peer_init(&f->h);
	strcpy(f->dir, "/tmp/ioemu-life-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/p0", f->dir);
	snprintf(spec, sizeof(spec),
		 "peer,id=%s,slot=3,timeout-ms=%u,listen=unix:%s", f->id,
		 timeout_ms, f->path);
	core_add_spec(&f->core, spec);
	log_copy(f->log);
}

static void
fix_close(struct fix *f)
{
	log_copy(-1);
	scripted_peer_kill(&f->h);
	core_close(&f->core);
	handover_free(f->handover);
	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	close(f->log);
}

/* Lines since the last time. */
static unsigned
lines(struct fix *f)
{
	char text[4096];
	off_t len = lseek(f->log, 0, SEEK_CUR), at;
	unsigned n = 0;
	ssize_t got = pread(f->log, text, sizeof(text), 0);

	assert_true(len < (off_t)sizeof(text) && got >= 0);
	for (at = 0; at < got; at++)
		n += text[at] == '\n';
	assert_int_equal(ftruncate(f->log, 0), 0);
	(void)lseek(f->log, 0, SEEK_SET);
	return n;
}

static bool
is_gone(void *ctx)
{
	char text[256];

	assert_true(peers_describe(((struct core *)ctx)->peers, 0, text,
				   sizeof(text)));
	return strstr(text, "not there");
}

static bool
is_there(void *ctx)
{
	char text[256];

	assert_true(peers_describe(((struct core *)ctx)->peers, 0, text,
				   sizeof(text)));
	return strstr(text, " there '");
}

static void
fresh(struct fix *f, uint64_t instance)
{
	scripted_peer_kill(&f->h);
	core_until(&f->core, is_gone, &f->core);
	scripted_peer_init(&f->h);
	f->h.hello.instance = instance;
}

/* It came, and the guest has put it somewhere. */
static void
placed(struct fix *f)
{
	scripted_peer_connect(&f->h, &f->core, f->path);
	scripted_peer_until(&f->h, is_there, &f->core);
	scripted_peer_config_write(&f->h, DEVFN, INT_LINE, 11);
	scripted_peer_config_write(&f->h, DEVFN, BAR0, BASE);
	scripted_peer_config_write(&f->h, DEVFN, COMMAND, 6);
	scripted_peer_settle(&f->h);
	lines(f);
}

static bool
is_paused(void *ctx)
{
	return !peers_waiting(((struct core *)ctx)->peers);
}

static bool
is_saved(void *ctx)
{
	char why[256];

	return peers_state(((struct core *)ctx)->peers, why, sizeof(why)) != 1;
}

static void
until_asked(struct fix *f, unsigned requests)
{
	while (f->h.requests < requests)
		scripted_peer_turn(&f->h);
}

static void
pause_and_save(struct fix *f)
{
	char why[256];

	peers_pause(f->core.peers);
	scripted_peer_until(&f->h, is_paused, &f->core);
	assert_int_equal(peers_save(f->core.peers, false, why, sizeof(why)), 0);
	scripted_peer_until_said(&f->h, LINK_SAVE);
	scripted_peer_settle(&f->h);
}

/* What such a peer is in a saved guest: as this one was, once. */
static void
make_record(struct fix *f, struct blob *record)
{
	placed(f);
	pause_and_save(f);
	assert_true(is_saved(&f->core));
	peers_put(f->core.peers, 0, record);
	fresh(f, 0x4321);
}

static void
load(struct fix *f, enum life life)
{
	struct blob record = { .p = NULL };
	char why[256];
	struct view v;

	make_record(f, &record);
	v = (struct view){ .p = record.p, .left = record.len };
	assert_int_equal(peers_get(f->core.peers, 0, &v, why, sizeof(why)), 0);
	blob_free(&record);
	f->h.saves = life == LIFE_NUMBERING;
	f->h.quiet = true;
	scripted_peer_connect(&f->h, &f->core, f->path);
	scripted_peer_until_said(&f->h, LINK_STATE);
	if (life == LIFE_NUMBERING)
		until_asked(f, 1);
}

static void
back(void *ctx)
{
	(void)ctx;
}

static void
lend(struct fix *f)
{
	placed(f);
	handover_free(f->handover);
	assert_int_equal(handover_new(&f->handover), 0);
	peers_pause(f->core.peers);
	scripted_peer_until(&f->h, is_paused, &f->core);
	peers_handover_begin(f->core.peers, f->handover);
	scripted_peer_settle(&f->h);
	assert_true(f->h.ended);
	fresh(f, 0x1234);
	peers_handover_abort(f->core.peers, back, NULL);
	f->h.quiet = true;
	scripted_peer_connect(&f->h, &f->core, f->path);
	until_asked(f, 1);
}

static void
again(struct fix *f, uint64_t instance)
{
	placed(f);
	fresh(f, instance);
	f->h.quiet = true;
	scripted_peer_connect(&f->h, &f->core, f->path);
	until_asked(f, 1);
}

/* Those in which the guest stands still. */
static void
come_to_a_stop(struct fix *f, enum life life)
{
	switch (life) {
	case LIFE_PAUSING:
		placed(f);
		f->h.obeys = false;
		peers_pause(f->core.peers);
		scripted_peer_until_said(&f->h, LINK_PAUSE);
		break;
	case LIFE_PAUSED:
		placed(f);
		peers_pause(f->core.peers);
		scripted_peer_until(&f->h, is_paused, &f->core);
		break;
	case LIFE_SAVING:
	case LIFE_HALF:
		placed(f);
		f->h.saves = false;
		pause_and_save(f);
		if (life == LIFE_HALF)
			scripted_peer_say(&f->h, 0, LINK_STATE, 0, 8, half,
					  sizeof(half));
		scripted_peer_settle(&f->h);
		break;
	case LIFE_SAVED:
		placed(f);
		pause_and_save(f);
		break;
	case LIFE_LOADING:
	case LIFE_NUMBERING:
		load(f, life);
		break;
	default: /* lent */
		lend(f);
		break;
	}
}

static void
come_so_far(struct fix *f, enum life life)
{
	const struct request read = core_request(
		SLOT_CONFIG, true, core_config_addr(0, DEVFN, 0), 4, 0);

	fresh(f, 0x1234);
	switch (life) {
	case LIFE_NEW:
		f->h.mute = true;
		scripted_peer_connect(&f->h, &f->core, f->path);
		scripted_peer_settle(&f->h);
		break;
	case LIFE_COMING:
		again(f, 0x4321);
		break;
	case LIFE_KEPT:
		again(f, 0x1234);
		break;
	case LIFE_BUSY:
		placed(f);
		f->h.quiet = true;
		core_begin(&f->core, 1, &read);
		until_asked(f, f->h.requests + 1);
		break;
	case LIFE_EJECTED:
		placed(f);
		bus_eject(f->core.env.root, SLOT);
		scripted_peer_settle(&f->h);
		break;
	case LIFE_RUNNING:
		placed(f);
		break;
	default:
		come_to_a_stop(f, life);
		break;
	}
	lines(f);
}

/* ---- all there is to say ------------------------------------------ */

struct word {
	const char *name;
	enum { MSG, BYTES } kind;
	uint8_t code, word, a;
	uint16_t b;
	const uint8_t *data;
	uint32_t len;
	unsigned handled; /* in these moments; in others it ends the link */
};

static const uint8_t clock_ns[8];
/* base, size */
static const uint8_t window[16] = { [4] = 0xf0, [14] = 0x10 };
static const uint8_t whole[16] = { [7] = 8, 's' };
static const uint8_t rest[16] = { [3] = 8, [7] = 16, 's' };
static const uint8_t none[8];
static const uint8_t text[4] = "text";

#define VENDOR(name_, word_, a_, b_, data_, len_, handled_)                    \
	{                                                                      \
		.name = (name_), .kind = MSG, .code = LINK_VENDOR_MSG,         \
		.word = (word_), .a = (a_), .b = (b_), .data = (data_),        \
		.len = (len_), .handled = (handled_)                           \
	}
#define INTX(name_, code_)                                                     \
	{                                                                      \
		.name = (name_), .kind = MSG, .code = (code_),                 \
		.handled = GREETED                                             \
	}
#define FRAME(name_, bytes_, handled_)                                         \
	{                                                                      \
		.name = (name_), .kind = BYTES, .data = (bytes_),              \
		.len = sizeof(bytes_), .handled = (handled_)                   \
	}

/* doc/wire.md, sections 1, 4, 7; "in these moments": 9.6 and 10 */
#define PAUSE_ASKED                                                            \
	(BIT(LIFE_PAUSING) | BIT(LIFE_PAUSED) | BIT(LIFE_SAVING) |             \
	 BIT(LIFE_HALF) | BIT(LIFE_SAVED))
#define STATE_ASKED BIT(LIFE_SAVING)

static const uint8_t credit[16] = { 2, 0, 0, 12, 0, 1, 0, 0,
				    0, 1, 0, 0,	 0, 1, 0, 0 };
static const uint8_t credit_back[16] = { 2, 0, 0, 12 };
static const uint8_t ping[12] = { 4, 0, 0, 8, 1 };
static const uint8_t pong[12] = { 5, 0, 0, 8, 1 };
static const uint8_t bye[6] = { 6, 0, 0, 2 };
static const uint8_t ring[4] = { 7 };
static const uint8_t odd[4] = { 9 };
/* headers of 3 DW, requester 00:00.0 */
static const uint8_t mem_read[16] = { 3, 0, 0, 12, 0x00, 0, 0, 1, 0, 0, 1, 15 };
static const uint8_t mem_write[20] = {
	3, 0, 0, 16, 0x40, 0, 0, 1, 0, 0, 0, 15
};
static const uint8_t msi[20] = { 3, 0, 0, 16, 0x40, 0,	  0,
				 1, 0, 0, 0,  15,   0xfe, 0xe0 };
static const uint8_t io_read[16] = { 3, 0, 0, 12, 0x02, 0, 0, 1, 0, 0, 2, 15 };
static const uint8_t io_write[20] = { 3, 0, 0, 16, 0x42, 0, 0, 1, 0, 0, 3, 15 };
static const uint8_t cfg_read[16] = { 3, 0, 0, 12, 0x04, 0, 0, 1, 0, 0, 4, 15 };
static const uint8_t cfg_write[20] = {
	3, 0, 0, 16, 0x44, 0, 0, 1, 0, 0, 5, 15
};
static const uint8_t cpl[16] = { 3, 0, 0, 12, 0x0a, 0, 0,   0,
				 0, 0, 0, 4,  0,    0, 0x3f };
static const uint8_t cpld[20] = { 3, 0, 0, 16, 0x4a, 0, 0,   1,
				  0, 0, 0, 4,  0,    0, 0x3f };

static const struct word words[] = {
	VENDOR("WINDOW", LINK_WINDOW, 3, 0, window, 16, GREETED),
	VENDOR("WINDOW gone", LINK_WINDOW, 2, 0, NULL, 0, 0),
	VENDOR("WINDOW of no BAR", LINK_WINDOW, 3, 200, window, 16, GREETED),
	VENDOR("WINDOW 256", LINK_WINDOW, 3, 256, window, 16, 0),
	VENDOR("WINDOW cut", LINK_WINDOW, 3, 0, window, 8, 0),
	VENDOR("LINE", LINK_LINE, 1, 5, NULL, 0, GREETED),
	VENDOR("LINE 16", LINK_LINE, 1, 16, NULL, 0, 0),
	VENDOR("PAUSED", LINK_PAUSED, 0, 0, clock_ns, 8, PAUSE_ASKED),
	VENDOR("PAUSED, no clock", LINK_PAUSED, 0, 0, NULL, 0, 0),
	VENDOR("LOADED 0", LINK_LOADED, 0, 0, NULL, 0, BIT(LIFE_LOADING)),
	VENDOR("LOADED 1", LINK_LOADED, 1, 0, NULL, 0, BIT(LIFE_LOADING)),
	VENDOR("LOADED 4", LINK_LOADED, 4, 0, NULL, 0, BIT(LIFE_LOADING)),
	VENDOR("LOADED 5", LINK_LOADED, 5, 0, NULL, 0, 0),
	VENDOR("LOADED 255", LINK_LOADED, 255, 0, NULL, 0, 0),
	VENDOR("LOADED with data", LINK_LOADED, 0, 0, none, 4, 0),
	VENDOR("LOG", LINK_LOG, 3, 4, text, 4, GREETED),
	VENDOR("LOG of level 4", LINK_LOG, 4, 4, text, 4, 0),
	VENDOR("STATE, all", LINK_STATE, 0, 8, whole, 16, STATE_ASKED),
	VENDOR("STATE, half", LINK_STATE, 0, 8, half, 16, STATE_ASKED),
	VENDOR("STATE, the rest", LINK_STATE, 0, 8, rest, 16, BIT(LIFE_HALF)),
	VENDOR("STATE, none", LINK_STATE, 0, 0, none, 8, STATE_ASKED),
	VENDOR("STATE cut", LINK_STATE, 0, 0, none, 4, 0),
	VENDOR("RUN", LINK_RUN, 0, 0, clock_ns, 8, 0),
	VENDOR("PAUSE", LINK_PAUSE, 0, 0, NULL, 0, 0),
	VENDOR("RESET", LINK_RESET, 0, 0, NULL, 0, 0),
	VENDOR("SAVE", LINK_SAVE, 0, 0, NULL, 0, 0),
	VENDOR("number 0", 0, 0, 0, NULL, 0, GREETED),
	VENDOR("number 06", 6, 0, 0, none, 8, GREETED),
	VENDOR("number 11", 0x11, 0, 0, none, 8, GREETED),
	VENDOR("number 80", 0x80, 0, 0, NULL, 0, GREETED),
	VENDOR("number 85", 0x85, 0, 0, NULL, 0, GREETED),
	VENDOR("number ff", 0xff, 0xff, 0xffff, NULL, 0, GREETED),
	INTX("assert INTA", 0x20),
	INTX("assert INTD", 0x23),
	INTX("deassert INTA", 0x24),
	INTX("deassert INTD", 0x27),
	INTX("a code nobody knows", 0x50),
	FRAME("CREDIT", credit, GREETED),
	FRAME("CREDIT that goes back", credit_back, 0),
	FRAME("PING", ping, GREETED),
	FRAME("PONG", pong, 0),
	FRAME("BYE", bye, 0),
	FRAME("RING", ring, 0),
	FRAME("type 9", odd, 0),
	FRAME("MRd", mem_read, GREETED),
	FRAME("MWr", mem_write, GREETED),
	FRAME("MSI", msi, GREETED),
	FRAME("IORd", io_read, GREETED),
	FRAME("IOWr", io_write, GREETED),
	FRAME("CfgRd", cfg_read, GREETED),
	FRAME("CfgWr", cfg_write, GREETED),
	FRAME("Cpl", cpl, GREETED),
	FRAME("CplD", cpld, GREETED),
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static void
say_raw(struct fix *f, const struct word *w)
{
	uint8_t frame[HANDOVER_FRAME];
	size_t n;

	if (w->data == ping && !f->h.mute) {
		scripted_peer_ping(&f->h); /* who knows what the answer is */
		return;
	}
	if (w->kind == BYTES) {
		scripted_peer_bytes(&f->h, w->data, w->len);
		return;
	}
	n = scripted_peer_frame(frame, w->code, w->word, w->a, w->b, w->data,
				w->len);
	scripted_peer_bytes(&f->h, frame, n);
}

/* Whatever became of this one, the next is taken, and the guest has answers. */
static void
the_next_is_taken(struct fix *f)
{
	uint64_t data;

	fresh(f, 0x5678);
	peers_run(f->core.peers);
	peers_forget(f->core.peers);
	scripted_peer_connect(&f->h, &f->core, f->path);
	scripted_peer_until(&f->h, is_there, &f->core);
	scripted_peer_until_said(&f->h, LINK_RUN);
	assert_int_equal(scripted_peer_config_read(&f->h, DEVFN, 0),
			 HANDOVER_ID);
	(void)fake_xen_answer(f->core.xen, 1, &data);
	assert_null(peers_waiting(f->core.peers));
	assert_int_equal(core_port_read(&f->core, 0xe9) & 0xff, 0xff);
}

static unsigned wrong;

static void
say_in(struct fix *f, enum life life, const struct word *w)
{
	bool handled = w->handled & BIT(life), alive;
	unsigned n;

	come_so_far(f, life);
	say_raw(f, w);
	if (life == LIFE_NEW) {
		scripted_peer_settle(&f->h);
		alive = !f->h.ended;
	} else {
		alive = scripted_peer_alive(&f->h);
	}
	n = lines(f);
	if (alive != handled || n > 1) {
		fprintf(stderr, "%s while %s: %s, %u lines\n", w->name,
			life_name[life], alive ? "handled" : "closed", n);
		wrong++;
	}
	the_next_is_taken(f);
}

static void
every_word_at_every_moment_is_handled_or_ends_the_link(void **state)
{
	unsigned life, i;
	struct fix f;

	(void)state;
	for (life = 0; life < LIVES; life++) {
		fix_open(&f, LONG_MS);
		for (i = 0; i < N_WORDS; i++)
			say_in(&f, life, &words[i]);
		fix_close(&f);
	}
	assert_int_equal(wrong, 0);
}

/* ---- killed, and stopped ------------------------------------------ */

#define OF_ITS_STATE                                                           \
	(BIT(LIFE_SAVING) | BIT(LIFE_HALF) | BIT(LIFE_SAVED) |                 \
	 BIT(LIFE_LOADING) | BIT(LIFE_NUMBERING))

/* That it was lost is said already: it is not ready since. */
#define LOST_BEFORE                                                            \
	(BIT(LIFE_COMING) | BIT(LIFE_KEPT) | BIT(LIFE_LOADING) |               \
	 BIT(LIFE_NUMBERING))

/* What is asked of a peer has an end when its link has. */
static void
nothing_waits(struct fix *f, enum life life)
{
	bool asked = BIT(life) & OF_ITS_STATE;
	char why[256] = "";

	assert_null(peers_waiting(f->core.peers));
	assert_int_equal(peers_state(f->core.peers, why, sizeof(why)),
			 asked ? -EIO : 0);
	assert_true(!asked || strstr(why, f->id));
	assert_int_equal(core_config_read(&f->core, 0, DEVFN, 0), ONES);
	if (life == LIFE_BUSY)
		assert_int_equal((uint32_t)core_finish(&f->core, 1), ONES);
}

static void
killed_at_any_moment_it_leaves_nothing_waiting(void **state)
{
	unsigned life;
	struct fix f;

	(void)state;
	for (life = 0; life < LIVES; life++) {
		fix_open(&f, LONG_MS);
		come_so_far(&f, life);
		scripted_peer_kill(&f.h);
		core_until(&f.core, is_gone, &f.core);
		scripted_peer_settle(&f.h);
		print_message("killed while %s\n", life_name[life]);
		assert_int_equal(lines(&f), !(BIT(life) & LOST_BEFORE));
		nothing_waits(&f, life);
		assert_int_equal(lines(&f), 0);
		the_next_is_taken(&f);
		fix_close(&f);
	}
}

/* Nothing is asked of it that the time-out of a request would end: who waits
 * for it has a limit of his own. */
#define NOT_ASKED (BIT(LIFE_NEW) | BIT(LIFE_EJECTED) | BIT(LIFE_LOADING))

static void
stopped_at_any_moment_it_is_given_up_in_time(void **state)
{
	unsigned life;
	struct fix f;

	(void)state;
	for (life = 0; life < LIVES; life++) {
		fix_open(&f, SHORT_MS);
		come_so_far(&f, life);
		print_message("stopped while %s\n", life_name[life]);
		/* from here on it is not turned: it does nothing */
		assert_int_equal(core_config_read(&f.core, 0, DEVFN, 0), ONES);
		if (!(BIT(life) & NOT_ASKED)) {
			core_until(&f.core, is_gone, &f.core);
			nothing_waits(&f, life);
			assert_int_equal(lines(&f), !(BIT(life) & LOST_BEFORE));
		}
		the_next_is_taken(&f);
		fix_close(&f);
	}
}

/* Section 8: after RESET and replay comes RUN or PAUSE. */
static void
one_that_comes_to_a_stopped_guest_is_told_to_pause(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f, LONG_MS);
	peers_pause(f.core.peers);
	scripted_peer_connect(&f.h, &f.core, f.path);
	scripted_peer_until_said(&f.h, LINK_PAUSE);
	assert_int_equal(f.h.seen[LINK_RESET], 1);
	scripted_peer_until(&f.h, is_paused, &f.core);
	peers_run(f.core.peers);
	scripted_peer_until_said(&f.h, LINK_RUN);
	assert_int_equal(f.h.seen[LINK_RUN], 1);
	fix_close(&f);
}

/* Section 8: one that crossed a RUN answers no later PAUSE. */
static void
only_the_last_pause_is_answered_by_its_number(void **state)
{
	static const uint8_t ns[8];
	struct fix f;

	(void)state;
	fix_open(&f, LONG_MS);
	placed(&f);
	f.h.obeys = false;
	peers_pause(f.core.peers);
	scripted_peer_until_said(&f.h, LINK_PAUSE);
	peers_run(f.core.peers);
	peers_pause(f.core.peers);
	scripted_peer_settle(&f.h);
	assert_int_equal(f.h.seen[LINK_PAUSE], 2);
	assert_int_not_equal(f.h.b, 0);
	scripted_peer_say(&f.h, 0, LINK_PAUSED, 0, (uint16_t)(f.h.b - 1), ns,
			  sizeof(ns));
	assert_true(scripted_peer_alive(&f.h));
	assert_non_null(peers_waiting(f.core.peers));
	scripted_peer_say(&f.h, 0, LINK_PAUSED, 0, f.h.b, ns, sizeof(ns));
	assert_true(scripted_peer_alive(&f.h));
	assert_null(peers_waiting(f.core.peers));
	fix_close(&f);
}

/* ---- the whole of saving ------------------------------------------- */

static void
told_of_save(void *ctx, int err, const char *why)
{
	struct side *side = ctx;

	side->told = true;
	side->rc = err;
	snprintf(side->why, sizeof(side->why), "%s", why);
}

static bool
save_is_told(void *ctx)
{
	return ((struct side *)ctx)->told;
}

/* Two peers: all of the first one's state is here, the other's is not. */
static void
saving_fails_by_the_name_of_one_that_went_after_its_state_came(void **state)
{
	struct scripted_peer a, b;
	char dir[] = "/tmp/ioemu-life-XXXXXX", path[2][64], spec[192];
	struct side side;
	unsigned i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	side_open(&side, plugin_dir);
	for (i = 0; i < 2; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%u", dir, i);
		snprintf(spec, sizeof(spec),
			 "peer,id=%s,slot=%u,listen=unix:%s",
			 i ? "second" : "first", 3 + i, path[i]);
		side_add(&side, spec);
	}
	side_start(&side, false);
	scripted_peer_init(&a);
	scripted_peer_init(&b);
	b.hello.instance = 0x9876;
	b.saves = false;
	scripted_peer_connect(&a, &side.core, path[0]);
	scripted_peer_connect(&b, &side.core, path[1]);
	scripted_peer_until_said(&a, LINK_RUN);
	scripted_peer_until_said(&b, LINK_RUN);
	pause_stop(side.pause, told_of_save, &side);
	scripted_peer_until_said(&a, LINK_PAUSE);
	scripted_peer_settle(&a);
	scripted_peer_until(&b, save_is_told, &side);
	assert_int_equal(side.rc, 0);
	side.told = false;
	save_write(side.save, side_file("", 0), false, told_of_save, &side);
	scripted_peer_until_said(&a, LINK_SAVE);
	scripted_peer_settle(&a);
	scripted_peer_kill(&a);
	scripted_peer_until_said(&b, LINK_SAVE);
	scripted_peer_settle(&b);
	link_say_state(b.link, 0, "state", 5);
	scripted_peer_until(&b, save_is_told, &side);
	assert_int_equal(side.rc, -EIO);
	assert_non_null(strstr(side.why, "'first'"));
	scripted_peer_kill(&b);
	side_close(&side);
	for (i = 0; i < 2; i++)
		unlink(path[i]);
	assert_int_equal(rmdir(dir), 0);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_word_at_every_moment_is_handled_or_ends_the_link),
		cmocka_unit_test(
			killed_at_any_moment_it_leaves_nothing_waiting),
		cmocka_unit_test(stopped_at_any_moment_it_is_given_up_in_time),
		cmocka_unit_test(
			one_that_comes_to_a_stopped_guest_is_told_to_pause),
		cmocka_unit_test(only_the_last_pause_is_answered_by_its_number),
		cmocka_unit_test(
			saving_fails_by_the_name_of_one_that_went_after_its_state_came),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
