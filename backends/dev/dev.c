/*
 * The filesystem of /dev: the standard character devices and /dev/fd. Its nodes
 * are the core's; the directory fd has no names of its own but looks at the
 * descriptors that are open, each of which is a symbolic link without a path.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vfsfs/backend.h>
#include <vfsfs/dev.h>
#include <vfsfs/device.h>

/* ---- Drivers ---- */

static ssize_t null_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)s, (void)buf, (void)len, (void)pos;
	return 0;
}

static ssize_t zero_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)s, (void)pos;
	memset(buf, 0, len);
	return (ssize_t)len;
}

/* getentropy gives 256 bytes at most. */
static ssize_t random_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)s, (void)pos;
	for (size_t done = 0; done < len; done += 256)
		if (getentropy((char *)buf + done, len - done < 256 ? len - done : 256))
			return done ? (ssize_t)done : -EIO;
	return (ssize_t)len;
}

static ssize_t discard(FSStream *s, const void *buf, size_t len, off_t pos)
{
	(void)s, (void)buf, (void)pos;
	return (ssize_t)len;
}

static ssize_t full_write(FSStream *s, const void *buf, size_t len, off_t pos)
{
	(void)s, (void)buf, (void)pos;
	return len ? -ENOSPC : 0;
}

static int zero_mmap(FSStream *s, size_t len, off_t pos, int prot, void **addr)
{
	(void)s, (void)len, (void)pos, (void)prot, (void)addr;
	return 0; /* the core's own zeros */
}

/* Succeeds and leaves the position at 0, as on Linux. */
static off_t seek_nowhere(FSStream *s, off_t offset, int whence)
{
	(void)s, (void)offset, (void)whence;
	return 0;
}

static const StreamOps null_ops = {.llseek = seek_nowhere, .read = null_read, .write = discard};
static const StreamOps zero_ops = {
	.llseek = seek_nowhere, .read = zero_read, .write = discard, .mmap = zero_mmap};
static const StreamOps full_ops = {.llseek = seek_nowhere, .read = zero_read, .write = full_write};
static const StreamOps random_ops = {.llseek = seek_nowhere, .read = random_read, .write = discard};

static const struct device {
	char name[8];
	unsigned char major, minor;
	const StreamOps *ops; /* NULL: another's */
} devices[] = {{"null", 1, 3, &null_ops},      {"zero", 1, 5, &zero_ops},
	       {"full", 1, 7, &full_ops},      {"random", 1, 8, &random_ops},
	       {"urandom", 1, 9, &random_ops}, {"tty", 5, 0, NULL},
	       {"console", 5, 1, NULL}};

/* ---- fd ---- */

/* The link of descriptor n is ino FD_INO + n, far from those that count up. */
#define FD_INO ((uint64_t)1 << 32)

static int link_follow(FSNode *node, FSNode **out)
{
	return vfs_fd_node((int)(uint32_t)node->ino, out);
}

static const NodeOps link_ops = {.follow = link_follow};

/* The link of descriptor `name`. Its text is no path, as on Linux where there
 * is none: "fd:[3]". */
static int fd_lookup(FSNode *dir, const char *name, size_t len, FSNode **out)
{
	static const char text[] = "fd:[";
	int fd = 0;

	for (size_t k = 0; k < len; k++) {
		unsigned digit = (unsigned)name[k] - '0';
		if (digit > 9 || len > 9 || (k && !fd))
			return -ENOENT;
		fd = fd * 10 + (int)digit;
	}
	if (vfs_next_fd(fd) != fd)
		return -ENOENT;
	char *target = malloc(sizeof text + len + 1);
	if (!target)
		return -ENOMEM;
	FSNode *link = vfs_node_new(dir->mount, S_IFLNK | 0700, FD_INO + (unsigned)fd);
	if (!link) {
		free(target);
		return -ENOMEM;
	}
	memcpy(target, text, sizeof text - 1);
	memcpy(target + sizeof text - 1, name, len);
	memcpy(target + sizeof text - 1 + len, "]", 2);
	link->u.target = target;
	link->size = (off_t)(sizeof text + len);
	link->node_ops = &link_ops;
	*out = link;
	return 0;
}

