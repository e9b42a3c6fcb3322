/*
 * The memory backend. Names, attributes and times are the core's own objects,
 * which are the truth here; this file adds the data of regular files, which
 * blocks.h keeps, and the room that a mount has for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <vfsfs/backend.h>
#include <vfsfs/blocks.h>
#include <vfsfs/mem.h>
#ifdef __EMSCRIPTEN__
#include <emscripten/heap.h>
#else
#include <unistd.h>
#endif

/* Linked where the program calls mmap or fallocate: see blocks.h. */
#pragma weak vfs_blocks_map
#pragma weak vfs_blocks_unmap
#pragma weak vfs_blocks_allocate

enum { UNIT = 4096 }; /* of st_blksize and statfs, as on tmpfs */

/* ---- Streams of regular files ---- */

static ssize_t mem_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	FSNode *node = s->shared->node;
	return vfs_blocks_read(vfs_node_data(node), node->size, buf, len, pos);
}

static ssize_t mem_write(FSStream *s, const void *buf, size_t len, off_t pos)
{
	FSNode *node = s->shared->node;
	return vfs_blocks_write(vfs_node_data(node), &node->size, buf, len, pos);
}

static off_t mem_llseek(FSStream *s, off_t offset, int whence)
{
	FSNode *node = s->shared->node;
	return vfs_blocks_seek(vfs_node_data(node), node->size, offset, whence);
}

static int mem_allocate(FSStream *s, int mode, off_t offset, off_t len)
{
	FSNode *node = s->shared->node;
	if (!vfs_blocks_allocate)
		return -EOPNOTSUPP;
	return vfs_blocks_allocate(vfs_node_data(node), &node->size, mode, offset, len);
}

static int mem_mmap(FSStream *s, size_t len, off_t pos, int prot, void **addr)
{
	FSNode *node = s->shared->node;
	(void)prot;
	if (!vfs_blocks_map)
		return -ENODEV;
	return vfs_blocks_map(vfs_node_data(node), node->size, len, pos, addr);
}

static void mem_munmap(FSNode *node, void *addr, size_t len, off_t pos)
{
	(void)len, (void)pos;
	if (vfs_blocks_unmap)
		vfs_blocks_unmap(vfs_node_data(node), node->size, addr);
}

static const StreamOps file_ops = {.llseek = mem_llseek,
				   .read = mem_read,
				   .write = mem_write,
				   .allocate = mem_allocate,
				   .mmap = mem_mmap,
				   .munmap = mem_munmap};

/* ---- Nodes ---- */

static const NodeOps node_ops;

static FSNode *new_node(FSMount *m, mode_t mode)
{
	FSNode *node = vfs_node_new(m, mode, 0);
	if (!node)
		return NULL;
	node->node_ops = &node_ops;
	if (S_ISREG(mode)) {
		node->stream_ops = &file_ops;
		((vfs_blocks *)vfs_node_data(node))->room = m->data;
	}
	return node;
}

static int mem_mknod(FSNode *dir, const char *name, size_t len, mode_t mode, dev_t rdev,
		     FSNode **out)
{
	(void)name, (void)len;
	FSNode *node = new_node(dir->mount, mode);
	if (!node)
		return -ENOMEM;
	node->rdev = rdev;
	*out = node;
	return 0;
}

static int mem_truncate(FSNode *node, off_t size)
{
	vfs_blocks_truncate(vfs_node_data(node), &node->size, size);
	return 0;
}

static void mem_getattr(FSNode *node, struct stat *st)
{
	const vfs_blocks *b = vfs_node_data(node);
	st->st_blksize = UNIT;
	st->st_blocks = (blkcnt_t)((b->used + 511) / 512);
}

static void mem_forget(FSNode *node)
{
	vfs_blocks_free(vfs_node_data(node));
}

static const NodeOps node_ops = {
	.getattr = mem_getattr, .truncate = mem_truncate, .mknod = mem_mknod, .forget = mem_forget};

/* ---- The mount ---- */

/* What there is when no limit was asked for, so that statfs has an answer and
 * a fallocate of more ends at once. */
static uint64_t all_memory(void)
{
#ifdef __EMSCRIPTEN__
	return emscripten_get_heap_max();
#else
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
#endif
}

static int mem_mount(FSMount *m, const void *options)
{
	const vfs_mem_options *o = options;
	uint64_t limit = o && o->size ? o->size : all_memory();
	mode_t mode = o && o->mode ? o->mode & 07777 : 01777;
	vfs_blocks_room *room = malloc(sizeof *room);

	if (!room)
		return -ENOMEM;
	room->limit = limit < SIZE_MAX ? (size_t)limit : SIZE_MAX;
	room->used = 0;
	m->data = room;
	m->root = new_node(m, S_IFDIR | mode);
	return m->root ? 0 : -ENOMEM;
}

static void mem_unmount(FSMount *m)
{
	free(m->data);
}

static void mem_statfs(FSMount *m, struct statfs *st)
{
	const vfs_blocks_room *room = m->data;
	size_t used = __atomic_load_n(&room->used, __ATOMIC_RELAXED);

	st->f_bsize = st->f_frsize = UNIT;
	st->f_blocks = room->limit / UNIT;
	st->f_bfree = st->f_bavail = (room->limit - used) / UNIT;
}

const FSType vfs_mem = {.name = "mem",
			.magic = 0x01021994, /* Linux's TMPFS_MAGIC */
			.caps = VFS_CAP_MODES | VFS_CAP_LINKS | VFS_CAP_SYMLINKS | VFS_CAP_SPARSE |
				VFS_CAP_TIMES | VFS_CAP_MMAP | VFS_CAP_FILES,
			.node_size = sizeof(vfs_blocks),
			.mount = mem_mount,
			.unmount = mem_unmount,
			.statfs = mem_statfs};
