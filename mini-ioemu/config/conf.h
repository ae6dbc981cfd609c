/* SPDX-License-Identifier: MIT */
/*
 * conf.h - what the user asked for: the command line, then the machine
 * description, as one plain structure. It opens nothing but the description
 * file, looks at the first sector of disks, and knows neither Xen nor any
 * device: types and properties are words.
 */
#ifndef CONFIG_CONF_H
#define CONFIG_CONF_H

#include <ioemu/device.h>

#include "config/geometry.h"

#define CONF_ERROR_MAX 512
#define CONF_MAX_VCPUS 128u /* Xen's limit for HVM guests */
#define CONF_MAX_DRIVES 32u /* of one interface */

struct conf_error {
	char text[CONF_ERROR_MAX]; /* one line: the word, and what is allowed */
};

enum conf_action {
	CONF_RUN,
	CONF_LIST_DEVICES, /* --list-devices */
	CONF_VERSION,	   /* --version */
	CONF_HELP,	   /* --help: print conf_help() */
};

/*
 * Every list is in the order of the command line. Strings are never NULL
 * unless a comment says so. All belongs to the struct conf.
 */
struct conf_word {
	struct conf_word *next;
	const char *text;
};

/* key=value; the value is raw, ",," is already one comma. */
struct conf_prop {
	struct conf_prop *next;
	const char *key, *value;
};

/*
 * A device to make. `bus=ID` and `bus=ID.N` both give the parent's id; the
 * latter adds a property `channel` = N. bus=pci.0 is the machine's own bus.
 */
struct conf_device {
	struct conf_device *next;
	const char *type;
	const char *id;	 /* NULL: the user gave none */
	const char *bus; /* id of the parent; NULL: the machine's own bus */
	int devfn;	 /* addr=SLOT.FN as SLOT * 8 + FN; -1: any */
	struct conf_prop *props; /* without those above and below */
	bool multifunction;
	bool isolate;	    /* in a process of its own */
	unsigned gsi;	    /* the pin that its interrupt line is; 0: ISA's */
	bool removable;	    /* the guest may give it up: no part of the board */
	bool later;	    /* the guest runs already and is to be told */
	bool waits;	    /* later=on: only named here, for then */
	const char *source; /* for messages: "-device" or "FILE:LINE" */
};

/*
 * A character device. Those of monitors and QMP are not in this list but in
 * conf->monitors. `spec` is what chr_open() takes.
 */
struct conf_chardev {
	struct conf_chardev *next;
	const char *id;
	const char *spec;
};

/* A QMP server to listen on: a path to make, or a socket that listens. */
struct conf_monitor {
	struct conf_monitor *next;
	const char *id;	  /* of the chardev */
	const char *path; /* NULL: use fd */
	int fd;		  /* -1: use path */
};

/* One -serial that is not `none`; its chardev is in conf->chardevs. */
struct conf_serial {
	struct conf_serial *next;
	unsigned index;	     /* 0: first -serial; `none` counts */
	const char *chardev; /* "serial0" or the user's own */
	bool placed;	     /* the machine description had a line for it */
};

/* What an error of the image is to do, as QEMU's rerror= and werror=. */
enum conf_errors {
	CONF_ERRORS_UNSET,
	CONF_ERRORS_REPORT, /* the device tells its guest */
	CONF_ERRORS_STOP,   /* all devices stop; `cont` tries again */
	CONF_ERRORS_ENOSPC, /* stop if there is no space, else report */
};

struct conf_drive {
	struct conf_drive *next;
	const char *id;	    /* the user's, or interface and index: "ide1" */
	const char *file;   /* NULL: no medium */
	const char *format; /* "raw" */
	const char *iface;  /* "ide", "none" ... */
	const char *media;  /* "disk" or "cdrom" */
	unsigned index;	    /* meaningless for iface "none" */
	bool readonly;
	enum conf_errors rerror, werror;
	bool placed;		  /* as above */
	struct geometry geometry; /* of a disk; no heads: not known */
};

struct conf {
	enum conf_action action;

	/* the guest */
	int domid;	     /* -1: none, then `no_machine` is set */
	bool no_machine;     /* -machine none: QMP only, no devices */
	bool xen_platform;   /* -machine xenfv */
	bool stopped;	     /* -S: ready means QMP query-status answers */
	const char *name;    /* NULL: not given */
	unsigned memory_mib; /* 0: not given */
	unsigned vcpus, max_vcpus;
	const char *boot;		      /* "cda"; NULL: not given */
	const char *kernel, *initrd, *append; /* NULL: not given */
	struct conf_device *devices;	      /* machine description's first */
	struct conf_drive *drives;
	struct conf_serial *serials;
	struct conf_chardev *chardevs;
	struct conf_monitor *monitors;
	int incoming_fd;    /* -1: a fresh guest */
	unsigned take_over; /* the domain whose guest goes on here; 0: none */
	const char *words;  /* all of the above, each with a NUL at its end */
	size_t words_len;

	/* giving up rights */
	const char *run_as; /* "USER" or "UID:GID"; NULL: stay */
	const char *chroot; /* NULL: none */
	bool restrict_domid;

	/* our own */
	struct conf_word *plugin_dirs; /* to search before the default */
	const char *machine_file;      /* NULL: the default */
	unsigned poll_us; /* stay awake after an answer, microseconds */
	bool no_merge;	  /* posted writes go one by one */
	bool ecam;	  /* configuration space as memory, too */
	bool no_sandbox;  /* capabilities and all system calls stay */
	enum conf_errors disk_errors; /* of drives without a word */
	enum ioemu_level log_level;
	struct conf_word *unserved; /* accepted, and of no effect */

	void *pool; /* memory of all the above */
};

/*
 * Read the command line. On -EINVAL, *err says which word is wrong and what is
 * allowed; -ENOMEM. The conf is valid in every case and wants conf_free().
 */
int conf_parse(int argc, char **argv, struct conf *conf,
	       struct conf_error *err) IOEMU_MUST_CHECK;

/*
 * Look at the disks, read the machine description and put its devices before
 * those of the command line: conf->devices is then all there is to make, in
 * order. -EINVAL: bad line; or as of open(2); *err tells.
 */
int conf_read_machine(struct conf *conf, const char *path,
		      struct conf_error *err) IOEMU_MUST_CHECK;

/* As above from memory; `name` stands for the file in messages. */
int conf_parse_machine(struct conf *conf, const char *name, const char *text,
		       size_t len, struct conf_error *err) IOEMU_MUST_CHECK;

/*
 * One device, "TYPE,key=value,..." as of -device, whose memory is the conf's;
 * it is put in no list. `source` must live as long. -EINVAL, -ENOMEM; *err
 * tells.
 */
int conf_one_device(struct conf *conf, const char *text, const char *source,
		    struct conf_device **out,
		    struct conf_error *err) IOEMU_MUST_CHECK;

void conf_free(struct conf *conf);

/* What is to be done about a failed read or write of this drive: by its own
 * words, --disk-errors or, unset, QEMU's default. NULL: it has no -drive. */
enum conf_errors conf_drive_errors(const struct conf *conf,
				   const struct conf_drive *drive, bool write);

/* What a user writes in xl.cfg so that the toolstack does not ask for a device
 * of this type; NULL: it does not by itself. */
const char *conf_hint(const struct conf_device *dev);

/* The toolstack wants this process to be shut in (dm_restrict=1). */
bool conf_restricted(const struct conf *conf);

/* The text of --help. */
const char *conf_help(void);

#endif
