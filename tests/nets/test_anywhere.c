/* SPDX-License-Identifier: MIT */
/*
 * A guest may be saved between any two of its accesses, and cannot tell. Each
 * seed runs twice: in one run all devices are saved, freed, made anew and
 * loaded wherever the other only waits until nothing is in flight, as stopping
 * the guest does. What it reads, its lines, messages, memory, disks and what
 * devices sent must be the same.
 */
#include "net.h"

#define STEPS 200u

struct trace {
	uint64_t seen[STEPS], end;
};

static void
run(struct host_plugins *plugins, const struct net_group *group, uint64_t seed,
    bool move, struct trace *t)
{
	static const uint32_t often[] = { 1, 3, 10 };
	struct net_random when = { ~seed };
	struct net_guest g;
	uint32_t one_in;
	unsigned i;

	net_start(&g, plugins, group, seed);
	one_in = often[net_below(&when, 3)];
	for (i = 0; i < STEPS; i++) {
		net_at("%s: seed %llu, step %u%s", group->name,
		       (unsigned long long)seed, i, move ? ", moved" : "");
		if (net_one_in(&when, one_in)) {
			uint32_t random;

			net_settle(&g);
			random = g.m->random;
			if (move)
				machine_migrate(g.m);
			g.m->random = random; /* the same delays in both */
		}
		t->seen[i] = net_step(&g);
	}
	net_settle(&g);
	t->end = net_seen(&g);
	net_end(&g);
}

static void
test(struct host_plugins *plugins, const struct net_group *group,
     unsigned count, uint64_t seed)
{
	static struct trace run_of[2]; /* too much for a stack */
	struct trace *stayed = &run_of[0], *moved = &run_of[1];
	unsigned i, k;

	for (i = 0; i < count; i++) {
		run(plugins, group, seed + i, false, stayed);
		run(plugins, group, seed + i, true, moved);
		for (k = 0; k < STEPS; k++)
			if (stayed->seen[k] != moved->seen[k])
				fail_msg("%s: seed %llu: a guest that was "
					 "saved sees it at step %u",
					 group->name,
					 (unsigned long long)seed + i, k);
		if (stayed->end != moved->end)
			fail_msg("%s: seed %llu: memory, disks or output "
				 "differ",
				 group->name, (unsigned long long)seed + i);
	}
}

int
main(int argc, char **argv)
{
	return net_main(argc, argv, 8, test);
}
