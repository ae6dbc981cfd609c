/* SPDX-License-Identifier: MIT */
/*
 * Two whole links in one loop, over a socket, that change to rings in shared
 * memory, or do not; and a root that passes descriptors where it must not.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/linkfd.h"
#include "loop/linkring.h"
#include "loop/loop.h"
#include "support/limit.h"

#define OPS 20000u

struct end {
	struct link *link;
	struct linksock *sock;
	unsigned requests;
	bool down;
	char why[128];
};

struct links {
	uv_loop_t loop;
	struct spin *spin;
	struct end root, peer;
	struct link_op op[16];
	uint8_t data[16][64];
	unsigned asked, done;
};

static void
on_up(struct link *link, const struct link_hello *hello)
{
	(void)link;
	(void)hello;
}

static void
on_request(struct link *link, struct link_in *in)
{
	struct end *e = link_user(link);

	e->requests++;
	if (!in->write)
		memset(in->data, (int)(in->base >> 12 & 0xff), 64);
	link_answer(in, 0);
}

static void
on_message(struct link *link, const struct link_msg *msg)
{
	(void)link;
	(void)msg;
}

static void
on_down(struct link *link, const char *why)
{
	struct end *e = link_user(link);

	e->down = true;
	strncpy(e->why, why, sizeof(e->why) - 1);
	if (e->sock)
		linksock_close(e->sock);
	e->sock = NULL;
}

static void
on_wake(struct link *link)
{
	struct end *e = link_user(link);

	if (e->sock)
		linksock_kick(e->sock);
}

static uint64_t
on_now(struct link *link)
{
	(void)link;
	return uv_hrtime();
}

static const struct link_ops ops = {
	.up = on_up,
	.request = on_request,
	.message = on_message,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

static void
end_link(struct end *e, enum link_role role, uint32_t caps)
{
	const struct link_config config = {
		.hello = {
			.role = role,
			.kind = role == LINK_PEER ? LINK_KIND_PCI : 0,
			.functions = role == LINK_PEER,
			.max_payload = 4096,
			.max_read = 4096,
			.np_credits = 8,
			.p_credits = 8,
			.p_data = 2048,
			.rcb = 64,
			.instance = 1,
			.caps = caps,
		},
		.tags = 16,
		.timeout_ns = TEST_LIMIT_NS,
		.ops = &ops,
		.user = e,
	};

	assert_int_equal(link_new(&config, &e->link), 0);
}

static void
end_open(struct links *l, struct end *e, enum link_role role, int fd,
	 uint32_t caps)
{
	end_link(e, role, caps);
	assert_int_equal(linksock_new(&l->loop, fd, e->link, l->spin, &e->sock),
			 0);
}

static void
links_open(struct links *l, unsigned poll_us, uint32_t root, uint32_t peer)
{
	int fd[2];

	*l = (struct links){ .asked = 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(uv_loop_init(&l->loop), 0);
	assert_int_equal(spin_new(&l->loop, poll_us, &l->spin), 0);
	end_open(l, &l->root, LINK_ROOT, fd[0], root);
	end_open(l, &l->peer, LINK_PEER, fd[1], peer);
}

static void
links_close(struct links *l)
{
	if (l->root.sock)
		linksock_close(l->root.sock);
	if (l->peer.sock)
		linksock_close(l->peer.sock);
	spin_free(l->spin);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&l->loop), 0);
}

static struct links *whose; /* struct link_op has no user */

static void
on_done(struct link_op *op)
{
	struct links *l = whose;
	unsigned i = (unsigned)(op - l->op);

	assert_int_equal(op->status, 0);
	if (op->kind == LINK_READ)
		assert_int_equal(l->data[i][63], op->addr >> 12 & 0xff);
	l->done++;
	if (l->asked == OPS)
		return;
	*op = (struct link_op){
		.kind = l->asked % 3 ? LINK_READ : LINK_FENCE,
		.addr = (uint64_t)l->asked++ << 12,
		.len = 64,
		.data = l->data[i],
		.done = on_done,
	};
	link_submit(l->root.link, op);
}

