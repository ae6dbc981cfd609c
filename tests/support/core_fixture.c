/* SPDX-License-Identifier: MIT */
/* The parts in the order of machine.c, and accesses as the guest makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_fixture.h"

#include "patient.h"

static void
core_power(void *ctx, enum ioemu_power what)
{
	((struct core *)ctx)->xen->power = (int)what;
}

static void
core_dispatch(struct core *core, bool merge)
{
	const struct dispatch_env env = {
		.xen = core->xen,
		.vcpus = FAKE_VCPUS,
		.routes = core->env.routes,
		.dma = core->env.dma,
		.spin = core->env.spin,
		.merge = merge,
	};

	assert_int_equal(dispatch_new(&env, &core->d), 0);
}

void
core_open(struct core *core, const char *plugin_dir)
{
	core_open_with(core, plugin_dir, 0, true);
}

void
core_open_with(struct core *core, const char *plugin_dir, unsigned poll_us,
	       bool merge)
{
	static const struct spawn_env none = { .tell = NULL };
	struct local_env *env = &core->env;
	struct bus_env bus;

	*core = (struct core){ .conf = { .incoming_fd = -1 } };
	core->xen = fake_xen_new();
	assert_int_equal(uv_loop_init(&core->loop), 0);
	assert_int_equal(host_plugins_new(&core->plugins), 0);
	assert_true(host_plugins_load_dir(core->plugins, plugin_dir, NULL,
					  NULL) > 0);
	assert_int_equal(spawn_new(&none, &core->spawn), 0);
	*env = (struct local_env){
		.loop = &core->loop,
		.xen = core->xen,
		.spawn = core->spawn,
		.conf = &core->conf,
		.power = core_power,
		.ctx = core,
	};
	assert_int_equal(route_new(&env->routes), 0);
	assert_int_equal(claims_new(core->xen, env->routes, &env->claims), 0);
	assert_int_equal(irq_new(core->xen, &env->irq), 0);
	bus = (struct bus_env){ env->routes, env->claims, env->irq };
	assert_int_equal(bus_new(&bus, &env->root), 0);
	assert_int_equal(dma_new(core->xen, &env->dma), 0);
	assert_int_equal(clock_new(&core->loop, &env->clock), 0);
	assert_int_equal(spin_new(&core->loop, poll_us, &env->spin), 0);
	core_dispatch(core, merge);
	assert_int_equal(local_new(env, &core->local), 0);
	assert_int_equal(peers_new(env, core->local, &core->peers), 0);
}

void
core_close(struct core *core)
{
	unsigned slot, pin;

	peers_free(core->peers);
	spawn_free(core->spawn);
	local_free(core->local);
	dispatch_free(core->d);
	clock_free(core->env.clock);
	spin_free(core->env.spin);
	uv_run(&core->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&core->loop), 0);
	dma_free(core->env.dma);
	bus_free(core->env.root);
	irq_free(core->env.irq);
	claims_free(core->env.claims);
	route_free(core->env.routes);
	assert_int_equal(core->xen->n_claimed, 0);
	for (slot = 0; slot < 32; slot++)
		for (pin = 0; pin < 4; pin++)
			assert_false(core->xen->intx[slot][pin]);
	fake_xen_free(core->xen);
	host_plugins_free(core->plugins);
	conf_free(&core->conf);
}

void
core_add_spec(struct core *core, const char *spec)
{
	struct conf_error err;
	const struct host_type *t;
	struct conf_device *dev;
	char words[1024];

	spec = patient(spec, words, sizeof(words));
	assert_int_equal(conf_one_device(&core->conf, spec, "test", &dev, &err),
			 0);
	dev->removable = false; /* as of the board */
	if (peers_type(dev->type)) {
		assert_int_equal(peers_add(core->peers, dev), 0);
		return;
	}
	t = host_plugins_find(core->plugins, dev->type);
	assert_non_null(t);
	assert_int_equal(local_add(core->local, t, dev), 0);
}

void
core_until(struct core *core, bool (*is)(void *ctx), void *ctx)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (!is(ctx)) {
		assert_true(uv_hrtime() < end);
		uv_run(&core->loop, UV_RUN_NOWAIT);
	}
}

struct request
core_request(uint8_t type, bool read, uint64_t addr, uint32_t size,
	     uint64_t data)
{
	return (struct request){
		.type = type,
		.read = read,
		.addr = addr,
		.size = size,
		.count = 1,
		.data = data,
	};
}

uint64_t
core_config_addr(unsigned bus, unsigned devfn, unsigned reg)
{
	return (uint64_t)(bus << 8 | devfn) << 32 | reg;
}

void
core_ring(struct core *core, unsigned vcpu, const struct request *req)
{
	fake_xen_ask(core->xen, vcpu, req);
	dispatch_event(core->d, (int)vcpu);
}

void
core_begin(struct core *core, unsigned vcpu, const struct request *req)
{
	core_ring(core, vcpu, req);
	dispatch_flush(core->d);
}

uint64_t
core_finish(struct core *core, unsigned vcpu)
{
	uint64_t data, end = uv_hrtime() + TEST_LIMIT_NS;

	while (!fake_xen_answer(core->xen, vcpu, &data)) {
		assert_true(uv_hrtime() < end);
		uv_run(&core->loop, UV_RUN_ONCE);
	}
	return data;
}

bool
core_ask(struct core *core, const struct request *req, uint64_t *data)
{
	core_begin(core, 0, req);
	return fake_xen_answer(core->xen, 0, data);
}

uint64_t
core_access_by(struct core *core, unsigned vcpu, const struct request *req)
{
	static const enum ioemu_space space[] = { IOEMU_PIO, IOEMU_MEM,
						  IOEMU_CONFIG };

	if (!fake_xen_claims(core->xen, space[req->type], req->addr))
		return UINT64_MAX;
	core_begin(core, vcpu, req);
	return core_finish(core, vcpu);
}

uint64_t
core_access(struct core *core, const struct request *req)
{
	return core_access_by(core, 0, req);
}

static uint64_t
core_plain(struct core *core, uint8_t type, uint64_t addr, const uint32_t *v)
{
	const struct request req = core_request(type, !v, addr, 4, v ? *v : 0);

	return core_access(core, &req);
}

uint32_t
core_config_read(struct core *core, unsigned bus, unsigned devfn, unsigned reg)
{
	return (uint32_t)core_plain(core, SLOT_CONFIG,
				    core_config_addr(bus, devfn, reg), NULL);
}

void
core_config_write(struct core *core, unsigned bus, unsigned devfn, unsigned reg,
		  uint32_t v)
{
	core_plain(core, SLOT_CONFIG, core_config_addr(bus, devfn, reg), &v);
}

uint32_t
core_mem_read(struct core *core, uint64_t addr)
{
	return (uint32_t)core_plain(core, SLOT_COPY, addr, NULL);
}

void
core_mem_write(struct core *core, uint64_t addr, uint32_t v)
{
	core_plain(core, SLOT_COPY, addr, &v);
}

uint32_t
core_port_read(struct core *core, uint16_t port)
{
	return (uint32_t)core_plain(core, SLOT_PIO, port, NULL);
}

void
core_port_write(struct core *core, uint16_t port, uint32_t v)
{
	core_plain(core, SLOT_PIO, port, &v);
}
