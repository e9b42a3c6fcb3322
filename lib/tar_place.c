/*
 * Where the entries of an archive go. A path is walked name by name, each directory
 * opened without following a link, so that nothing that an archive says leads out of
 * the target; and no name is looked up twice.
 */
#include "tar.h"
#include <errno.h>
#include <string.h>

enum { AS_DIRECTORY = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* One step down: the descriptor of the directory `name` in place of `dir`. */
static int step(int *dir, const char *name, bool make)
{
	int fd = vfs_openat(*dir, name, AS_DIRECTORY, 0);
	if (fd == -ENOENT && make) {
		int err = vfs_mkdirat(*dir, name, 0777);
		fd = err ? err : vfs_openat(*dir, name, AS_DIRECTORY, 0);
	}
	if (fd == -ENOTDIR || fd == -ELOOP)
		return -EBADMSG; /* a link, or a file */
	if (fd < 0)
		return fd;
	vfs_close(*dir);
	*dir = fd;
	return 0;
}

int vfs__tar_find(int root, const char *path, bool make, vfs__tar_place *out)
{
	int err = 0;
	strcpy(out->name, ".");
	out->dir = vfs_openat(root, ".", AS_DIRECTORY, 0);
	if (out->dir < 0)
		return out->dir;
	while (!err && *path) {
		size_t len = strcspn(path, "/");
		if (len == 2 && !memcmp(path, "..", 2)) {
			err = -EBADMSG;
		} else if (len >= sizeof out->name) {
			err = -ENAMETOOLONG;
		} else if (len && !(len == 1 && *path == '.')) {
			if (strcmp(out->name, ".") != 0)
				err = step(&out->dir, out->name, make);
			memcpy(out->name, path, len);
			out->name[len] = 0;
		}
		path += len + (path[len] == '/');
	}
	if (err)
		vfs__tar_leave(out);
	return err;
}

void vfs__tar_leave(vfs__tar_place *place)
{
	if (place->dir >= 0)
		vfs_close(place->dir);
	place->dir = -1;
}

int vfs__tar_clear(const vfs__tar_place *place)
{
	int err = vfs_unlinkat(place->dir, place->name, 0);
	return err == -ENOENT ? 0 : err;
}

static int make_directory(const vfs__tar_place *place)
{
	struct stat st;
	int err = vfs_mkdirat(place->dir, place->name, 0700);
	if (err != -EEXIST)
		return err;
	err = vfs_fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW);
	if (err || S_ISDIR(st.st_mode))
		return err;
	err = vfs__tar_clear(place);
	return err ? err : vfs_mkdirat(place->dir, place->name, 0700);
}

static int make_link(int root, const vfs__tar_place *place, const char *target)
{
	struct stat a, b;
	vfs__tar_place from;
	int err = vfs__tar_find(root, target, false, &from);
	if (err)
		return err == -ENOENT ? -EBADMSG : err;
	err = vfs_fstatat(from.dir, from.name, &a, AT_SYMLINK_NOFOLLOW);
	if (err == -ENOENT || (!err && S_ISDIR(a.st_mode)))
		err = -EBADMSG; /* it leads to nothing that came before */
	bool same = !err && !vfs_fstatat(place->dir, place->name, &b, AT_SYMLINK_NOFOLLOW) &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	if (!err && !same)
		err = vfs__tar_clear(place);
	if (!err && !same)
		err = vfs_linkat(from.dir, from.name, place->dir, place->name, 0);
	vfs__tar_leave(&from);
	return err;
}

int vfs__tar_make(int root, const vfs__tar_place *place, const vfs__tar_member *m)
{
	if (m->type == '5')
		return strcmp(place->name, ".") == 0 ? 0 : make_directory(place);
	if (m->type == '1')
		return make_link(root, place, m->link);
	int err = vfs__tar_clear(place);
	if (err)
		return err;
	switch (m->type) {
	case '2':
		return vfs_symlinkat(m->link, place->dir, place->name);
	case '3':
		return vfs_mknodat(place->dir, place->name, S_IFCHR | 0600, m->rdev);
	case '4':
		return vfs_mknodat(place->dir, place->name, S_IFBLK | 0600, m->rdev);
	case '6':
		return vfs_mknodat(place->dir, place->name, S_IFIFO | 0600, 0);
	}
	return -ENOTSUP;
}

int vfs__tar_attributes(const vfs__tar_place *place, const vfs__tar_member *m)
{
	const int here = AT_SYMLINK_NOFOLLOW;
	mode_t mode = m->mode;
	int err = vfs_fchownat(place->dir, place->name, m->uid, m->gid, here);
	if (err == -EPERM) {
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
		err = 0;
	}
	if (!err && m->type != '2')
		err = vfs_fchmodat(place->dir, place->name, mode, here);
	return err ? err : vfs_utimensat(place->dir, place->name, m->times, here);
}