static void
links_work(struct links *l)
{
	unsigned i;

	while (!link_is_up(l->root.link) || !link_is_up(l->peer.link))
		uv_run(&l->loop, UV_RUN_ONCE);
	whose = l;
	for (i = 0; i < 16; i++) {
		l->op[i].kind = LINK_WRITE;
		l->op[i].done = on_done;
		on_done(&l->op[i]);
	}
	while (l->done < OPS + 16)
		uv_run(&l->loop, UV_RUN_ONCE);
}

static void
links_change_to_rings_in_the_midst_of_work(void **state)
{
	unsigned poll_us;

	(void)state;
	for (poll_us = 0; poll_us <= 20; poll_us += 20) {
		struct links l;

		links_open(&l, poll_us, LINK_CAP_RING, LINK_CAP_RING);
		links_work(&l);
		assert_int_equal(link_way_out(l.root.link), LINK_RING);
		assert_int_equal(link_way_in(l.root.link), LINK_RING);
		assert_int_equal(link_way_out(l.peer.link), LINK_RING);
		assert_int_equal(link_way_in(l.peer.link), LINK_RING);
		links_close(&l);
	}
}

static void
both_have_to_want_it(void **state)
{
	uint32_t caps;

	(void)state;
	for (caps = 0; caps <= LINK_CAP_RING; caps += LINK_CAP_RING) {
		struct links l;

		links_open(&l, 0, caps, caps ^ LINK_CAP_RING);
		links_work(&l);
		assert_int_equal(link_way_out(l.root.link), LINK_SOCKET);
		assert_int_equal(link_way_in(l.root.link), LINK_SOCKET);
		links_close(&l);
	}
}

