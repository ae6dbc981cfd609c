/* SPDX-License-Identifier: MIT */
/* What the QMP server says to each command, and who is refused. */
#include "qmp_side.h"

#include <fcntl.h>

/* ---- what is said ---------------------------------------------------- */

static void
the_greeting_comes_unasked(void **state)
{
	struct core *core = *state;
	int fd = dial(core->path);

	expect(core, fd,
	       "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7, \"minor\": "
	       "2, \"micro\": 0}, \"package\": \"mini-ioemu test\"}, "
	       "\"capabilities\": []}}");
	close(fd);
}

static void
commands_before_negotiation_are_not_found(void **state)
{
	struct core *core = *state;
	int fd = dial(core->path);

	json_decref(next(core, fd));
	tell(core, fd, "{\"execute\": \"cont\", \"id\": 5}");
	expect_error(core, fd, "CommandNotFound");
	assert_string_equal(core->status, "prelaunch");
	close(fd);
}

static void
negotiating_twice_is_not_found(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, GREETED);
	expect_error(core, fd, "CommandNotFound");
	close(fd);
}

static void
asks(struct core *core, int fd, const char *command, const char *arguments,
     const char *answer)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"execute\": \"%s\", \"arguments\": {%s}}", command,
		 arguments);
	tell(core, fd, text);
	expect(core, fd, answer);
}

#define SAYS(text)                                                             \
	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"" text "\"}}"

static void
devices_come_with_any_words_and_go_by_id(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	asks(core, fd, "device_add",
	     "\"driver\": \"ram\", \"size\": 12, \"ro\": true, "
	     "\"x\": false, \"y\": \"1,z=2\"",
	     SAYS("ram,size=12,ro=on,x=off,y=1,,z=2"));
	asks(core, fd, "device_add", "\"id\": \"a\"",
	     SAYS("Parameter 'driver' is missing"));
	asks(core, fd, "device_add", "\"driver\": \"ram\", \"a\": [1]",
	     SAYS("Parameter 'a' must be a string, an integer or a boolean"));
	asks(core, fd, "device_del", "\"id\": \"disk\"", SAYS("disk stays"));
	asks(core, fd, "device_del", "\"id\": \"nic\"", "{\"return\": {}}");
	asks(core, fd, "device_del", "", SAYS("Parameter 'id' is missing"));
	close(fd);
}

/* As libxl does it: the type is what it was told (libxl_domain.c). */
static void
processors_come_by_the_type_they_are_listed_with(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);
	json_t *list, *first;
	char args[128];

	tell(core, fd, "{\"execute\": \"query-hotpluggable-cpus\"}");
	list = next(core, fd);
	first = json_array_get(json_object_get(list, "return"), 0);
	assert_int_equal(json_array_size(json_object_get(list, "return")), 3);
	snprintf(args, sizeof(args), "\"driver\": \"%s\", \"socket-id\": ",
		 json_string_value(json_object_get(first, "type")));
	json_decref(list);
	strcat(args, "2");
	asks(core, fd, "device_add", args, "{\"return\": {}}");
	args[strlen(args) - 1] = '1';
	asks(core, fd, "device_add", args, SAYS("File exists"));
	strcpy(args + strlen(args) - 1, "-1");
	asks(core, fd, "device_add", args,
	     SAYS("Parameter 'socket-id' must be the number of a processor"));
	core->asleep = true;
	asks(core, fd, "system_wakeup", "", "{\"return\": {}}");
	close(fd);
}

static void
an_unknown_capability_is_refused(void **state)
{
	struct core *core = *state;
	int fd = dial(core->path);

	json_decref(next(core, fd));
	tell(core, fd,
	     "{\"execute\": \"qmp_capabilities\", \"arguments\": "
	     "{\"enable\": [\"oob\"]}}");
	expect_error(core, fd, "GenericError");
	close(fd);
}

