/* SPDX-License-Identifier: MIT */
/*
 * A peer's life: waited for, connected, put where the guest finds it, lost,
 * waited for again.
 */
#include "peer/priv.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define RETRY_MS 200u
#define MAX_PAYLOAD 4096u
#define RCB 64u
#define NP_CREDITS 64u /* DMA reads of the peer at a time */
#define P_CREDITS 128u /* its posted requests ... */
#define P_DATA 32768u  /* ... and their data, units of 16 bytes */
#define KEEPALIVE_MS 10000u
#define NS_PER_MS 1000000ull

/* ---- on the bus --------------------------------------------------- */

void
peer_bus_reset(struct bus_dev *place)
{
	struct peer_function *fn = (struct peer_function *)place;
	struct peer *peer = fn->peer;

	peer_cfg_forget(fn);
	/* one message resets all functions */
	if (peer->link && fn == &peer->fn[0])
		link_say_reset(peer->link, IOEMU_RESET_BUS);
}

/* A device has one slot, and eight functions in it (PCI Local Bus
 * Specification 3.0, 3.2.2.3). */
bool
peer_fits(int devfn, unsigned functions)
{
	return devfn < 0 ||
	       !(functions >> (PEER_FUNCTIONS - (unsigned)devfn % 8));
}

void
peer_place(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++) {
		struct peer_function *fn = &peer->fn[i];

		if (!fn->exists || fn->place.bus)
			continue;
		if (bus_place(peer->bus, &fn->place,
			      peer->devfn < 0 ? -1 : peer->devfn + (int)i))
			log_guest(peer->id, IOEMU_WARN,
				  "its place on the bus is taken");
		else if (peer->devfn < 0) /* and it stays there */
			peer->devfn = (int)fn->place.devfn;
	}
}

void
peer_remove(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++)
		bus_remove(&peer->fn[i].place);
}

void
peers_wake(struct peers *peers)
{
	struct peer *peer;
	unsigned i;

	for (peer = peers->first; peer; peer = peer->next) {
		for (i = 0; i < PEER_FUNCTIONS; i++)
			peer_cfg_forget(&peer->fn[i]);
		if (peer->link)
			peer_cfg_power(peer);
	}
}

/* The guest gave it up, so it is out until it is plugged in again: until it
 * connects anew. What it still sends finds no function of it on the bus. */
void
peer_bus_eject(struct bus_dev *place)
{
	struct peer *peer = ((struct peer_function *)place)->peer;
	bool asked = peer->seat == PEER_UNPLUG_ASKED;
	unsigned i;

	peer->seat = PEER_EJECTED;
	peer_quench(peer);
	peer_remove(peer);
	for (i = 0; i < PEER_FUNCTIONS; i++)
		peer_cfg_forget(&peer->fn[i]);
	if (peer->link)
		link_say_reset(peer->link, IOEMU_RESET_BUS);
	log_guest(peer->id, IOEMU_INFO,
		  asked ? "taken out by the guest"
			: "ejected by the guest, until it connects again");
	if (asked)
		peer_leave(peer);
}

static void
peer_left(uv_timer_t *timer)
{
	peer_forget(timer->data);
}

void
peer_leave(struct peer *peer)
{
	peer_event(peer, PEER_LEAVE);
	uv_timer_start(&peer->retry, peer_left, 0, 0);
}

/* ---- coming up ---------------------------------------------------- */

/*
 * The guest is told each time. If it knows the device already it finds nothing
 * new and its driver goes on; but Linux, told of one device, drops others that
 * are lost at that moment, and would not look for them again.
 */
static void
peer_came(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++) {
		const struct bus_dev *place = &peer->fn[i].place;

		if (!place->bus)
			continue;
		local_hotplug(peer->local, bus_root_slot(place),
			      IOEMU_HOTPLUG_ADDED);
		return; /* all are in one slot */
	}
}

void
peer_ready(struct peer *peer)
{
	char text[80];
	bool loaded = peer->state.step == PEER_STATE_LOADED;

	peer_event(peer, PEER_REPLAYED);
	if (peer->life != PEER_READY) /* it is about to leave */
		return;
	if (peer->peers->stopped)
		peer_pause(peer);
	else
		link_say_run(peer->link, clock_now(peer->env->clock));
	peer->state.step = PEER_STATE_NONE;
	peer->all_declared = true;
	peer_windows_map(peer);
	peer->absence_logged = false;
	/* a guest may know how to make it come and go */
	snprintf(text, sizeof(text), "'%s' is there%s",
		 link_other(peer->link)->name, peer->lost ? " again" : "");
	log_guest(peer->id, IOEMU_INFO, text);
	if (!loaded) /* else the guest never missed it */
		peer_came(peer);
}

