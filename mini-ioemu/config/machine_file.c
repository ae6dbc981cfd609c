/* SPDX-License-Identifier: MIT */
/*
 * The machine description: which devices make the machine, as data. The format
 * is in mini-ioemu-machine(5). A line is a rule: `device` makes one device,
 * `serial` one for each -serial, `drive IF MEDIA` one for each such -drive.
 * Knows no type and no property.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/priv.h"

#define MAX_FILE 65536u
#define MAX_WORDS 6u /* drive IF MEDIA TYPE if NAME */
#define MAX_VARS 24u
#define MAX_LINE 1024u
#define MAX_DEVICES 256u
#define BLANKS " \t\r"

struct var {
	const char *name;
	const char *value; /* NULL: unset */
};

struct machine {
	struct conf_ctx ctx;
	struct conf_device *devices; /* made so far */
	unsigned n_devices;
	unsigned n_vars, n_global; /* a rule's own come behind the global */
	struct var vars[MAX_VARS];
};

struct rule;

struct rule_kind {
	const char *name;
	unsigned n_words;   /* up to the device */
	const char *id_var; /* its own variable beside $index; or NULL */
	int (*run)(struct machine *m, const struct rule *rule);
	const char *form;
};

/* One line taken apart. */
struct rule {
	const struct rule_kind *kind;
	unsigned n;
	const char *word[MAX_WORDS];
	const char *device; /* "TYPE,key=value,..." */
};

/* ---- variables ------------------------------------------------------- */

static void
var_add(struct machine *m, const char *name, const char *value)
{
	m->vars[m->n_vars++] = (struct var){ .name = name, .value = value };
}

static int
var_add_number(struct machine *m, const char *name, unsigned number)
{
	const char *text = conf_printf(&m->ctx, "%u", number);

	var_add(m, name, text);
	return text ? 0 : -ENOMEM;
}

/* The disk with that index of the interface "ide": a PC's firmware knows four
 * by names. */
static const struct geometry *
var_disk(const struct conf *conf, unsigned index)
{
	const struct conf_drive *d = conf->drives;

	while (d && (strcmp(d->iface, "ide") || d->index != index))
		d = d->next;
	return d && d->geometry.heads ? &d->geometry : NULL;
}

static int
var_add_disks(struct machine *m)
{
	static const char *const name[] = { "hda", "hdb", "hdc", "hdd" };
	const struct geometry *g;
	const char *text;
	unsigned i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		g = var_disk(m->ctx.conf, i);
		text = g ? conf_printf(&m->ctx, "%u/%u/%u/%s", g->cyls,
				       g->heads, g->secs, g->translation)
			 : NULL;
		if (g && !text)
			return -ENOMEM;
		var_add(m, name[i], text);
	}
	return 0;
}

static int
var_add_global(struct machine *m)
{
	const struct conf *conf = m->ctx.conf;

	var_add(m, "name", conf->name);
	var_add(m, "boot", conf->boot);
	var_add(m, "kernel", conf->kernel);
	var_add(m, "initrd", conf->initrd);
	var_add(m, "append", conf->append);
	var_add(m, "xen-platform", conf->xen_platform ? "on" : NULL);
	if (!conf->memory_mib)
		var_add(m, "memory", NULL);
	else if (var_add_number(m, "memory", conf->memory_mib))
		return -ENOMEM;
	if (var_add_number(m, "vcpus", conf->vcpus) ||
	    var_add_number(m, "maxvcpus", conf->max_vcpus) || var_add_disks(m))
		return -ENOMEM;
	m->n_global = m->n_vars;
	return 0;
}

static int
var_unknown(const struct machine *m, const char *name, size_t len)
{
	char known[CONF_ERROR_MAX / 2] = "";
	size_t used = 0;
	unsigned i;

	for (i = 0; i < m->n_vars; i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used,
					 " %s", m->vars[i].name);
	return conf_fail(&m->ctx, "unknown variable '%.*s'; known here:%s",
			 (int)len, name, known);
}

static int
var_find(const struct machine *m, const char *name, size_t len,
	 const char **value)
{
	unsigned i;

	for (i = 0; i < m->n_vars; i++) {
		if (strncmp(m->vars[i].name, name, len) || m->vars[i].name[len])
			continue;
		*value = m->vars[i].value;
		return 0;
	}
	return var_unknown(m, name, len);
}

/*
 * Replace every $name, and $$ by a dollar; a literal part comes before each.
 * *out is NULL if a variable is unset.
 */
