/* SPDX-License-Identifier: MIT */
/*
 * config/priv.h - what the readers of the command line and of the machine
 * description share: memory, messages, and words like "a,key=value".
 */
#ifndef CONFIG_PRIV_H
#define CONFIG_PRIV_H

#include "config/conf.h"

/* Where we are; `where` starts every message: "-drive" or "hvm.machine:12". */
struct conf_ctx {
	struct conf *conf;
	struct conf_error *err;
	const char *where;
};

/* ---- conf.c: memory and messages ----------------------------------------- */

/* Zeroed, freed by conf_free(); NULL with the error set. */
void *conf_alloc(const struct conf_ctx *c, size_t size);
const char *conf_strndup(const struct conf_ctx *c, const char *s, size_t len);
const char *conf_printf(const struct conf_ctx *c, const char *fmt, ...)
	IOEMU_PRINTF(2, 3);
/* Always -EINVAL. */
int conf_fail(const struct conf_ctx *c, const char *fmt, ...)
	IOEMU_PRINTF(2, 3);
int conf_add_word(const struct conf_ctx *c, struct conf_word **list,
		  const char *text);

/* Any list whose members are linked by `next`. */
#define CONF_APPEND(list, item)                                                \
	do {                                                                   \
		__typeof__(list) *conf_at_ = &(list);                          \
		while (*conf_at_)                                              \
			conf_at_ = &(*conf_at_)->next;                         \
		*conf_at_ = (item);                                            \
	} while (0)

/* ---- words.c: words ------------------------------------------------------
 */

/*
 * "VALUE,key=value,..." to a list; a first word without `=` is the value of
 * `implied` (NULL: not allowed). ",," stands for a comma in a value.
 */
int conf_split(const struct conf_ctx *c, const char *text, const char *implied,
	       struct conf_prop **out);
/* Take a key out of the list: its value, or NULL. */
const char *conf_take(struct conf_prop **list, const char *key);
/* All keys must have been taken. */
int conf_none_left(const struct conf_ctx *c, const struct conf_prop *list,
		   const char *allowed);
/* `text` NULL: *out stays. Decimal or 0x hexadecimal. */
int conf_number(const struct conf_ctx *c, const char *key, const char *text,
		unsigned max, unsigned *out);
int conf_on_off(const struct conf_ctx *c, const char *key, const char *text,
		bool *out);
/* `text` NULL: *out stays. */
int conf_errors(const struct conf_ctx *c, const char *key, const char *text,
		enum conf_errors *out);
/* A name as others may refer to it: a letter, then letters, digits, -._ */
int conf_check_id(const struct conf_ctx *c, const char *id);

/* ---- device.c ------------------------------------------------------- */

/* Make a device of a list split with implied key CONF_TYPE; takes the list. */
#define CONF_TYPE "driver"
int conf_device(const struct conf_ctx *c, struct conf_prop *list,
		struct conf_device **out);
const struct conf_device *conf_find_device(const struct conf_device *list,
					   const char *id);

/* ---- argv*.c: the command line ----------------------------------------------
 */

/* A chardev before it is known who uses it. */
struct argv_chardev {
	struct argv_chardev *next;
	struct conf_chardev pub;
	const char *path; /* of a listening socket; NULL: another kind */
	int fd;		  /* of a listening socket, or -1 */
	bool used;
};

struct argv_mon {
	struct argv_mon *next;
	const char *chardev;
};

struct argv {
	struct conf_ctx ctx;
	struct argv_chardev *chardevs;
	struct argv_mon *mons;
	unsigned n_serials;
};

/* The option, with this text if not empty, has no effect: to be told. */
int argv_unserved(struct argv *a, const char *text);

/* Options that make a member of a list (argv_list.c). */
int argv_chardev(struct argv *a, const char *text);
int argv_mon(struct argv *a, const char *text);
int argv_serial(struct argv *a, const char *text);
int argv_drive(struct argv *a, const char *text);
int argv_device(struct argv *a, const char *text);
/* After the last word: tie chardevs to their users. */
int argv_resolve(struct argv *a);

/* Options with one value (argv_set.c). */
int argv_domid(struct argv *a, const char *text);
int argv_take_over(struct argv *a, const char *text);
int argv_run_with(struct argv *a, const char *text);
int argv_machine(struct argv *a, const char *text);
int argv_memory(struct argv *a, const char *text);
int argv_smp(struct argv *a, const char *text);
int argv_boot(struct argv *a, const char *text);
int argv_display(struct argv *a, const char *text);
int argv_net(struct argv *a, const char *text);
int argv_incoming(struct argv *a, const char *text);
int argv_plugin_dir(struct argv *a, const char *text);
int argv_poll(struct argv *a, const char *text);
int argv_disk_errors(struct argv *a, const char *text);
int argv_log_level(struct argv *a, const char *text);
int argv_sandbox(struct argv *a, const char *text);

#endif