static void
every_query_answers_as_libxl_reads_it(void **state)
{
	static const struct {
		const char *command, *answer;
	} dialogue[] = {
		{ "query-status",
		  "{\"return\": {\"status\": \"prelaunch\", "
		  "\"running\": false, \"singlestep\": false}}" },
		{ "query-version",
		  "{\"return\": {\"qemu\": {\"major\": 7, \"minor\": 2, "
		  "\"micro\": 0}, \"package\": \"mini-ioemu test\"}}" },
		{ "query-chardev",
		  "{\"return\": [{\"label\": \"serial0\", \"filename\": "
		  "\"pty:/dev/pts/3\", \"frontend-open\": true}, {\"label\": "
		  "\"mon?\", \"filename\": \"null\", \"frontend-open\": "
		  "true}]}" },
		{ "query-vnc", "{\"return\": {\"enabled\": false}}" },
		{ "query-name", "{\"return\": {\"name\": \"guest\"}}" },
		{ "query-cpus-fast",
		  "{\"return\": [{\"cpu-index\": 0, \"target\": \"x86_64\"}, "
		  "{\"cpu-index\": 1, \"target\": \"x86_64\"}]}" },
		{ "query-command-line-options", "{\"return\": []}" },
		{ "query-pci",
		  "{\"return\": [{\"bus\": 0, \"devices\": [{\"bus\": 0, "
		  "\"slot\": 0, \"function\": 0, \"qdev_id\": \"host\"}, "
		  "{\"bus\": 0, \"slot\": 1, \"function\": 1, "
		  "\"qdev_id\": \"nic\"}]}, {\"bus\": 1, \"devices\": "
		  "[{\"bus\": 1, \"slot\": 2, \"function\": 0, "
		  "\"qdev_id\": \"disk\"}, {\"bus\": 1, \"slot\": 3, "
		  "\"function\": 1, \"qdev_id\": \"ram\"}]}]}" },
		{ "system_wakeup",
		  "{\"error\": {\"class\": \"GenericError\", \"desc\": "
		  "\"Unable to wake up: guest is not in suspended "
		  "state\"}}" },
		{ "cont", "{\"return\": {}}" },
		{ "query-status",
		  "{\"return\": {\"status\": \"running\", "
		  "\"running\": true, \"singlestep\": false}}" },
	};
	struct core *core = *state;
	int fd = greeted(core);
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(dialogue) / sizeof(dialogue[0]); i++) {
		snprintf(text, sizeof(text), "{\"execute\": \"%s\"}",
			 dialogue[i].command);
		tell(core, fd, text);
		expect(core, fd, dialogue[i].answer);
	}
	close(fd);
}

static void
query_commands_lists_itself(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);
	json_t *answer, *item;
	bool found = false;
	size_t i;

	tell(core, fd, "{\"execute\": \"query-commands\"}");
	answer = next(core, fd);
	json_array_foreach(json_object_get(answer, "return"), i, item) found |=
		!strcmp(json_string_value(json_object_get(item, "name")),
			"query-commands");
	assert_true(found);
	json_decref(answer);
	close(fd);
}

static void
a_guest_without_a_name_has_none(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	core->name = NULL;
	tell(core, fd, "{\"execute\": \"query-name\"}");
	expect(core, fd, "{\"return\": {}}");
	close(fd);
}

/* ---- disks ------------------------------------------------------------------
 */

/* As libxenstat asks: no id, no end of line. */
static void
drives_and_their_figures_are_told(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{ \"execute\": \"query-block\" }");
	expect(core, fd,
	       "{\"return\": [{\"device\": \"ide0\", \"qdev\": \"ide-hd#1\", "
	       "\"type\": \"unknown\", \"removable\": false, "
	       "\"locked\": false, \"io-status\": \"nospace\", "
	       "\"inserted\": {\"file\": \"/disk?\", \"ro\": false, "
	       "\"drv\": \"raw\", \"backing_file_depth\": 0, "
	       "\"encrypted\": false, \"detect_zeroes\": \"off\", \"bps\": 0, "
	       "\"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, "
	       "\"iops_wr\": 0, \"image\": {\"filename\": \"/disk?\", "
	       "\"format\": \"raw\", \"virtual-size\": 1048576}}}, "
	       "{\"device\": \"ide-5632\", \"qdev\": \"cd\", "
	       "\"type\": \"unknown\", \"removable\": true, "
	       "\"locked\": true, \"tray_open\": true, "
	       "\"io-status\": \"ok\"}]}");
	tell(core, fd, "{ \"execute\": \"query-blockstats\" }");
	expect(core, fd,
	       "{\"return\": [{\"device\": \"ide0\", \"qdev\": \"ide-hd#1\", "
	       "\"stats\": {\"rd_operations\": 1, \"rd_bytes\": 2, "
	       "\"failed_rd_operations\": 3, \"rd_total_time_ns\": 4, "
	       "\"wr_operations\": 5, \"wr_bytes\": 6, "
	       "\"failed_wr_operations\": 7, \"wr_total_time_ns\": 8, "
	       "\"flush_operations\": 9, \"failed_flush_operations\": 10, "
	       "\"flush_total_time_ns\": 11}}, "
	       "{\"device\": \"ide-5632\", \"qdev\": \"cd\", "
	       "\"stats\": {\"rd_operations\": 0, \"rd_bytes\": 0, "
	       "\"failed_rd_operations\": 0, \"rd_total_time_ns\": 0, "
	       "\"wr_operations\": 0, \"wr_bytes\": 0, "
	       "\"failed_wr_operations\": 0, \"wr_total_time_ns\": 0, "
	       "\"flush_operations\": 0, \"failed_flush_operations\": 0, "
	       "\"flush_total_time_ns\": 0}}]}");
	close(fd);
}

