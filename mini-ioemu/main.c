/* SPDX-License-Identifier: MIT */
/*
 * mini-ioemu: arguments -> plugins -> machine -> loop -> exit status. The
 * process that libxl starts is the one it signals, so it stays that one.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

#include "base/log.h"
#include "config/conf.h"
#include "control/monitor.h"
#include "machine/machine.h"
#include "upgrade/command.h"

static void
main_report(void *ctx, const char *path, int err, const char *why)
{
	(void)ctx;
	log_warn("%s: %s: left out", path, why ? why : strerror(-err));
}

/* The user's folders first: the first type of a name stays. Those must be
 * there; without the default one the machine may have all it wants. */
static int
main_load(struct host_plugins *plugins, const struct conf *conf)
{
	const struct conf_word *w;
	int rc;

	for (w = conf->plugin_dirs; w; w = w->next) {
		rc = host_plugins_load_dir(plugins, w->text, main_report, NULL);
		if (rc < 0) {
			log_error("plugin folder %s: %s", w->text,
				  strerror(-rc));
			return rc;
		}
	}
	rc = host_plugins_load_dir(plugins, IOEMU_PLUGIN_DIR, main_report,
				   NULL);
	if (rc < 0 && !conf->plugin_dirs)
		log_warn("plugin folder %s: %s", IOEMU_PLUGIN_DIR,
			 strerror(-rc));
	return 0;
}

static void
main_list_device(const struct host_type *t)
{
	static const char *const kind[] = {
		[IOEMU_KIND_BOOL] = "bool",   [IOEMU_KIND_U8] = "u8",
		[IOEMU_KIND_U16] = "u16",     [IOEMU_KIND_U32] = "u32",
		[IOEMU_KIND_U64] = "u64",     [IOEMU_KIND_STRING] = "string",
		[IOEMU_KIND_BLOCK] = "drive", [IOEMU_KIND_CHARDEV] = "chardev",
	};
	const struct ioemu_prop *p;
	const char *const *a;

	printf("%s", t->type.name);
	for (a = t->type.aliases; a && *a; a++)
		printf(", %s", *a);
	printf(": %s\n    from %s\n", t->type.summary, t->path);
	if (t->type.parent)
		printf("    bus=ID of a %s\n", t->type.parent);
	for (p = t->type.props; p && p->name; p++)
		printf("    %s=%s%s%s  %s\n", p->name, kind[p->kind],
		       p->def ? ", default " : "", p->def ? p->def : "",
		       p->help);
}

static int
main_list_devices(const struct host_plugins *plugins)
{
	const struct host_type *t;
	unsigned i;

	for (i = 0; (t = host_plugins_at(plugins, i)); i++)
		main_list_device(t);
	if (i)
		return 0;
	log_error("there is no plugin: name a folder that has some with "
		  "--plugin-dir");
	return -ENOENT;
}

/* One line, so that nobody believes in a display that is not there. */
static void
main_say_unserved(const struct conf *conf)
{
	const struct conf_word *w;
	char text[400];
	size_t n = 0;

	for (w = conf->unserved; w && n < sizeof(text); w = w->next)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				      n ? ", " : "", w->text);
	if (n)
		log_warn("accepted, but not served: %s", text);
}

/* ---- signals --------------------------------------------------------- */

#define N_SIGNALS 3u

static const int main_signals[N_SIGNALS] = { SIGHUP, SIGTERM, SIGINT };

/* Also while a saved guest is being loaded, in a turn of the loop below that
 * one: then it ends as soon as that is over. */
static void
main_signal(uv_signal_t *handle, int signum)
{
	bool *ended = handle->data;

	log_info("signal %d: ending", signum);
	*ended = true;
	uv_stop(handle->loop);
}

static void
main_watch_signals(uv_loop_t *loop, uv_signal_t *handle, bool *ended)
{
	unsigned i;

	(void)signal(SIGPIPE, SIG_IGN); /* libxl resets it to the default */
	/* too long a file is the write's error (setrlimit(2)) */
	(void)signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < N_SIGNALS; i++) {
		uv_signal_init(loop, &handle[i]);
		handle[i].data = ended;
		uv_signal_start(&handle[i], main_signal, main_signals[i]);
	}
}

/* ---- run ------------------------------------------------------------- */

/* The toolstack's probe: QMP answers, nothing else. */
static int
main_probe(uv_loop_t *loop, const struct conf *conf)
{
	const struct monitor_env env = { .loop = loop, .conf = conf };
	struct monitor *mon;
	int rc = monitor_new(&env, &mon);

	if (rc)
		return rc;
	monitor_go(mon);
	uv_run(loop, UV_RUN_DEFAULT);
	monitor_free(mon);
	return 0;
}

static int
main_guest(uv_loop_t *loop, const struct conf *conf,
	   const struct host_plugins *plugins, const bool *ended)
{
	struct machine *machine;
	int rc = conf->take_over ? take_guest(loop, conf, plugins, &machine)
				 : machine_new(loop, conf, plugins, &machine);

	if (rc)
		return rc;
	log_info("domain %d: ready", conf->domid);
	if (!*ended)
		uv_run(loop, UV_RUN_DEFAULT);
	if (machine_has_gone(machine)) /* with all that is open */
		_exit(EXIT_SUCCESS);
	rc = machine_result(machine);
	machine_free(machine);
	return rc;
}

static int
main_run(const struct conf *conf, const struct host_plugins *plugins)
{
	uv_signal_t signals[N_SIGNALS];
	bool ended = false;
	uv_loop_t loop;
	unsigned i;
	int rc;

	uv_loop_init(&loop);
	main_watch_signals(&loop, signals, &ended);
	rc = conf->no_machine ? main_probe(&loop, conf)
			      : main_guest(&loop, conf, plugins, &ended);
	for (i = 0; i < N_SIGNALS; i++)
		uv_close((uv_handle_t *)&signals[i], NULL);
	uv_run(&loop, UV_RUN_DEFAULT); /* let everything close */
	uv_loop_close(&loop);
	return rc;
}

static int
main_read_machine(struct conf *conf)
{
	const char *path =
		conf->machine_file ? conf->machine_file : IOEMU_MACHINE_FILE;
	struct conf_error err;
	int rc;

	if (conf->no_machine)
		return 0;
	rc = conf_read_machine(conf, path, &err);
	if (rc)
		log_error("%s", err.text);
	return rc;
}

static int
main_start(struct conf *conf)
{
	struct host_plugins *plugins;
	int rc = host_plugins_new(&plugins);

	if (rc)
		return rc;
	main_say_unserved(conf);
	rc = main_load(plugins, conf);
	if (!rc && conf->action == CONF_LIST_DEVICES)
		rc = main_list_devices(plugins);
	else if (!rc)
		rc = main_read_machine(conf);
	if (!rc && conf->action == CONF_RUN)
		rc = main_run(conf, plugins);
	host_plugins_free(plugins);
	return rc;
}

int
main(int argc, char **argv)
{
	struct conf_error err;
	struct conf conf;
	int rc;

	rc = conf_parse(argc, argv, &conf, &err);
	log_set_level(conf.log_level);
	if (rc)
		log_error("%s", err.text);
	else if (conf.action == CONF_VERSION)
		printf("mini-ioemu %s\n", IOEMU_VERSION);
	else if (conf.action == CONF_HELP)
		(void)fputs(conf_help(), stdout);
	else if (conf.take_over)
		rc = take_start(argc, argv, &conf, main_start);
	else
		rc = main_start(&conf);
	conf_free(&conf);
	if (rc)
		log_end(rc);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