static unsigned
open_fds(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void
the_last_words_come_through_the_ring(void **state)
{
	unsigned before = open_fds();
	struct links l;

	(void)state;
	links_open(&l, 20, LINK_CAP_RING, LINK_CAP_RING);
	links_work(&l);
	link_close(l.peer.link, LINK_FAILURE, "tired");
	while (!l.root.down)
		uv_run(&l.loop, UV_RUN_ONCE);
	assert_string_equal(l.root.why, "the other end said goodbye: tired");
	links_close(&l);
	assert_int_equal(open_fds(), before);
}

/* ---- a root by hand ------------------------------------------------- */

/* PING: type 4, flags 0, length 8, a cookie. */
static const uint8_t ping[12] = { 4, 0, 0, 8 };

struct handover {
	struct links l; /* its root has no linksock */
	int sock, memory;
	struct linkring *ring;
	struct link_ring layout;
};

/* All that the root has to say, with `fd` on its first byte, or none: -1. */
static void
handover_say(struct handover *h, int fd)
{
	const uint8_t *p;
	size_t n;

	while ((n = link_output(h->l.root.link, &p))) {
		ssize_t rc = fd < 0 ? send(h->sock, p, n, 0)
				    : linkfd_send(h->sock, p, n, fd);

		assert_true(rc > 0);
		link_sent(h->l.root.link, (size_t)rc);
		fd = -1;
	}
}

static void
handover_turn(struct handover *h)
{
	size_t room;
	uint8_t *p = link_input(h->l.root.link, &room);
	ssize_t n;

	uv_run(&h->l.loop, UV_RUN_NOWAIT);
	n = recv(h->sock, p, room, MSG_DONTWAIT);
	if (n > 0)
		link_received(h->l.root.link, (size_t)n);
}

static void
handover_open(struct handover *h, uint32_t caps)
{
	int fd[2];

	*h = (struct handover){ .memory = -1 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(uv_loop_init(&h->l.loop), 0);
	h->sock = fd[0];
	end_link(&h->l.root, LINK_ROOT, caps);
	end_open(&h->l, &h->l.peer, LINK_PEER, fd[1], caps);
	assert_int_equal(linkring_new(&h->ring, &h->layout, &h->memory), 0);
}

static void
handover_up(struct handover *h)
{
	handover_say(h, -1);
	while (!link_is_up(h->l.root.link) || !link_is_up(h->l.peer.link))
		handover_turn(h);
	handover_say(h, -1);
}

static void
handover_close(struct handover *h)
{
	close(h->memory);
	close(h->sock);
	linkring_free(h->ring);
	link_free(h->l.root.link);
	links_close(&h->l);
}

/* Until the peer refused it or has changed to rings. */
static void
handover_refused(struct handover *h, const char *why)
{
	while (!h->l.peer.down && link_way_out(h->l.peer.link) != LINK_RING)
		handover_turn(h);
	assert_true(h->l.peer.down);
	assert_string_equal(h->l.peer.why, why);
	handover_close(h);
}

static void
ring_does_not_take_the_descriptor_of_a_frame_before_it(void **state)
{
	unsigned before = open_fds();
	struct handover h;

	(void)state;
	handover_open(&h, LINK_CAP_RING);
	handover_up(&h);
	assert_int_equal(linkfd_send(h.sock, ping, 12, h.memory), 12);
	link_ring_say(h.l.root.link, &h.layout);
	handover_say(&h, -1);
	handover_refused(&h, "a descriptor without RING");
	assert_int_equal(open_fds(), before);
}

static void
ring_does_not_take_the_descriptor_of_hello(void **state)
{
	unsigned before = open_fds();
	struct handover h;

	(void)state;
	handover_open(&h, LINK_CAP_RING);
	handover_say(&h, h.memory);
	handover_refused(&h, "a descriptor without RING");
	assert_int_equal(open_fds(), before);
}

static void
ring_has_its_descriptor_on_its_first_byte(void **state)
{
	unsigned before = open_fds(), first;
	const uint8_t *p;
	struct handover h;
	size_t n;

	(void)state;
	for (first = 1; first <= 36; first += 35) {
		handover_open(&h, LINK_CAP_RING);
		handover_up(&h);
		link_ring_say(h.l.root.link, &h.layout);
		n = link_output(h.l.root.link, &p);
		assert_int_equal(n, 36); /* header and 32 bytes of layout */
		assert_int_equal(send(h.sock, p, first, 0), first);
		handover_turn(&h);
		handover_refused(&h, "RING without a descriptor");
	}
	assert_int_equal(open_fds(), before);
}

static void
ring_may_come_in_pieces(void **state)
{
	const uint8_t *p;
	struct handover h;
	unsigned i;

	(void)state;
	handover_open(&h, LINK_CAP_RING);
	handover_up(&h);
	link_ring_say(h.l.root.link, &h.layout);
	assert_int_equal(link_output(h.l.root.link, &p), 36);
	assert_int_equal(linkfd_send(h.sock, p, 1, h.memory), 1);
	for (i = 1; i < 36; i++) {
		uv_run(&h.l.loop, UV_RUN_NOWAIT);
		assert_int_equal(send(h.sock, p + i, 1, 0), 1);
	}
	while (!h.l.peer.down && link_way_out(h.l.peer.link) != LINK_RING)
		uv_run(&h.l.loop, UV_RUN_ONCE);
	assert_false(h.l.peer.down);
	handover_close(&h);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_change_to_rings_in_the_midst_of_work),
		cmocka_unit_test(both_have_to_want_it),
		cmocka_unit_test(the_last_words_come_through_the_ring),
		cmocka_unit_test(
			ring_does_not_take_the_descriptor_of_a_frame_before_it),
		cmocka_unit_test(ring_does_not_take_the_descriptor_of_hello),
		cmocka_unit_test(ring_has_its_descriptor_on_its_first_byte),
		cmocka_unit_test(ring_may_come_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
