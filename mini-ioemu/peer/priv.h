/* SPDX-License-Identifier: MIT */
/*
 * peer/priv.h - between the parts of a peer: peer.c (making), life.c (its
 * life), windows.c (its windows, once a turn), options.c (what the user says
 * of it), exec.c (its process, where we start it), output.c (what that
 * prints), path.c (accesses to it), requests.c (what it asks), config_space.c
 * (configuration space, as the guest wrote it), state.c (stopped, saved,
 * loaded), named.c (processes that are known before they are devices),
 * handover.c (where the guest goes to another process).
 */
#ifndef PEER_PRIV_H
#define PEER_PRIV_H

#include "peer/peer.h"

#include <sys/types.h>

#include "base/await.h"
#include "base/blob.h"
#include "helper/spawn.h"

#define PEER_FUNCTIONS 8u
#define PEER_WINDOWS 64u
#define PEER_GRANTS 8u
#define PEER_CONFIG 4096u /* what is above 256 comes by ecam.h only */
#define PEER_ISA_LINES 16u

/* A range of addresses that is reached through the link. */
struct peer_window {
	struct host_window w; /* first: region.flags, region.size, base */
	bool used, mapped;
	bool fixed; /* by the user's word: stays while the peer is gone */
	uint8_t function, index;
	bool readonly, writeonly, fence;
	uint32_t isa; /* the line that comes with it, as a bit */
};

struct peer_function {
	struct bus_dev place; /* first */
	struct peer *peer;
	struct host_window config;
	bool exists;
	bool numbered; /* it was told its id */
	/* What the guest wrote last, and which bytes it ever wrote. */
	uint8_t shadow[PEER_CONFIG];
	bool written[PEER_CONFIG];
	uint32_t sizing[7]; /* BARs and ROM as read with all ones in; or 0 */
};

/* An access on its way: one of the core's, element by element. */
struct peer_path {
	struct link_op op; /* first */
	struct peer *peer;
	struct host_op *host;
	uint32_t i; /* the element at hand */
	bool in_submit, answered;
	struct peer_path *next; /* free */
};

enum peer_exit {
	PEER_EXIT_DROP, /* surprise removal */
	PEER_EXIT_HOLD, /* its functions stay and read all ones */
	PEER_EXIT_STOP, /* the guest is powered off */
};

struct peer_conf {
	const char *id;
	const char *connect, *listen, *exec; /* one of them */
	const char *run_as;		     /* of exec; NULL: not given */
	uint32_t timeout_ms;
	enum peer_exit on_exit;
	bool ring; /* shared memory, if it can */
	bool dma;  /* it may reach guest memory: all of it, or */
	struct host_interval dma_range[PEER_GRANTS];
	unsigned n_dma_ranges;
	struct host_interval allow[PEER_GRANTS]; /* memory it may claim */
	unsigned n_allow;
	uint32_t isa; /* ISA lines it may raise */
	/* where they go; 0: to the ISA interrupt of that number */
	uint8_t gsi[PEER_ISA_LINES];
	/* A plugin that the user named as a device: it may place its windows
	 * and raise lines as it could in our own process. */
	bool isolated;
};

/* One that the configuration names and that comes later, when somebody says
 * so: the helper knows its process or address. */
struct peer_named {
	struct peer_named *next;
	const struct host_type *type; /* NULL: a peer by itself */
	const struct conf_device *conf;
	int number;
};

/* A process of ours at the other end. */
struct peer_exec {
	char *argv[SPAWN_ARGS + 1];
	unsigned n; /* 0: it is not ours */
	bool known; /* to the helper, by this */
	bool kept;  /* also when we forget it: it may come again */
	int number;
	pid_t pid; /* 0: none at present */
	uint64_t started_ns;
};

/* Its state, between the process and where the guest is saved. */
enum peer_state_step {
	PEER_STATE_NONE,
	PEER_STATE_COMING,  /* SAVE was said */
	PEER_STATE_HERE,    /* all of it */
	PEER_STATE_TO_LOAD, /* read: for the process, when it is there */
	PEER_STATE_LOADING, /* sent */
	PEER_STATE_LOADED,  /* it goes on from there once it is ready */
	PEER_STATE_FAILED,
};

