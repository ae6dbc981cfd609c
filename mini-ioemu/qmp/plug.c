/* SPDX-License-Identifier: MIT */
/*
 * The commands for devices and processors that come and go, and for waking the
 * guest. libxl's side: libxl_domain.c (set_vcpuonline_qmp_...), libxl_pci.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/priv.h"

#define CPU_DRIVER "vcpu" /* ours to choose: libxl gives it back to us */
#define WHY_SIZE 256u

/* ---- properties as words ------------------------------------------ */

/* A comma ends a value unless doubled. */
static void
put_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == ',')
			(void)putc(',', out);
		(void)putc(*value, out);
	}
}

static bool
put_property(FILE *out, const char *key, const json_t *value)
{
	fprintf(out, ",%s=", key);
	if (json_is_string(value))
		put_value(out, json_string_value(value));
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		fprintf(out, "%s", json_is_true(value) ? "on" : "off");
	else
		return false;
	return true;
}

/* NULL: the call is answered with what is wrong. */
static char *
device_text(struct qmp_call *call, const char *driver)
{
	const char *key, *wrong = NULL;
	char *text = NULL;
	size_t size;
	json_t *arg;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		qmp_done(call, -ENOMEM);
		return NULL;
	}
	put_value(out, driver);
	json_object_foreach(call->args, key,
			    arg) if (strcmp(key, "driver") &&
				     !put_property(out, key, arg)) wrong = key;
	if (!fclose(out) && !wrong)
		return text;
	if (wrong)
		qmp_error(call, QMP_GENERIC_ERROR,
			  "Parameter '%s' must be a string, an integer or a "
			  "boolean",
			  wrong);
	else
		qmp_done(call, -ENOMEM);
	free(text);
	return NULL;
}

/* ---- commands ----------------------------------------------------- */

static void
call_end(struct qmp_call *call, int rc, const char *why)
{
	if (rc && *why)
		qmp_fail(call, why);
	else
		qmp_done(call, rc);
}

static void
add_cpu(struct qmp_call *call)
{
	const json_t *socket = json_object_get(call->args, "socket-id");
	json_int_t cpu = json_integer_value(socket);
	char why[WHY_SIZE] = "";

	if (!json_is_integer(socket) || cpu < 0 || cpu > QMP_MAX_CPU)
		qmp_fail(call, "Parameter 'socket-id' must be the number of a "
			       "processor");
	else
		call_end(call,
			 call_ops(call)->add_cpu(call_ctx(call), (unsigned)cpu,
						 why, sizeof(why)),
			 why);
}

static void
add_device(struct qmp_call *call, const char *driver)
{
	char *text = device_text(call, driver);
	char why[WHY_SIZE] = "";

	if (text)
		call_end(call,
			 call_ops(call)->add_device(call_ctx(call), text, why,
						    sizeof(why)),
			 why);
	free(text);
}

void
qmp_run_device_add(struct qmp_call *call)
{
	const char *driver =
		json_string_value(json_object_get(call->args, "driver"));

	if (!driver)
		qmp_fail(call, "Parameter 'driver' is missing");
	else if (!strcmp(driver, CPU_DRIVER))
		add_cpu(call);
	else
		add_device(call, driver);
}

void
qmp_run_device_del(struct qmp_call *call)
{
	const char *id = json_string_value(json_object_get(call->args, "id"));
	char why[WHY_SIZE] = "";

	if (!id)
		qmp_fail(call, "Parameter 'id' is missing");
	else
		call_end(call,
			 call_ops(call)->del_device(call_ctx(call), id, why,
						    sizeof(why)),
			 why);
}

/* A list of buses, each with its functions. libxl looks for slot, function and
 * qdev_id; QEMU tells more, for which see lspci in the guest. */
void
qmp_run_query_pci(struct qmp_call *call)
{
	json_t *buses = json_array(), *devices = NULL;
	struct qmp_pci pci;
	int bus = -1;
	unsigned i;

	for (i = 0; call_ops(call)->pci(call_ctx(call), i, &pci); i++) {
		if ((int)pci.bus != bus) {
			bus = (int)pci.bus;
			devices = json_array();
			json_array_append_new(
				buses, json_pack("{s:i, s:o}", "bus", bus,
						 "devices", devices));
		}
		json_array_append_new(devices,
				      json_pack("{s:i, s:i, s:i, s:o}", "bus",
						bus, "slot", (int)pci.slot,
						"function", (int)pci.function,
						"qdev_id", qmp_text(pci.id)));
	}
	qmp_return(call, buses);
}

void
qmp_run_query_hotpluggable_cpus(struct qmp_call *call)
{
	unsigned i, n = call_ops(call)->max_cpus(call_ctx(call));
	json_t *list = json_array();

	for (i = n; i--;)
		json_array_append_new(
			list, json_pack("{s:s, s:i, s:{s:i, s:i, s:i}}", "type",
					CPU_DRIVER, "vcpus-count", 1, "props",
					"socket-id", (int)i, "core-id", 0,
					"thread-id", 0));
	qmp_return(call, list);
}

void
qmp_run_query_cpus_fast(struct qmp_call *call)
{
	unsigned i, n = call_ops(call)->max_cpus(call_ctx(call));
	json_t *list = json_array();

	for (i = 0; i < n; i++)
		if (call_ops(call)->cpu_is_on(call_ctx(call), i))
			json_array_append_new(
				list, json_pack("{s:i, s:s}", "cpu-index",
						(int)i, "target", "x86_64"));
	qmp_return(call, list);
}

void
qmp_run_system_wakeup(struct qmp_call *call)
{
	int rc = call_ops(call)->wake(call_ctx(call));

	call_end(call, rc,
		 rc == -EINVAL ? "Unable to wake up: guest is not "
				 "in suspended state"
			       : "");
}
