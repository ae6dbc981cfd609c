/* SPDX-License-Identifier: MIT */
/*
 * The commands: a row in the table and a function each. What libxl expects of
 * each answer is in libxl_dm.c, libxl_domain.c and libxl_qmp.c; names and
 * members are those of QEMU's qapi.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/priv.h"

/*
 * libxl chooses forms of commands by version (libxl_qmp.c,
 * qmp_ev_parse_error_messages and its callers): those of 7.2 are served.
 */
#define VERSION_MAJOR 7
#define VERSION_MINOR 2
#define VERSION_MICRO 0

static json_t *
version_object(const struct qmp_ops *ops)
{
	return json_pack("{s:{s:i, s:i, s:i}, s:o}", "qemu", "major",
			 VERSION_MAJOR, "minor", VERSION_MINOR, "micro",
			 VERSION_MICRO, "package", qmp_text(ops->package));
}

json_t *
qmp_greeting(const struct qmp_ops *ops)
{
	return json_pack("{s:{s:o, s:[]}}", "QMP", "version",
			 version_object(ops), "capabilities");
}

static void
run_capabilities(struct qmp_call *call)
{
	const json_t *enable = json_object_get(call->args, "enable");

	if (enable && (!json_is_array(enable) || json_array_size(enable))) {
		qmp_error(call, QMP_GENERIC_ERROR,
			  "Parameter 'enable': no capability can be enabled");
		return;
	}
	call->client->negotiated = true;
	qmp_return(call, json_object());
}

static void
run_query_version(struct qmp_call *call)
{
	qmp_return(call, version_object(call_ops(call)));
}

static void
run_query_status(struct qmp_call *call)
{
	const char *status = call_ops(call)->status(call_ctx(call));

	qmp_return(call,
		   json_pack("{s:s, s:b, s:b}", "status", status, "running",
			     !strcmp(status, "running"), "singlestep", 0));
}

static void
run_query_name(struct qmp_call *call)
{
	const char *name = call_ops(call)->name(call_ctx(call));

	qmp_return(call, name ? json_pack("{s:o}", "name", qmp_text(name))
			      : json_object());
}

static void
run_query_chardev(struct qmp_call *call)
{
	struct qmp_chardev chr;
	json_t *list = json_array();
	unsigned i;

	for (i = 0; call_ops(call)->chardev(call_ctx(call), i, &chr); i++)
		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:b}", "label",
						qmp_text(chr.label), "filename",
						qmp_text(chr.filename),
						"frontend-open", 1));
	qmp_return(call, list);
}

static void
run_query_vnc(struct qmp_call *call)
{
	qmp_return(call, json_pack("{s:b}", "enabled", 0));
}

/* Xen 4.20 looks here for `run-with` and takes -chroot, -runas otherwise. */
static void
run_query_command_line_options(struct qmp_call *call)
{
	qmp_return(call, json_array());
}

static void
run_cont(struct qmp_call *call)
{
	call_ops(call)->cont(call_ctx(call), call);
}

static void
run_stop(struct qmp_call *call)
{
	call_ops(call)->stop(call_ctx(call), call);
}

/* ---- saving -------------------------------------------------------- */

static void
run_save(struct qmp_call *call)
{
	const char *name =
		json_string_value(json_object_get(call->args, "filename"));
	const json_t *live = json_object_get(call->args, "live");
	int fd;

	if (!name) {
		qmp_fail(call, "Parameter 'filename' is missing");
		return;
	}
	if (live && !json_is_boolean(live)) {
		qmp_fail(call, "Parameter 'live' must be a boolean");
		return;
	}
	fd = qmp_take_file(call, name);
	if (fd < 0) {
		qmp_fail(call, "Parameter 'filename' must be " QMP_FDSET
			       "ID of an add-fd before");
		return;
	}
	/* without the word QEMU takes it for a migration */
	call_ops(call)->save(call_ctx(call), call, fd,
			     !live || json_is_true(live));
}

static void
run_log_writes(struct qmp_call *call)
{
	const json_t *enable = json_object_get(call->args, "enable");

	if (!json_is_boolean(enable))
		qmp_fail(call, "Parameter 'enable' must be a boolean");
	else
		qmp_done(call, call_ops(call)->log_writes(
				       call_ctx(call), json_is_true(enable)));
}

static void
run_human_monitor_command(struct qmp_call *call)
{
	const char *line =
		json_string_value(json_object_get(call->args, "command-line"));
	char *text;
	int len;

	if (!line) {
		qmp_error(call, QMP_GENERIC_ERROR,
			  "Parameter 'command-line' is missing");
		return;
	}
	text = malloc(QMP_MAX_TEXT);
	if (!text) {
		qmp_done(call, -ENOMEM);
		return;
	}
	text[0] = '\0';
	len = call_ops(call)->command(call_ctx(call), line, text, QMP_MAX_TEXT);
	if (len == -ENOENT) /* as QEMU: an answer, not an error */
		qmp_return(call,
			   json_sprintf("unknown command: '%s'\r\n", line));
	else if (len < 0)
		qmp_done(call, len);
	else
		qmp_return(call, qmp_text(text));
	free(text);
}

static void
run_quit(struct qmp_call *call)
{
	const struct qmp_ops *ops = call_ops(call);
	void *ctx = call_ctx(call);

	qmp_return(call, json_object());
	ops->quit(ctx);
}

static void run_query_commands(struct qmp_call *call);

static const struct qmp_command commands[] = {
	{ "add-fd", "opaque", run_add_fd },
	/* disks */
	{ "blockdev-change-medium",
	  "device id filename format read-only-mode force", run_change_medium },
	{ "eject", "device id force", run_eject },
	{ "query-block", NULL, run_query_block },
	{ "query-blockstats", NULL, run_query_blockstats },
	/* others */
	{ "cont", NULL, run_cont },
	{ "device_add", "*", qmp_run_device_add },
	{ "device_del", "id", qmp_run_device_del },
	{ "human-monitor-command", "command-line cpu-index",
	  run_human_monitor_command },
	{ "qmp_capabilities", "enable", run_capabilities },
	{ "query-chardev", NULL, run_query_chardev },
	{ "query-command-line-options", "option",
	  run_query_command_line_options },
	{ "query-commands", NULL, run_query_commands },
	{ "query-cpus-fast", NULL, qmp_run_query_cpus_fast },
	{ "query-hotpluggable-cpus", NULL, qmp_run_query_hotpluggable_cpus },
	{ "query-name", NULL, run_query_name },
	{ "query-pci", NULL, qmp_run_query_pci },
	{ "query-status", NULL, run_query_status },
	{ "query-version", NULL, run_query_version },
	{ "query-vnc", NULL, run_query_vnc },
	{ "quit", NULL, run_quit },
	{ "stop", NULL, run_stop },
	{ "system_wakeup", NULL, qmp_run_system_wakeup },
	{ "x-take-over", NULL, run_take_over },
	{ "x-taken", NULL, run_taken },
	{ "xen-save-devices-state", "filename live", run_save },
	{ "xen-set-global-dirty-log", "enable", run_log_writes },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
run_query_commands(struct qmp_call *call)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < N_COMMANDS; i++)
		json_array_append_new(
			list, json_pack("{s:s}", "name", commands[i].name));
	qmp_return(call, list);
}

const struct qmp_command *
qmp_command_find(const char *name)
{
	unsigned i;

	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}
