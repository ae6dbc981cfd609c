/* SPDX-License-Identifier: MIT */
/* options.h - the command line of ioemu-peer. */
#ifndef SDK_PEER_OPTIONS_H
#define SDK_PEER_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *plugin, *type; /* type NULL: the plugin's first */
	const char *connect, *listen;
	bool again; /* connect */
	int fd;	    /* -1: none */
	unsigned poll_us;
	bool no_ring;
	const char *chroot, *run_as;
	char **props;
	int n_props;
	bool help, version; /* that, and nothing else */
};

/* Reads all; false: one line on standard error says what is wrong. */
bool options_read(struct options *o, int argc, char **argv);
/* The text of --help. */
extern const char options_usage[];

#endif
