/* SPDX-License-Identifier: MIT */
/*
 * Two rings of bytes in shared memory, one for each direction, each with one
 * producer and one consumer.
 *
 * The other end can write anywhere in this memory at any time. So our indices
 * are kept here and only published there; its indices are read once and
 * checked; bytes are copied out before anybody looks at them.
 *
 * No wake-up is lost: who goes to sleep writes `sleep`, then a full fence,
 * then looks at the other's index; who moves bytes writes its index, then a
 * full fence, then looks at `sleep`. Whichever fence is the later one, the
 * side behind it sees what the other wrote before its own.
 */
#include "linkring.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define PAGE LINKRING_PAGE
#define ROOT_BLOCK 0u
#define PEER_BLOCK 256u
#define RING_SIZE LINKRING_SIZE

/* Bits of `sleep`, and of what was moved. */
#define FOR_BYTES 1u
#define FOR_ROOM 2u

/* What one end says: each word in a cache line of its own. */
struct block {
	_Alignas(64) _Atomic uint32_t head; /* bytes it has put */
	_Alignas(64) _Atomic uint32_t tail; /* bytes it has taken */
	_Alignas(64) _Atomic uint32_t sleep;
};

struct linkring {
	uint8_t *map;
	size_t total;
	struct block *ours, *theirs;

	const uint8_t *in;
	uint32_t in_size, tail;
	bool listens;

	uint8_t *out;
	uint32_t out_size, head;
	uint32_t seen_tail; /* of the other end, last time we looked */
	bool blocked;	    /* the last put found too little room */

	bool asleep;
	unsigned moved; /* since the last look at its `sleep` */
};

/* ---- bytes -------------------------------------------------------- */

ssize_t
linkring_get(struct linkring *r, uint8_t *to, size_t most)
{
	uint32_t mask = r->in_size - 1, n, first;

	if (!r->listens)
		return 0;
	n = atomic_load_explicit(&r->theirs->head, memory_order_acquire) -
	    r->tail;
	if (n > r->in_size)
		return -EPROTO;
	n = n < most ? n : (uint32_t)most;
	if (!n)
		return 0;
	first = r->in_size - (r->tail & mask);
	first = n < first ? n : first;
	memcpy(to, r->in + (r->tail & mask), first);
	memcpy(to + first, r->in, n - first);
	r->tail += n;
	atomic_store_explicit(&r->ours->tail, r->tail, memory_order_release);
	r->moved |= FOR_ROOM;
	return (ssize_t)n;
}

ssize_t
linkring_put(struct linkring *r, const uint8_t *from, size_t want)
{
	uint32_t mask = r->out_size - 1, n, first;

	if (r->out_size - (r->head - r->seen_tail) < want) {
		uint32_t tail = atomic_load_explicit(&r->theirs->tail,
						     memory_order_acquire);

		if (r->head - tail > r->out_size)
			return -EPROTO;
		r->seen_tail = tail; /* no other value is ever kept */
	}
	n = r->out_size - (r->head - r->seen_tail);
	r->blocked = n < want;
	n = n < want ? n : (uint32_t)want;
	if (!n)
		return 0;
	first = r->out_size - (r->head & mask);
	first = n < first ? n : first;
	memcpy(r->out + (r->head & mask), from, first);
	memcpy(r->out, from + first, n - first);
	r->head += n;
	atomic_store_explicit(&r->ours->head, r->head, memory_order_release);
	r->moved |= FOR_BYTES;
	return (ssize_t)n;
}

/* ---- sleep -------------------------------------------------------- */

bool
linkring_news(const struct linkring *r)
{
	if (r->listens && atomic_load_explicit(&r->theirs->head,
					       memory_order_relaxed) != r->tail)
		return true;
	return r->blocked &&
	       atomic_load_explicit(&r->theirs->tail, memory_order_relaxed) !=
		       r->seen_tail;
}

bool
linkring_sleep(struct linkring *r)
{
	atomic_store_explicit(&r->ours->sleep,
			      FOR_BYTES | (r->blocked ? FOR_ROOM : 0),
			      memory_order_relaxed);
	r->asleep = true;
	atomic_thread_fence(memory_order_seq_cst);
	if (!linkring_news(r))
		return true;
	linkring_wake(r);
	return false;
}

void
linkring_wake(struct linkring *r)
{
	if (!r->asleep)
		return;
	r->asleep = false;
	atomic_store_explicit(&r->ours->sleep, 0, memory_order_relaxed);
}

bool
linkring_bell(struct linkring *r)
{
	unsigned wanted;

	if (!r->moved)
		return false;
	atomic_thread_fence(memory_order_seq_cst);
	wanted = atomic_load_explicit(&r->theirs->sleep, memory_order_relaxed) &
		 r->moved;
	r->moved = 0;
	if (wanted) /* once is enough: the doorbell stays until it is seen */
		atomic_store_explicit(&r->theirs->sleep, 0,
				      memory_order_relaxed);
	return wanted;
}

void
linkring_listen(struct linkring *r)
{
	r->listens = true;
}

/* ---- memory ------------------------------------------------------- */

/* `role`: which end is ours. */
static int
ring_map(const struct link_ring *l, enum link_role role, int fd,
	 struct linkring **out)
{
	struct linkring *r = calloc(1, sizeof(*r));
	bool root = role == LINK_ROOT;
	uint8_t *map;

	if (!r)
		return -ENOMEM;
	map = mmap(NULL, l->total, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		int rc = -errno;

		free(r);
		return rc;
	}
	r->map = map;
	r->total = l->total;
	r->ours = (void *)(map + (root ? l->root.block : l->peer.block));
	r->theirs = (void *)(map + (root ? l->peer.block : l->root.block));
	r->in = map + (root ? l->peer.ring : l->root.ring);
	r->in_size = root ? l->peer.size : l->root.size;
	r->out = map + (root ? l->root.ring : l->peer.ring);
	r->out_size = root ? l->root.size : l->peer.size;
	*out = r;
	return 0;
}

int
linkring_new(struct linkring **out, struct link_ring *layout, int *out_fd)
{
	int fd = memfd_create("ioemu-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc = -EIO;

	if (fd < 0)
		return -errno;
	*layout = (struct link_ring){
		.total = LINKRING_TOTAL,
		.root = { ROOT_BLOCK, PAGE, RING_SIZE },
		.peer = { PEER_BLOCK, PAGE + RING_SIZE, RING_SIZE },
	};
	if (ftruncate(fd, layout->total) || fcntl(fd, F_ADD_SEALS, SEALS))
		rc = -errno;
	else
		rc = ring_map(layout, LINK_ROOT, fd, out);
	if (rc)
		close(fd);
	else
		*out_fd = fd;
	return rc;
}

int
linkring_open(const struct link_ring *layout, int fd, struct linkring **out)
{
	int seals = fcntl(fd, F_GET_SEALS), rc;

	/* unsealed, it could shrink under us: SIGBUS */
	if (seals < 0 || (seals & SEALS) != SEALS ||
	    lseek(fd, 0, SEEK_END) < (off_t)layout->total)
		return -EPROTO;
	rc = ring_map(layout, LINK_PEER, fd, out);
	if (!rc)
		linkring_listen(*out);
	return rc;
}

void
linkring_free(struct linkring *r)
{
	if (!r)
		return;
	munmap(r->map, r->total);
	free(r);
}
