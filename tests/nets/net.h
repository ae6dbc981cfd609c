/* SPDX-License-Identifier: MIT */
/*
 * net.h - a guest that does anything, against any device: for tests that want
 * the same of every plugin. The plugins are found by folder; a type that plugs
 * into another is tried with it. What the guest does is a stream of steps that
 * a seed decides, and nothing that a device says: two runs of one seed take
 * the same steps, whatever is done to the devices between.
 */
#ifndef NET_H
#define NET_H

#include <bench/machine.h>

#include "support/limit.h"

#define NET_DEVICES 8u

/* A machine to try: a device, and those that plug into it. */
struct net_group {
	char name[128];
	char spec[NET_DEVICES][128];
	const char *devices[NET_DEVICES + 1];
};

/* Numbers from a seed. */
struct net_random {
	uint64_t state;
};

/* A guest on its way. */
struct net_guest {
	struct machine *m;
	struct net_random random;
	const char *phrase; /* of a driver, what is left of it; NULL: none */
};

uint64_t net_random(struct net_random *r);
uint32_t net_below(struct net_random *r, uint32_t below);
bool net_one_in(struct net_random *r, uint32_t n);

/* Devices made and placed as firmware does it, memory with what drivers leave
 * there. One at a time. */
void net_start(struct net_guest *g, struct host_plugins *plugins,
	       const struct net_group *group, uint64_t seed);
void net_end(struct net_guest *g);
/* A test failed, and left one as it was. */
void net_abandon(void);
/* One step; what the guest sees of it, as a number. */
uint64_t net_step(struct net_guest *g);
/* Until no request and no access is open: the moment to save. */
void net_settle(struct net_guest *g);
/* All that the devices changed: memory, disks, what they sent and said. */
uint64_t net_seen(const struct net_guest *g);

/*
 * What a test is at, for the line that tells of a failure: of a sanitizer, of
 * cmocka, or by its end in TEST_LIMIT_S.
 */
void net_at(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* argv: PLUGIN-FOLDER [COUNT [SEED [GROUP]]]; runs `test` for each group. */
int net_main(int argc, char **argv, unsigned count,
	     void (*test)(struct host_plugins *plugins,
			  const struct net_group *group, unsigned count,
			  uint64_t seed));

/* The phrases of drivers, by type; NULL: none are known. */
const char *const *net_phrases(const char *type);

#endif
