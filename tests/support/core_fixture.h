/* SPDX-License-Identifier: MIT */
/*
 * core.h - the whole core less its two ends, around a scripted Xen: what main.c
 * and machine.c put together, with a guest to act as. A failure to make it is
 * the test's failure.
 */
#ifndef CORE_H
#define CORE_H

#include "fake_xen.h"
#include "helper/spawn.h"
#include "limit.h"
#include "peer/peer.h"

struct core {
	uv_loop_t loop;
	struct host_plugins *plugins;
	struct xen *xen;
	struct conf conf;
	struct local_env env;
	struct dispatch *d;
	struct local *local;
	struct peers *peers;
	struct spawn *spawn;
};

void core_open(struct core *core, const char *plugin_dir);
/* As --poll-us and --no-merge say; else: asleep at once, and merging. */
void core_open_with(struct core *core, const char *plugin_dir, unsigned poll_us,
		    bool merge);
/* Asserts that nothing stays claimed, no line up, no handle open. */
void core_close(struct core *core);

/* A device or peer as on the command line: "TYPE,key=value,...". */
void core_add_spec(struct core *core, const char *spec);

/* Run the loop until it is so; not within TEST_LIMIT_S fails the test. */
void core_until(struct core *core, bool (*is)(void *ctx), void *ctx);

/* One element; data: what is written. */
struct request core_request(uint8_t type, bool read, uint64_t addr,
			    uint32_t size, uint64_t data);
uint64_t core_config_addr(unsigned bus, unsigned devfn, unsigned reg);

/* A vCPU asks, one of a batch that dispatch_flush() ends. */
void core_ring(struct core *core, unsigned vcpu, const struct request *req);
/* A batch of one; fake_xen_answer() tells when there is an answer. */
void core_begin(struct core *core, unsigned vcpu, const struct request *req);
/* The loop runs until there is one. */
uint64_t core_finish(struct core *core, unsigned vcpu);
/* vCPU 0 asks; false: no answer yet. */
bool core_ask(struct core *core, const struct request *req, uint64_t *data);

/* What a guest's access gives, all ones (from Xen) where nobody claims. The
 * loop runs until there is an answer. */
uint64_t core_access_by(struct core *core, unsigned vcpu,
			const struct request *req);
/* As are these, by vCPU 0. */
uint64_t core_access(struct core *core, const struct request *req);
uint32_t core_config_read(struct core *core, unsigned bus, unsigned devfn,
			  unsigned reg);
void core_config_write(struct core *core, unsigned bus, unsigned devfn,
		       unsigned reg, uint32_t v);
uint32_t core_mem_read(struct core *core, uint64_t addr);
void core_mem_write(struct core *core, uint64_t addr, uint32_t v);
uint32_t core_port_read(struct core *core, uint16_t port);
void core_port_write(struct core *core, uint16_t port, uint32_t v);

#endif
