/* SPDX-License-Identifier: MIT */
/*
 * Peers that come later. By then this process may be in a guest's hands, and
 * what it says of programs and addresses is worth nothing: so the configuration
 * names them, the helper of spawn.h knows them from the start, and who plugs
 * one in says only which.
 */
#include "peer/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static struct peer_named *
named_find(const struct peers *peers, const char *id)
{
	struct peer_named *n = peers->named;

	while (n && strcmp(n->conf->id, id) != 0)
		n = n->next;
	return n;
}

int
peer_named_number(const struct peers *peers, const char *id)
{
	const struct peer_named *n = named_find(peers, id);

	return n ? n->number : -ENOENT;
}

/* ---- at the start -------------------------------------------------- */

static int
named_refuse(const struct conf_device *conf, const char *why)
{
	log_error("%s (%s): later=on: %s", conf->type, conf->source, why);
	return -EINVAL;
}

static int
named_check(const struct peers *peers, const struct host_type *type,
	    const struct conf_device *conf)
{
	if (!conf->id)
		return named_refuse(conf, "an id= is needed, by which "
					  "device_add says that it comes");
	if (named_find(peers, conf->id) || peers_have(peers, conf->id))
		return named_refuse(conf, "there is another of that id");
	if (!type && strcmp(conf->type, "peer") != 0)
		return named_refuse(conf, "only a PCI device can come later");
	return 0;
}

/* The helper's number of it. */
static int
named_know(struct peer *peer, const struct host_type *type,
	   const struct conf_device *conf)
{
	int rc = peer_conf_read(conf, type, &peer->conf);

	if (!rc && peer->conf.listen)
		rc = named_refuse(conf, "not with listen=");
	if (!rc && type)
		rc = peer_exec_device(peer, type, conf);
	else if (!rc && peer->conf.exec)
		rc = peer_exec_words(peer, peer->conf.exec);
	else if (!rc)
		rc = peer_address(peer);
	if (rc)
		return rc;
	return peer->exec.n ? peer->exec.number : peer->address;
}

int
peers_name(struct peers *peers, const struct host_type *type,
	   const struct conf_device *conf)
{
	struct peer_named *n, **last = &peers->named;
	struct peer *peer;
	int rc = named_check(peers, type, conf);

	if (rc)
		return rc;
	n = calloc(1, sizeof(*n));
	peer = calloc(1, sizeof(*peer));
	rc = n && peer ? 0 : -ENOMEM;
	if (!rc) {
		peer_init(peer, peers, conf);
		rc = named_know(peer, type, conf);
		peer->exec.known = false; /* the helper keeps it */
		peer_drop(peer);
	} else {
		free(peer);
	}
	if (rc < 0) {
		free(n);
		return rc;
	}
	*n = (struct peer_named){ .type = type, .conf = conf, .number = rc };
	while (*last)
		last = &(*last)->next;
	*last = n;
	return 0;
}

void
peers_named_free(struct peers *peers)
{
	struct peer_named *n;

	while ((n = peers->named)) {
		peers->named = n->next;
		free(n);
	}
}

/* ---- when it comes -------------------------------------------------- */

static const char *
prop_of(const struct conf_device *conf, const char *key)
{
	const struct conf_prop *p = conf->props;

	while (p && strcmp(p->key, key) != 0)
		p = p->next;
	return p ? p->value : NULL;
}

/* The first word of `asked` that is another than the configuration's. */
static const struct conf_prop *
prop_differs(const struct conf_device *conf, const struct conf_device *asked)
{
	const struct conf_prop *p = asked->props;
	const char *value;

	for (; p; p = p->next) {
		value = prop_of(conf, p->key);
		if (!value || strcmp(value, p->value) != 0)
			break;
	}
	return p;
}

int
peers_named(const struct peers *peers, const struct conf_device *asked,
	    struct conf_device *out, char *why, size_t size)
{
	const struct peer_named *n = named_find(peers, asked->id);
	const struct conf_prop *p;

	if (!n || strcmp(n->conf->type, asked->type) != 0 ||
	    n->conf->isolate != asked->isolate) {
		snprintf(why, size,
			 "'%s' would be a process that the configuration does "
			 "not name: -device %s,id=%s,...,later=on does",
			 asked->id, asked->type, asked->id);
		return -EPERM;
	}
	p = prop_differs(n->conf, asked);
	if (p) {
		snprintf(why, size,
			 "'%s': %s=%s is not what the configuration says of it",
			 asked->id, p->key, p->value);
		return -EPERM;
	}
	*out = *n->conf;
	out->waits = false;
	out->later = true;
	if (asked->devfn >= 0)
		out->devfn = asked->devfn;
	if (asked->bus)
		out->bus = asked->bus;
	return 0;
}
