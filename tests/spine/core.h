/* SPDX-License-Identifier: MIT */
/*
 * core.h - the whole core less its two ends, around a scripted Xen: what main.c
 * and machine.c put together, with a guest to act as. A failure to make it is
 * the test's failure.
 */
#ifndef CORE_H
#define CORE_H

#include "local.h"
#include "spine/fake_xen.h"

struct core {
	uv_loop_t loop;
	struct host_plugins *plugins;
	struct xen *xen;
	struct conf conf;
	struct local_env env;
	struct dispatch *d;
	struct local *local;
};

void core_open(struct core *core, const char *plugin_dir);
/* Asserts that nothing stays claimed, no line up, no handle open. */
void core_close(struct core *core);

/* devfn < 0: the first free slot; bus NULL: the root bus. */
void core_add(struct core *core, const char *type, const char *id,
	      const char *bus, int devfn);

/* vCPU 0 asks; false: no answer yet. */
bool core_ask(struct core *core, const struct request *req, uint64_t *data);

/* What a guest's access gives, all ones (from Xen) where nobody claims. The
 * loop runs until there is an answer. */
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