static int
var_expand(const struct machine *m, const char *text, const char **out)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz-";
	const char *value, *done = "";
	size_t lit, len;
	int err;

	for (; *text; text += len) {
		lit = strcspn(text, "$");
		done = conf_printf(&m->ctx, "%s%.*s", done, (int)lit, text);
		if (!done)
			return -ENOMEM;
		text += lit;
		if (!*text)
			break;
		text++;
		len = *text == '$' ? 1 : strspn(text, chars);
		value = "$";
		err = *text == '$' ? 0 : var_find(m, text, len, &value);
		if (err || !value) {
			*out = NULL;
			return err;
		}
		done = conf_printf(&m->ctx, "%s%s", done, value);
		if (!done)
			return -ENOMEM;
	}
	*out = done;
	return 0;
}

/* ---- rules ----------------------------------------------------------- */

/* Values of a list; properties with an unset variable go. */
static int
expand_list(const struct machine *m, struct conf_prop **list)
{
	struct conf_prop *prop, *next, *kept = NULL;
	const char *value;
	int err;

	for (prop = *list; prop; prop = next) {
		next = prop->next;
		err = var_expand(m, prop->value, &value);
		if (err)
			return err;
		if (!value)
			continue;
		prop->value = value;
		prop->next = NULL;
		CONF_APPEND(kept, prop);
	}
	*list = kept;
	return 0;
}

static int
make_device(struct machine *m, const char *text)
{
	struct conf_device *dev;
	struct conf_prop *list;
	int err;

	if (++m->n_devices > MAX_DEVICES)
		return conf_fail(&m->ctx, "more than %u devices", MAX_DEVICES);
	/* Split first: values may hold commas. */
	err = conf_split(&m->ctx, text, CONF_TYPE, &list);
	if (!err)
		err = expand_list(m, &list);
	if (!err)
		err = conf_device(&m->ctx, list, &dev);
	if (err)
		return err;
	if (dev->id && (conf_find_device(m->devices, dev->id) ||
			conf_find_device(m->ctx.conf->devices, dev->id)))
		return conf_fail(&m->ctx, "id '%s' is given twice", dev->id);
	CONF_APPEND(m->devices, dev);
	return 0;
}

static int
rule_device(struct machine *m, const struct rule *rule)
{
	return make_device(m, rule->device);
}

/* Of a disk that was looked at. */
static int
var_add_geometry(struct machine *m, const struct geometry *g)
{
	if (!g->heads) {
		var_add(m, "heads", NULL);
		var_add(m, "secs", NULL);
		return 0;
	}
	if (var_add_number(m, "heads", g->heads))
		return -ENOMEM;
	return var_add_number(m, "secs", g->secs);
}

/* Variables of its own: $index, $chardev or $drive, and (not NULL) geometry. */
static int
make_indexed(struct machine *m, const struct rule *rule, const char *id,
	     unsigned index, const struct geometry *geometry)
{
	int err;

	var_add(m, rule->kind->id_var, id);
	err = var_add_number(m, "index", index);
	if (!err && geometry)
		err = var_add_geometry(m, geometry);
	if (!err)
		err = make_device(m, rule->device);
	m->n_vars = m->n_global;
	return err;
}

static int
rule_serial(struct machine *m, const struct rule *rule)
{
	struct conf_serial *s;
	int err = 0;

	for (s = m->ctx.conf->serials; s && !err; s = s->next) {
		err = make_indexed(m, rule, s->chardev, s->index, NULL);
		s->placed = true;
	}
	return err;
}

static int
rule_drive(struct machine *m, const struct rule *rule)
{
	struct conf_drive *d;
	int err = 0;

	for (d = m->ctx.conf->drives; d && !err; d = d->next) {
		if (strcmp(d->iface, rule->word[1]) ||
		    strcmp(d->media, rule->word[2]))
			continue;
		err = make_indexed(m, rule, d->id, d->index, &d->geometry);
		d->placed = true;
	}
	return err;
}

static const struct rule_kind rule_kinds[] = {
	{ "device", 1, NULL, rule_device, "device TYPE,... [if NAME]" },
	{ "serial", 1, "chardev", rule_serial, "serial TYPE,... [if NAME]" },
	{ "drive", 3, "drive", rule_drive,
	  "drive IF MEDIA TYPE,... [if NAME]" },
};

static const struct rule_kind *
rule_find(const char *word)
{
	unsigned i;

	for (i = 0; i < sizeof(rule_kinds) / sizeof(rule_kinds[0]); i++)
		if (!strcmp(word, rule_kinds[i].name))
			return &rule_kinds[i];
	return NULL;
}