struct peer_state {
	enum peer_state_step step;
	struct blob bytes;
	uint32_t got, total;	   /* of what comes */
	char name[LINK_NAME_SIZE]; /* what the saved one called itself */
	char why[160];		   /* PEER_STATE_FAILED */
};

/* What it said last of a window, and has not taken effect yet. */
struct peer_news {
	uint8_t function;
	struct link_window window;
};

/* A range that an isolated device without a function asked for. */
struct peer_declared {
	enum ioemu_space space;
	uint64_t base, size;
	bool granted;
};

/* Of its process, as the guest is concerned (states.c). */
enum peer_life {
	PEER_IMPOSSIBLE,  /* no state */
	PEER_AWAY,	  /* no link: waited for, or tried again */
	PEER_COMING,	  /* a link: it says who it is, and is made ready */
	PEER_READY,	  /* the guest reaches it */
	PEER_HANDED_OVER, /* another device model has it; its windows stay */
	PEER_RETURNING,	  /* the same, and it is made ready here again */
	PEER_LEAVING,	  /* the loop is about to drop it */
	PEER_GONE,	  /* being freed */
	PEER_STATES,
};

enum peer_event {
	PEER_CONNECTED, /* there is a link */
	PEER_REPLAYED,	/* it is what the guest knows it as */
	PEER_DOWN,	/* the link is no more */
	PEER_HAND_OVER, /* the guest goes to another device model */
	PEER_NOT_BACK,	/* the guest stays, and the device did not return */
	PEER_LEAVE,	/* nobody wants it any more */
	PEER_DROP,	/* to be freed */
	PEER_EVENTS,
};

/* Of its functions, as the guest and the operator want it. */
enum peer_seat {
	PEER_PLUGGED,
	PEER_UNPLUG_ASKED, /* by the operator: it leaves when ejected */
	PEER_EJECTED,	   /* by the guest, until it connects anew */
	PEER_STAYS_OUT,	   /* ejected, and the next to connect is the same */
};

struct peer {
	struct target target; /* first */
	const struct local_env *env;
	struct peers *peers;
	struct local *local;
	struct peer_conf conf;
	char id[64];
	char type[64]; /* as configured */
	struct peer *next;

	/* life.c */
	uint64_t instance_of_ours;
	struct linkaddr addr;
	int address;   /* the helper's number of it */
	int listen_fd; /* -1: we connect */
	uv_poll_t accept;
	uv_timer_t retry;
	unsigned handles;
	struct link *link;
	struct linksock *sock;
	enum peer_life life; /* by peer_event() alone */
	enum peer_seat seat;
	bool absence_logged; /* once, until it is ready again */
	uint64_t instance;
	unsigned lost; /* times */
	struct peer_exec exec;

	/* where it is */
	struct bus *bus;     /* NULL: ranges only */
	struct bus *pci_bus; /* isolated: `bus`, if it is a PCI device */
	int devfn;
	unsigned number; /* bus and device, as it was told */
	struct peer_function fn[PEER_FUNCTIONS];
	struct peer_window window[PEER_WINDOWS];
	struct route_owner owner; /* of all but the fixed ones */
	struct peer_declared declared[HOST_MAX_FIXED];
	unsigned n_declared;
	bool all_declared; /* it has heard of the guest */
	uint32_t isa;	   /* lines that are up */

	/* windows.c */
	struct peer_news news[PEER_WINDOWS];
	unsigned n_news;
	bool settled;	/* in this turn of the loop, for a request, and ... */
	uv_idle_t turn; /* ... in the next */
	struct link_in *behind, **behind_last; /* waits for it; by in->user */

	/* config_space.c */
	struct link_op replay;
	uint8_t replay_data[4];
	unsigned replay_fn, replay_step, replay_byte;
	bool replay_number; /* nothing else */

	/* state.c */
	uint16_t pause; /* number of the last said on this link; 0: none was */
	bool waited;	/* for the answer to it */
	struct peer_state state;