static void
peer_functions(struct peer *peer, const struct link_hello *hello)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++) {
		peer->fn[i].exists = hello->functions >> i & 1;
		if (!peer->fn[i].exists) /* on hold, or of one that was handed
					    over */
			bus_remove(&peer->fn[i].place);
	}
	if (peer->seat == PEER_EJECTED)
		peer->seat = PEER_PLUGGED;
	else if (peer->seat == PEER_STAYS_OUT)
		peer->seat = PEER_EJECTED;
	if (!peer_is_out(peer))
		peer_place(peer);
}

/* Why there is no place for it here; NULL: there is one. */
static const char *
peer_misplaced(const struct peer *peer, const struct link_hello *hello)
{
	if ((hello->kind == LINK_KIND_PCI) != (peer->bus != NULL))
		return peer->bus ? "it is no PCI device"
				 : "it is a PCI device: give it a bus=";
	if (peer->bus && !peer_fits(peer->devfn, hello->functions))
		return "it has more functions than there is room in its slot: "
		       "give it an addr= without a function";
	return NULL;
}

static void
peer_up(struct link *link, const struct link_hello *hello)
{
	struct peer *peer = link_user(link);
	bool same = hello->instance == peer->instance;
	const char *wrong;

	if (peer->conf.isolated)
		peer->bus = hello->kind == LINK_KIND_PCI ? peer->pci_bus : NULL;
	wrong = peer_misplaced(peer, hello);
	if (wrong) {
		link_close(link, LINK_NO_PLACE, wrong);
		return;
	}
	peer->instance = hello->instance;
	if (peer->bus)
		peer_functions(peer, hello);
	if (peer_state_load(peer, same))
		return;
	if (same) {
		peer_cfg_keep(peer);
	} else {
		peer_cfg_power(peer);
		peer_cfg_replay(peer);
	}
}

/* ---- going down --------------------------------------------------- */

void
peer_lost(struct peer *peer)
{
	bool was = peer->life == PEER_READY;

	peer_event(peer, PEER_DOWN);
	peer->link = NULL;
	peer_state_lost(peer);
	peer_quench(peer);
	if (was)
		peer->lost++;
	if (peer->conf.on_exit != PEER_EXIT_HOLD)
		peer_remove(peer);
	if (peer->life == PEER_AWAY && peer->seat == PEER_UNPLUG_ASKED &&
	    peer->conf.on_exit != PEER_EXIT_HOLD)
		peer_leave(peer);
	if (was && !peer_is_out(peer) && peer->conf.on_exit == PEER_EXIT_STOP)
		peer->env->power(peer->env->ctx, IOEMU_POWER_OFF);
}

static void
peer_say_down(struct peer *peer, const char *why)
{
	char text[200];

	snprintf(text, sizeof(text), "%s; %s", why,
		 peer->exec.n		? "starting it again"
		 : peer->listen_fd >= 0 ? "waiting for it"
					: "trying again");
	if (!peer->absence_logged)
		log_guest(peer->id, IOEMU_WARN, text);
	peer->absence_logged = true;
}

static void
peer_down(struct link *link, const char *why)
{
	struct peer *peer = link_user(link);

	peer_windows_lost(peer);
	if (peer_is_handed_over(peer)) { /* the guest does not miss it */
		peer_event(peer, PEER_DOWN);
		peer->link = NULL;
		peer_state_lost(peer);
	} else {
		if (!peer->peers->handing_over && peer->life != PEER_GONE)
			peer_say_down(peer, why);
		peer_lost(peer);
	}
	if (peer->sock)
		linksock_close(peer->sock);
	peer->sock = NULL;
	peer_connect(peer);
}

static void
peer_wake(struct link *link)
{
	struct peer *peer = link_user(link);

	if (peer->sock)
		linksock_kick(peer->sock);
}

static uint64_t
peer_now(struct link *link)
{
	(void)link;
	return uv_hrtime();
}

static const struct link_ops link_ops = {
	.up = peer_up,
	.request = peer_request,
	.message = peer_message,
	.down = peer_down,
	.wake = peer_wake,
	.now = peer_now,
};

/* ---- connections -------------------------------------------------- */