/* A line with its device and, perhaps, `if NAME` behind it. */
static int
rule_run(struct machine *m, struct rule *rule)
{
	const char *value = "", *name;
	unsigned n;

	rule->kind = rule_find(rule->word[0]);
	if (!rule->kind)
		return conf_fail(&m->ctx,
				 "'%s' is none of device, serial, drive",
				 rule->word[0]);
	n = rule->kind->n_words + 1;
	if (rule->n != n && (rule->n != n + 2 || strcmp(rule->word[n], "if")))
		return conf_fail(&m->ctx, "the line's form is: %s",
				 rule->kind->form);
	rule->device = rule->word[n - 1];
	name = rule->n > n ? rule->word[n + 1] : NULL;
	if (name && var_find(m, name, strlen(name), &value))
		return -EINVAL;
	return value ? rule->kind->run(m, rule) : 0;
}

/* Blanks separate words; a word that begins with # ends the line. */
static int
line_run(struct machine *m, const char *s)
{
	struct rule rule = { .n = 0 };
	size_t len;

	for (s += strspn(s, BLANKS); *s && *s != '#'; s += strspn(s, BLANKS)) {
		len = strcspn(s, BLANKS);
		if (rule.n == MAX_WORDS)
			return conf_fail(&m->ctx, "too many words");
		rule.word[rule.n] = conf_strndup(&m->ctx, s, len);
		if (!rule.word[rule.n++])
			return -ENOMEM;
		s += len;
	}
	return rule.n ? rule_run(m, &rule) : 0;
}

/* ---- the whole ------------------------------------------------------- */

/* What the user asked for and no line took would be missing silently. */
static int
check_placed(const struct machine *m)
{
	const struct conf_serial *serial = m->ctx.conf->serials;
	const struct conf_drive *drive;

	if (serial && !serial->placed)
		return conf_fail(&m->ctx, "no 'serial' line, but the guest is "
					  "to have a serial port");
	for (drive = m->ctx.conf->drives; drive; drive = drive->next)
		if (!drive->placed && strcmp(drive->iface, "none"))
			return conf_fail(&m->ctx,
					 "no 'drive %s %s' line, but there is "
					 "a -drive with if=%s,media=%s",
					 drive->iface, drive->media,
					 drive->iface, drive->media);
	return 0;
}

static int
text_run(struct machine *m, const char *name, const char *text, size_t len)
{
	const char *end = text + len, *eol, *line;
	unsigned number;
	int err = 0;

	for (number = 1; text < end && !err; number++) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (!eol)
			eol = end;
		m->ctx.where = conf_printf(&m->ctx, "%s:%u", name, number);
		line = conf_strndup(&m->ctx, text, (size_t)(eol - text));
		if (!m->ctx.where || !line)
			return -ENOMEM;
		if (memchr(line, '\0', (size_t)(eol - text)))
			return conf_fail(&m->ctx, "this is no text file");
		if (eol - text > (ptrdiff_t)MAX_LINE)
			return conf_fail(&m->ctx, "the line is longer than %u",
					 MAX_LINE);
		err = line_run(m, line);
		text = eol + 1;
	}
	return err;
}

int
conf_parse_machine(struct conf *conf, const char *name, const char *text,
		   size_t len, struct conf_error *err)
{
	struct machine m = {
		.ctx = { .conf = conf, .err = err, .where = name },
	};
	int ret;

	if (len > MAX_FILE)
		return conf_fail(&m.ctx, "longer than %u bytes", MAX_FILE);
	ret = var_add_global(&m);
	if (!ret)
		ret = text_run(&m, name, text, len);
	m.ctx.where = name;
	if (!ret)
		ret = check_placed(&m);
	if (ret)
		return ret;
	CONF_APPEND(m.devices, conf->devices);
	conf->devices = m.devices;
	return 0;
}

/* One that cannot be opened is told of when its device wants it. */
static void
look_at_disks(struct conf *conf)
{
	struct conf_drive *d;

	for (d = conf->drives; d; d = d->next)
		if (d->file && !strcmp(d->media, "disk") &&
		    geometry_of(d->file, &d->geometry))
			d->geometry.heads = 0;
}

int
conf_read_machine(struct conf *conf, const char *path, struct conf_error *err)
{
	struct conf_ctx c = { .conf = conf, .err = err, .where = path };
	char *text = conf_alloc(&c, MAX_FILE + 1);
	ssize_t len;
	int fd, ret;

	if (!text)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, MAX_FILE + 1);
	ret = len < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	look_at_disks(conf);
	if (!ret)
		return conf_parse_machine(conf, path, text, (size_t)len, err);
	conf_fail(&c,
		  "cannot read this machine description: %s (is mini-ioemu "
		  "installed? --machine-file names another)",
		  strerror(-ret));
	return ret;
}