	/* path.c */
	struct peer_path *path_free;
	struct peer_path path[XEN_MAX_VCPUS + 1];
};

struct peer_log;

struct peers {
	struct await back; /* first: freed as this; who was handed over */
	struct local_env env;
	struct local *local;
	struct spawn *spawn;
	struct peer_log *logs; /* output.c */
	struct peer_named *named;
	struct peer *first, **last;
	uint64_t instance;
	unsigned n_auto;
	bool stopped;	   /* the guest's clock: nobody is told to run */
	bool handing_over; /* who is no process of ours is left alone */
	bool ours;	   /* the guest: it is handed over for good */
	bool leaves;	   /* sockets that listen are removed by the helper */
	void (*back_done)(void *ctx);
	void *back_ctx;
};

/* peer.c: the i-th; NULL past the end. */
struct peer *peer_at(const struct peers *peers, unsigned i);

/* The guest ejected it, and does not miss it. */
static inline bool
peer_is_out(const struct peer *peer)
{
	return peer->seat == PEER_EJECTED || peer->seat == PEER_STAYS_OUT;
}

/* In use by the guest, and another device model perhaps has it. */
static inline bool
peer_is_handed_over(const struct peer *peer)
{
	return peer->life == PEER_HANDED_OVER || peer->life == PEER_RETURNING;
}

/* states.c: the state that this event leads to, or PEER_IMPOSSIBLE. */
enum peer_life peer_next(enum peer_life life, enum peer_event event);
/* It happened. One that cannot be in this state is our mistake. */
void peer_event(struct peer *peer, enum peer_event event);

/* life.c */
int peer_open(struct peer *peer);
int peer_address(struct peer *peer);  /* of connect= or listen= */
void peer_connect(struct peer *peer); /* be there for it */
void peer_lost(struct peer *peer);
/* Are these functions in the slot of devfn, where their first is to be? Any
 * are in a slot yet to be found (-1). */
bool peer_fits(int devfn, unsigned functions);
void peer_place(struct peer *peer);  /* on its bus, all functions */
void peer_ready(struct peer *peer);  /* replay is over */
void peer_remove(struct peer *peer); /* from its bus */
void peer_bus_reset(struct bus_dev *place);
void peer_bus_eject(struct bus_dev *place);
void peer_leave(struct peer *peer);

/* peer.c: as configured, but for what peer_conf_read() says. */
void peer_init(struct peer *peer, struct peers *peers,
	       const struct conf_device *conf);
/* Freed, perhaps by the loop; and out of the list before that. */
void peer_drop(struct peer *peer);
void peer_forget(struct peer *peer);
/* named.c: the helper's number of what was named as this id; -ENOENT. */
int peer_named_number(const struct peers *peers, const char *id);
void peers_named_free(struct peers *peers);

/* options.c: one device as configured; logs what is wrong. `type` is that of
 * an isolated device, else NULL. */
int peer_conf_read(const struct conf_device *conf, const struct host_type *type,
		   struct peer_conf *out);
/* Is it a word about the process, not a property of the device in it? */
bool peer_conf_is_ours(const char *key);
/* addr= or slot=; -1: any */
int peer_conf_devfn(const struct conf_device *conf, int *devfn);
/* The range of a raw-mmio. */
int peer_conf_range(const struct conf_device *conf, struct peer_window *out);
/* The id of the peer it belongs to, or NULL. */
const char *peer_conf_owner(const struct conf_device *conf);

/* exec.c: what to run: the words of exec=, or a device of a plugin. */
int peer_exec_words(struct peer *peer, const char *text);
int peer_exec_device(struct peer *peer, const struct host_type *type,
		     const struct conf_device *conf);
/* A socket to a new process; -errno. The first waits until the process is
 * there; later ones are -EBUSY while the one before has not ended. */
int peer_exec_first(struct peer *peer);
int peer_exec_again(struct peer *peer);
/* Until it is time for the next. */
uint64_t peer_exec_delay_ms(const struct peer *peer);
void peer_exec_end(struct peer *peer);

