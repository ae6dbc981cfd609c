/* SPDX-License-Identifier: MIT */
/*
 * escape - a device in the hands of an attacker: told by a write to its port,
 * it tries what no device needs, and tells what came of it, to the guest and in
 * the log.
 *
 *	port + i	attempt i below: 0: it worked, else errno
 *	port + 30	domains it reached by device model operations
 *	port + 31	domains whose memory it could ask for
 */
#include <ioemu/device.h>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTS 32u
#define DM_OP 30u
#define MAP 31u
#define MAX_FD 256
#define MAX_DOMID 16u /* the kernel logs each refusal, slowly */
#define PAGE 4096u
/* Linux, include/uapi/xen/privcmd.h: struct privcmd_hypercall is six words. */
#define IOCTL_HYPERCALL _IOC(_IOC_NONE, 'P', 0, 48)

struct escape {
	uint16_t port;
	uint8_t result[PORTS];
};

/* ---- the system --------------------------------------------------- */

static int
close_good(int fd)
{
	return fd < 0 ? fd : close(fd);
}

static int
try_open(void)
{
	return close_good(open("/etc/passwd", O_RDONLY));
}

static int
try_make(void)
{
	return close_good(open("/tmp/escape", O_RDWR | O_CREAT, 0600));
}

static int
try_privcmd(void)
{
	return close_good(open("/dev/xen/privcmd", O_RDWR));
}