/* Decimal, ended by NUL. */
static void put_number(char *to, unsigned n)
{
	char digits[10], *d = digits + sizeof digits;

	do
		*--d = (char)('0' + n % 10);
	while (n /= 10);
	while (d < digits + sizeof digits)
		*to++ = *d++;
	*to = 0;
}

static int fd_readdir(FSNode *dir, uint64_t *cookie, vfs_entry *out)
{
	int fd = *cookie > INT32_MAX ? -EBADF : vfs_next_fd((int)*cookie);

	(void)dir;
	if (fd < 0)
		return 0;
	*cookie = (unsigned)fd + 1;
	out->ino = FD_INO + (unsigned)fd;
	out->type = DT_LNK;
	put_number(out->name, (unsigned)fd);
	return 1;
}

static int fd_link(FSNode *dir, const char *name, size_t len, FSNode *node)
{
	(void)dir, (void)name, (void)len, (void)node;
	return -EPERM;
}

static int fd_rename(FSNode *from, const char *name, size_t len, FSNode *node, FSNode *to,
		     const char *new_name, size_t new_len, FSNode *victim)
{
	(void)from, (void)name, (void)len, (void)node;
	(void)to, (void)new_name, (void)new_len, (void)victim;
	return -EPERM;
}

static const NodeOps fd_ops = {
	.lookup = fd_lookup, .readdir = fd_readdir, .link = fd_link, .rename = fd_rename};

/* ---- The tree ---- */

static int dev_mknod(FSNode *dir, const char *name, size_t len, mode_t mode, dev_t rdev,
		     FSNode **out);
static const NodeOps dev_ops = {.mknod = dev_mknod};

static int dev_mknod(FSNode *dir, const char *name, size_t len, mode_t mode, dev_t rdev,
		     FSNode **out)
{
	(void)name, (void)len;
	if (S_ISREG(mode))
		return -EPERM;
	FSNode *node = vfs_node_new(dir->mount, mode, 0);
	if (!node)
		return -ENOMEM;
	node->node_ops = &dev_ops;
	node->rdev = rdev;
	*out = node;
	return 0;
}

static int dev_mount(FSMount *m, const void *options)
{
	static const char links[3][7] = {"stdin", "stdout", "stderr"};
	FSNode *root = vfs_node_new(m, S_IFDIR | 0755, 0), *node;
	int err = 0;

	(void)options;
	if (!root)
		return -ENOMEM;
	m->root = root;
	root->node_ops = &dev_ops;
	for (size_t k = 0; k < sizeof devices / sizeof *devices && !err; k++) {
		const struct device *d = devices + k;
		dev_t rdev = vfs_makedev(d->major, d->minor);
		if (d->ops)
			err = vfs_register_device(rdev, d->name, d->ops);
		if (!err || err == -EBUSY)
			err = vfs_make_name(root, d->name, S_IFCHR | 0666, rdev, &node);
	}
	for (int k = 0; k < 3 && !err; k++) {
		err = vfs_make_name(root, links[k], S_IFLNK | 0777, 0, &node);
		if (err)
			break;
		if (!(node->u.target = strdup("fd/0")))
			return -ENOMEM;
		node->u.target[3] = (char)('0' + k);
		node->size = 4;
	}
	if (!err && !(err = vfs_make_name(root, "fd", S_IFDIR | 0555, 0, &node)))
		node->node_ops = &fd_ops;
	return err;
}

const FSType vfs_dev = {.name = "dev",
			.magic = 0x01021994, /* devtmpfs has tmpfs's */
			.caps = VFS_CAP_MODES | VFS_CAP_LINKS | VFS_CAP_SYMLINKS | VFS_CAP_TIMES,
			.mount = dev_mount};