static int
peer_attach(struct peer *peer, int fd)
{
	const struct link_config config = {
		.hello = {
			.role = LINK_ROOT,
			.max_payload = MAX_PAYLOAD,
			.max_read = MAX_PAYLOAD,
			.np_credits = NP_CREDITS,
			.p_credits = P_CREDITS,
			.p_data = P_DATA,
			.rcb = RCB,
			.keepalive_ms = KEEPALIVE_MS,
			.instance = peer->instance_of_ours,
			.caps = peer->conf.ring && linkaddr_is_unix(fd)
					? LINK_CAP_RING
					: 0,
		},
		.tags = 2 * XEN_MAX_VCPUS,
		.timeout_ns = peer->conf.timeout_ms * NS_PER_MS,
		.ops = &link_ops,
		.user = peer,
	};
	struct link *link;
	int rc = link_new(&config, &link);

	if (rc)
		return rc;
	rc = linksock_new(peer->env->loop, fd, link, peer->env->spin,
			  &peer->sock);
	if (rc) {
		link_free(link);
		return rc;
	}
	peer->link = link;
	peer_event(peer, PEER_CONNECTED);
	return 0;
}

static void
peer_accept(uv_poll_t *poll, int status, int events)
{
	struct peer *peer = poll->data;
	int fd;

	(void)status;
	(void)events;
	if (peer->link) { /* one at a time: the next waits its turn */
		uv_poll_stop(poll);
		return;
	}
	fd = linkaddr_accept(peer->listen_fd);
	if (fd >= 0 && peer_attach(peer, fd))
		close(fd);
}

static void
peer_say_absent(const struct peer *peer)
{
	char text[200];

	snprintf(text, sizeof(text), "nobody is at %s yet; trying again",
		 peer->conf.connect);
	log_guest(peer->id, IOEMU_INFO, text);
}

static void
peer_retry(uv_timer_t *timer)
{
	struct peer *peer = timer->data;
	int fd = peer->exec.n
			 ? peer_exec_again(peer)
			 : spawn_connect(peer->peers->spawn, peer->address);

	if (fd >= 0 && !peer_attach(peer, fd))
		return;
	if (fd >= 0)
		close(fd);
	if (!peer->absence_logged && !peer->exec.n)
		peer_say_absent(peer);
	peer->absence_logged = true;
	peer_connect(peer);
}

/* From the loop, so that nothing is in the midst. */
void
peer_connect(struct peer *peer)
{
	uint64_t ms = peer->absence_logged ? RETRY_MS : 0;

	if (peer->life == PEER_LEAVING || peer->life == PEER_GONE)
		return; /* the timer below drops it */
	if (peer->peers->handing_over && !peer->exec.n)
		return;
	if (peer->exec.n)
		ms = peer_exec_delay_ms(peer);
	if (peer->listen_fd >= 0)
		uv_poll_start(&peer->accept, UV_READABLE, peer_accept);
	else
		uv_timer_start(&peer->retry, peer_retry, ms, 0);
}

int
peer_address(struct peer *peer)
{
	const char *text =
		peer->conf.connect ? peer->conf.connect : peer->conf.listen;
	int rc = peer_named_number(peer->peers, peer->id);

	if (rc >= 0) {
		peer->address = rc;
		return 0;
	}
	rc = linkaddr_parse(text, &peer->addr);
	if (!rc && peer->conf.connect) {
		rc = spawn_add_address(peer->peers->spawn, &peer->addr);
		peer->address = rc;
		rc = rc < 0 ? rc : 0;
	}
	if (!rc && peer->conf.listen) {
		rc = peer->peers->ours ? linkaddr_listen(&peer->addr)
				       : peer_handover_listen(peer);
		peer->listen_fd = rc;
		rc = rc < 0 ? rc : 0;
	}
	if (rc)
		log_error("%s: %s: %s", peer->id, text,
			  rc == -EINVAL ? "not unix:PATH or tcp:HOST:PORT"
					: strerror(-rc));
	return rc;
}

static int
peer_first(struct peer *peer)
{
	int fd = peer_exec_first(peer), rc;

	if (fd < 0)
		return fd;
	rc = peer_attach(peer, fd);
	if (rc)
		close(fd);
	return rc;
}

int
peer_open(struct peer *peer)
{
	int rc = peer->exec.n ? 0 : peer_address(peer);

	if (rc)
		return rc;
	uv_timer_init(peer->env->loop, &peer->retry);
	peer_windows_init(peer);
	peer->handles = 2;
	peer->retry.data = peer->accept.data = peer;
	if (peer->listen_fd >= 0) {
		rc = uv_poll_init(peer->env->loop, &peer->accept,
				  peer->listen_fd);
		peer->handles += !rc;
	}
	if (!rc && peer->exec.n)
		return peer_first(peer);
	if (!rc)
		peer_connect(peer);
	return rc;
}
