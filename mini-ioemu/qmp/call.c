/* SPDX-License-Identifier: MIT */
/*
 * A message is a call: checked as QEMU checks it, looked up, run, answered with
 * its id (QEMU, docs/interop/qmp-spec). Knows no command.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "qmp/priv.h"

#define MAX_DESC 256

json_t *
qmp_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy, *s;

	if (value)
		return value;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (s = copy; *s; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

/* {key: value, "id": id} */
static void
call_answer(struct qmp_call *call, const char *key, json_t *value)
{
	json_t *message = json_object();
	int err;

	err = json_object_set_new(message, key, value);
	if (!err && call->id)
		err = json_object_set(message, "id", call->id);
	json_decref(call->request);
	call->request = call->id = call->args = NULL;
	if (err) {
		json_decref(message);
		message = NULL;
	}
	qmp_client_answer(call->client, message);
}

void
qmp_return(struct qmp_call *call, json_t *value)
{
	call_answer(call, "return", value);
}

void
qmp_error(struct qmp_call *call, const char *class, const char *fmt, ...)
{
	char desc[MAX_DESC];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(desc, sizeof(desc), fmt, ap);
	va_end(ap);
	call_answer(call, "error",
		    json_pack("{s:s, s:o}", "class", class, "desc",
			      qmp_text(desc)));
}

void
qmp_done(struct qmp_call *call, int err)
{
	if (err)
		qmp_error(call, QMP_GENERIC_ERROR, "%s", strerror(-err));
	else
		qmp_return(call, json_object());
}

void
qmp_fail(struct qmp_call *call, const char *why)
{
	qmp_error(call, QMP_GENERIC_ERROR, "%s", why);
}

int
qmp_take_fd(struct qmp_call *call)
{
	struct qmp_client *c = call->client;
	int fd;

	if (!c->n_fds)
		return -ENOENT;
	fd = c->fds[0];
	memmove(c->fds, c->fds + 1, --c->n_fds * sizeof(fd));
	return fd;
}

/* ---- checks ---------------------------------------------------------- */

static bool
call_keys_valid(struct qmp_call *call)
{
	const char *key;
	json_t *value;

	json_object_foreach(call->request, key, value)
	{
		if (strcmp(key, "execute") && strcmp(key, "arguments") &&
		    strcmp(key, "id")) {
			qmp_error(call, QMP_GENERIC_ERROR,
				  "QMP input member '%s' is unexpected", key);
			return false;
		}
	}
	call->args = json_object_get(call->request, "arguments");
	if (call->args && !json_is_object(call->args)) {
		qmp_error(call, QMP_GENERIC_ERROR,
			  "QMP input member 'arguments' must be an object");
		return false;
	}
	return true;
}

static bool
word_in_list(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; list && *list; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (n == len && !memcmp(list, word, n))
			return true;
	}
	return false;
}

static bool
call_args_valid(struct qmp_call *call, const struct qmp_command *command)
{
	const char *key;
	json_t *value;

	json_object_foreach(call->args, key, value)
	{
		if (word_in_list(command->args, key) ||
		    word_in_list(command->args, "*"))
			continue;
		qmp_error(call, QMP_GENERIC_ERROR,
			  "Parameter '%s' is unexpected", key);
		return false;
	}
	return true;
}

static void
call_run(struct qmp_call *call)
{
	const char *name =
		json_string_value(json_object_get(call->request, "execute"));
	const struct qmp_command *command;
	bool negotiated = call->client->negotiated;

	if (!name) {
		qmp_error(call, QMP_GENERIC_ERROR,
			  "QMP input member 'execute' must be a string");
		return;
	}
	command = qmp_command_find(name);
	if (negotiated == !strcmp(name, "qmp_capabilities"))
		qmp_error(call, QMP_COMMAND_NOT_FOUND,
			  negotiated ? "Capabilities negotiation is already "
				       "complete, command ignored"
				     : "Expecting capabilities negotiation "
				       "with 'qmp_capabilities'");
	else if (!command)
		qmp_error(call, QMP_COMMAND_NOT_FOUND,
			  "The command %s has not been found", name);
	else if (qmp_handover_bars(call, name))
		qmp_fail(call, "The guest is being taken over by another "
			       "device model");
	else if (call_args_valid(call, command))
		command->run(call);
}

void
qmp_call_start(struct qmp_call *call, const char *text, size_t len)
{
	json_error_t error;

	call->request = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	call->id = json_object_get(call->request, "id");
	if (!call->request)
		qmp_error(call, QMP_GENERIC_ERROR, "JSON parse error, %s",
			  error.text);
	else if (call_keys_valid(call))
		call_run(call);
}

void
qmp_call_refuse(struct qmp_call *call, int err)
{
	qmp_error(call, QMP_GENERIC_ERROR, "JSON parse error, %s",
		  err == -E2BIG	     ? "too deep"
		  : err == -EMSGSIZE ? "too long"
				     : "expecting an object");
}