static int
try_inet(void)
{
	return close_good(socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_unix(void)
{
	return close_good(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
end_of(pid_t pid)
{
	if (!pid)
		_exit(0);
	return pid < 0 ? -1 : (int)waitpid(pid, NULL, 0);
}

static int
try_fork(void)
{
	return end_of((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int
try_clone3(void)
{
	const struct clone_args args = { .exit_signal = SIGCHLD };

	return end_of((pid_t)syscall(SYS_clone3, &args, sizeof(args)));
}

static int
try_exec(void)
{
	char *const argv[] = { "/no/such/program", NULL };

	return execve(argv[0], argv, argv + 1);
}

static int
try_ptrace(void)
{
	return (int)ptrace(PTRACE_DETACH, 1, NULL, NULL);
}

static int
try_code(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : munmap(p, PAGE);
}

static int
try_kill(void)
{
	return kill(1, 0);
}

static int
try_setuid(void)
{
	return setuid(0);
}

static int
try_chroot(void)
{
	return chroot("/");
}

static int
try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

/* With no descriptor: whoever lets it through says that there is none. */
static int
try_connect(void)
{
	const struct sockaddr_un addr = { .sun_family = AF_UNIX };

	return connect(-1, (const struct sockaddr *)&addr, sizeof(addr));
}

static int
try_bind(void)
{
	const struct sockaddr_un addr = { .sun_family = AF_UNIX };

	return bind(-1, (const struct sockaddr *)&addr, sizeof(addr));
}

static int
try_option(void)
{
	const int on = 1;

	return setsockopt(-1, SOL_SOCKET, SO_RCVBUF, &on, sizeof(on));
}

static int
try_truncate(void)
{
	return ftruncate(-1, PAGE);
}

static int
try_hypercall(void)
{
	return ioctl(-1, IOCTL_HYPERCALL, NULL);
}

static int
try_unlink(void)
{
	return unlink("/no/such/file");
}

/* ---- the helper --------------------------------------------------- */

/* mini-ioemu/helper/priv.h: whoever broke in knows it. */
enum { ADD = 0, ADD_ADDRESS = 1, ADD_PATH = 2, START = 4, REMOVE = 10 };

struct helper_request {
	uint32_t what;
	int32_t number;
	uint32_t arg, uid, gid;
	char bytes[200];
};

/* Its socket, the only one of that kind; -1: there is no helper. */
static int
helper(void)
{
	int fd, type;
	socklen_t len = sizeof(type);

	for (fd = 0; fd < MAX_FD; fd++)
		if (!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
		    type == SOCK_SEQPACKET)
			return fd;
	errno = EPERM;
	return -1;
}

/* As the helper's answer says. */
static int
ask_helper(const struct helper_request *req)
{
	int32_t reply[3];
	int fd = helper();

	if (fd < 0 || send(fd, req, sizeof(*req), MSG_NOSIGNAL) < 0)
		return -1;
	if (recv(fd, reply, sizeof(reply), 0) != sizeof(reply)) {
		errno = ESHUTDOWN;
		return -1;
	}
	if (reply[0] >= 0)
		return 0;
	errno = -reply[0];
	return -1;
}

static int
try_teach(void)
{
	return ask_helper(&(struct helper_request){
		.what = ADD,
		.bytes = "touch\0/tmp/escape-helper",
	});
}

static int
try_address(void)
{
	return ask_helper(&(struct helper_request){ .what = ADD_ADDRESS });
}

static int
try_path(void)
{
	return ask_helper(&(struct helper_request){
		.what = ADD_PATH,
		.bytes = "/tmp/escape-helper",
	});
}

static const struct {
	const char *what;
	int (*run)(void);
} attempts[] = {
	{ "read a file", try_open },
	{ "make a file", try_make },
	{ "open privcmd", try_privcmd },
	{ "make an internet socket", try_inet },
	{ "make a Unix socket", try_unix },
	{ "fork", try_fork },
	{ "clone3", try_clone3 },
	{ "run a program", try_exec },
	{ "trace init", try_ptrace },
	{ "map code", try_code },
	{ "signal init", try_kill },
	{ "be root", try_setuid },
	{ "change root", try_chroot },
	{ "have other namespaces", try_unshare },
	{ "connect", try_connect },
	{ "listen", try_bind },
	{ "set an option of a socket", try_option },
	{ "cut a file", try_truncate },
	{ "call the hypervisor", try_hypercall },
	{ "remove a file", try_unlink },
	{ "teach the helper a program", try_teach },
	{ "teach the helper an address", try_address },
	{ "teach the helper a file to remove", try_path },
};

#define N_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

_Static_assert(N_ATTEMPTS <= DM_OP, "ports");

/* ---- other domains ------------------------------------------------ */

/* Linux, include/uapi/xen/privcmd.h. */
struct dm_op_buf {
	void *ptr;
	size_t size;
};

struct dm_op {
	uint16_t domid, num;
	const struct dm_op_buf *bufs;
};

struct map_batch {
	unsigned num;
	uint16_t domid;
	uint64_t addr;
	const uint64_t *gfn;
	int *err;
};

#define IOCTL_DM_OP _IOC(_IOC_NONE, 'P', 5, sizeof(struct dm_op))
#define IOCTL_MAP_BATCH _IOC(_IOC_NONE, 'P', 4, sizeof(struct map_batch))

/* Xen, public/hvm/dm_op.h: route PCI link 255, which there is not. */
static int
ask_dm_op(int fd, uint16_t domid)
{
	uint32_t op[16] = { 9, 0, 0xff };
	const struct dm_op_buf buf = { op, sizeof(op) };
	const struct dm_op call = { domid, 1, &buf };

	return ioctl(fd, IOCTL_DM_OP, &call);
}

static int
ask_map(int fd, uint16_t domid)
{
	const uint64_t gfn = 0;
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	int err = 0, rc;
	struct map_batch call = { 1, domid, (uintptr_t)at, &gfn, &err };

	if (at == MAP_FAILED)
		return -1;
	rc = ioctl(fd, IOCTL_MAP_BATCH, &call);
	munmap(at, PAGE);
	return rc;
}

/* A request that came to Xen: what Xen says of it is not EPERM. */
static bool
came_through(int rc)
{
	switch (rc ? errno : 0) {
	case EPERM:  /* the sandbox, or the kernel: not this domain */
	case EBADF:  /* no descriptor */
	case ENOTTY: /* of something else */
	case ENOSYS: /* evtchn */
	case ENODEV: /* nothing to map, for ask_map() */
	case EACCES:
		return false;
	default:
		return true;
	}
}

static uint8_t
reached(int (*ask)(int fd, uint16_t domid))
{
	uint8_t n = 0;
	uint16_t domid;
	int fd;

	for (domid = 0; domid < MAX_DOMID; domid++) {
		for (fd = 0; fd < MAX_FD; fd++)
			if (fcntl(fd, F_GETFD) >= 0 &&
			    came_through(ask(fd, domid)))
				break;
		n = (uint8_t)(n + (fd < MAX_FD));
	}
	return n;
}

/* ---- device ------------------------------------------------------- */

static void
port_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct escape *e = ioemu_state(dev);

	a->value = e->result[a->offset];
}

static void
port_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct escape *e = ioemu_state(dev);
	int fd = open("/dev/xen/privcmd", O_RDWR);
	unsigned i;

	(void)a;
	for (i = 0; i < N_ATTEMPTS; i++) {
		e->result[i] = attempts[i].run() < 0 ? (uint8_t)errno : 0;
		ioemu_log(dev, IOEMU_INFO, "ESCAPE %s: %s", attempts[i].what,
			  e->result[i] ? strerror(e->result[i]) : "WORKED");
	}
	e->result[DM_OP] = reached(ask_dm_op);
	e->result[MAP] = reached(ask_map);
	ioemu_log(dev, IOEMU_INFO, "ESCAPE reached %u domains, memory of %u",
		  e->result[DM_OP], e->result[MAP]);
	if (fd >= 0)
		close(fd);
}

static const struct ioemu_region ports = {
	.name = "ports",
	.size = PORTS,
	.min = 1,
	.max = 1,
	.read = port_read,
	.write = port_write,
};

static int
escape_attach(struct ioemu_dev *dev)
{
	const struct escape *e = ioemu_state(dev);

	return ioemu_window(dev, IOEMU_PIO, e->port, &ports);
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct escape, port, "0x5b0", "first of 32 I/O ports"),
	{ 0 },
};

static const struct ioemu_type escape = {
	IOEMU_TYPE(struct escape),
	.name = "escape",
	.summary = "tries to get out, and tells",
	.props = props,
	.attach = escape_attach,
};

IOEMU_PLUGIN(&escape);