static void
media_are_taken_out_by_name(void **state)
{
	static const struct {
		const char *args, *error; /* NULL: what `done` says */
		const char *done;
	} calls[] = {
		{ "\"id\": \"cd\"", NULL, "eject 1" },
		{ "\"device\": \"ide-5632\", \"force\": true", NULL,
		  "eject 1 force" },
		{ "\"id\": \"ide-5632\"", "DeviceNotFound", "" },
		{ "\"device\": \"cd\"", "DeviceNotFound", "" },
		{ "\"id\": \"ide-hd#1\"", "GenericError", "" },
		{ "\"id\": \"cd\", \"device\": \"ide-5632\"", "GenericError",
		  "" },
		{ "\"id\": 5", "GenericError", "" },
		{ "\"id\": \"cd\", \"force\": 1", "GenericError", "" },
		{ "", "GenericError", "" },
	};
	struct core *core = *state;
	int fd = greeted(core);
	char text[256];
	unsigned i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		core->changed[0] = '\0';
		snprintf(text, sizeof(text),
			 "{\"execute\": \"eject\", \"arguments\": {%s}}",
			 calls[i].args);
		tell(core, fd, text);
		if (calls[i].error)
			expect_error(core, fd, calls[i].error);
		else
			expect(core, fd, "{\"return\": {}}");
		assert_string_equal(core->changed, calls[i].done);
	}
	core->keep = true;
	tell(core, fd,
	     "{\"execute\": \"eject\", \"arguments\": {\"id\": \"cd\"}}");
	expect_error(core, fd, "GenericError");
	close(fd);
}

/* As libxl does it (libxl_disk.c, cdrom_insert_ejected and the next). */
static void
media_are_put_in_by_descriptor(void **state)
{
	static const struct {
		const char *args, *done; /* "": refused */
	} calls[] = {
		{ "", "" },
		{ "\"id\": \"cd\"", "" },
		{ "\"id\": \"cd\", \"filename\": \"/etc/passwd\"", "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/2\"", "" },
		{ "\"id\": \"hd\", \"filename\": \"/dev/fdset/1\"", "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\", "
		  "\"format\": \"qcow2\"",
		  "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\", "
		  "\"read-only-mode\": \"maybe\"",
		  "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\", "
		  "\"format\": \"raw\"",
		  "insert 1 ro" },
		/* taken */
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\"", "" },
	};
	struct core *core = *state;
	int fd = greeted(core), null = open("/dev/null", O_RDONLY);
	char text[256];
	unsigned i;

	tell_fds(fd, "{", &null, 1);
	tell(core, fd,
	     "\"execute\": \"add-fd\", \"arguments\": "
	     "{\"opaque\": \"cd:/x\"}, \"id\": 1}");
	json_decref(next(core, fd));
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		core->changed[0] = '\0';
		snprintf(text, sizeof(text),
			 "{\"execute\": \"blockdev-change-medium\", "
			 "\"arguments\": {%s}}",
			 calls[i].args);
		tell(core, fd, text);
		json_decref(next(core, fd));
		assert_string_equal(core->changed, calls[i].done);
	}
	tell_fds(fd, "{", &null, 1);
	tell(core, fd, "\"execute\": \"add-fd\"}");
	json_decref(next(core, fd));
	tell(core, fd,
	     "{\"execute\": \"blockdev-change-medium\", \"arguments\": "
	     "{\"device\": \"ide-5632\", \"filename\": \"/dev/fdset/2\", "
	     "\"read-only-mode\": \"read-write\", \"force\": true}}");
	expect(core, fd, "{\"return\": {}}");
	assert_string_equal(core->changed, "insert 1 rw force");
	close(null);
	close(fd);
}

static void
an_unknown_command_is_not_found(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{\"execute\": \"frobnicate\", \"id\": 7}");
	expect(core, fd,
	       "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The "
	       "command frobnicate has not been found\"}, \"id\": 7}");
	close(fd);
}

static void
a_human_line_gets_text(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd,
	     "{\"execute\": \"human-monitor-command\", \"arguments\": "
	     "{\"command-line\": \"hello\"}}");
	expect(core, fd, "{\"return\": \"hi\\r\\n?\"}");
	tell(core, fd,
	     "{\"execute\": \"human-monitor-command\", \"arguments\": "
	     "{\"command-line\": \"frob\"}}");
	expect(core, fd, "{\"return\": \"unknown command: 'frob'\\r\\n\"}");
	tell(core, fd,
	     "{\"execute\": \"human-monitor-command\", \"arguments\": "
	     "{\"command-line\": \"fail\"}}");
	expect_error(core, fd, "GenericError");
	tell(core, fd, "{\"execute\": \"human-monitor-command\"}");
	expect_error(core, fd, "GenericError");
	close(fd);
}

static void
quit_is_answered_first(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{\"execute\": \"quit\", \"id\": 2}");
	expect(core, fd, "{\"return\": {}, \"id\": 2}");
	assert_true(core->quit);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_greeting_comes_unasked),
		TEST(commands_before_negotiation_are_not_found),
		TEST(negotiating_twice_is_not_found),
		TEST(devices_come_with_any_words_and_go_by_id),
		TEST(processors_come_by_the_type_they_are_listed_with),
		TEST(an_unknown_capability_is_refused),
		TEST(every_query_answers_as_libxl_reads_it),
		TEST(query_commands_lists_itself),
		TEST(a_guest_without_a_name_has_none),
		TEST(drives_and_their_figures_are_told),
		TEST(media_are_taken_out_by_name),
		TEST(media_are_put_in_by_descriptor),
		TEST(an_unknown_command_is_not_found),
		TEST(a_human_line_gets_text),
		TEST(quit_is_answered_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