/* output.c: the reading end of what the peer's process prints. */
void peer_log_open(struct peer *peer, int fd);
/* What all have printed so far, as much as a pipe holds. */
#define PEER_LOG_TURNS 64u
void peer_log_drain(struct peers *peers);
void peer_logs_free(struct peers *peers);

/* path.c */
void peer_path_init(struct peer *peer);

/* requests.c */
void peer_request(struct link *link, struct link_in *in);
void peer_message(struct link *link, const struct link_msg *msg);
/* Carry out a request, and answer it. */
void peer_serve(struct peer *peer, struct link_in *in);
/* Windows gone, lines down. */
void peer_quench(struct peer *peer);
/* Reach a window through the route table, or no more. */
void peer_window_map(struct peer *peer, struct peer_window *pw);
void peer_window_unmap(struct peer *peer, struct peer_window *pw);
/* All that it announced before it was ready: it would not have answered. */
void peer_windows_map(struct peer *peer);

/* What it says of one takes effect. */
void peer_window_set(struct peer *peer, unsigned function,
		     const struct link_window *w);

/* windows.c */
void peer_windows_init(struct peer *peer);
/* It will, soon. */
void peer_windows_say(struct peer *peer, unsigned function,
		      const struct link_window *w);
/* It must have, before what comes now. */
void peer_windows_now(struct peer *peer);
/* The same before a request of the peer. True: that waits, and goes to
 * peer_serve() then. */
bool peer_windows_wait(struct peer *peer, struct link_in *in);
/* With the link: it will not. */
void peer_windows_lost(struct peer *peer);

/* config_space.c */
void peer_cfg_wrote(struct peer_function *fn, unsigned reg, const uint8_t *data,
		    unsigned len);
void peer_cfg_forget(struct peer_function *fn);
/* Where a configuration request to it goes, as struct link_op says it: to the
 * bus and the slot it is in, and its own number, whichever function of the slot
 * the user made of it. A write tells it that this is its id. */
uint64_t peer_cfg_target(struct peer_function *fn, bool write);
/* Is that the id it has? Until it was told, it may be without one. */
bool peer_cfg_is(const struct peer_function *fn, uint16_t id);
/* Say RESET: as after power-on, and it has forgotten who it is. */
void peer_cfg_power(struct peer *peer);
bool peer_cfg_master(const struct peer_function *fn);
/* Does this BAR (6: the ROM), as written, decode at base? */
bool peer_cfg_decodes(const struct peer_function *fn, unsigned index,
		      enum ioemu_space space, uint64_t base);
/* The guest read that: of a BAR that it wrote ones to, how large it is
 * (PCI Local Bus Specification 3.0, 6.2.5.1). */
void peer_cfg_read(struct peer_function *fn, unsigned reg, const uint8_t *data,
		   unsigned len);
/* Is a window of that size no larger than the guest was told, if it asked? */
bool peer_cfg_holds(const struct peer_function *fn, unsigned index,
		    enum ioemu_space space, uint64_t size);
/* Write it all again, then peer_ready(). */
void peer_cfg_replay(struct peer *peer);
/* Nothing, as it has all; what it announces comes before. */
void peer_cfg_keep(struct peer *peer);
/* Only what tells a function its number: it has the rest. */
void peer_cfg_number(struct peer *peer);

/* handover.c: of what the device model before us handed over: the socket that
 * it listened at, -errno; the process that it had, 0: none that stays. */
int peer_handover_listen(struct peer *peer);
uint64_t peer_handover_instance(const struct peer *peer);

/* state.c */
/* The next to connect is `peer->instance`, or can be given the state there is.
 */
void peer_state_expect(struct peer *peer, const char *name);
/* There is a state for this process, not the `same` that it is of: true, and it
 * is being loaded. */
bool peer_state_load(struct peer *peer, bool same);
void peer_state_lost(struct peer *peer);
/* Say PAUSE; peers_waiting() until it is answered. */
void peer_pause(struct peer *peer);
/* What it says of pausing, saving and loading. False: not at this time. */
bool peer_state_message(struct peer *peer, const struct link_msg *msg);

#endif
