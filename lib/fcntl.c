/*
 * fcntl, flock, ioctl, poll: what is asked of a descriptor beside its data.
 */
#include "internal.h"
#include <dirent.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>

enum { SETTABLE = O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT };

/*
 * Record locks belong to the process, and there is one: none ever conflicts
 * with another, and all that is left to do is to refuse what is wrong.
 */
static int check_lock(const FSStream *s, const struct flock *l, bool set)
{
	off_t base, start, end;
	if (!set && l->l_type != F_RDLCK && l->l_type != F_WRLCK)
		return -EINVAL;
	switch (l->l_whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = s->shared->pos;
		break;
	case SEEK_END:
		base = s->shared->node->size;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, l->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (l->l_len > 0 && __builtin_add_overflow(start, l->l_len - 1, &end))
		return -EOVERFLOW;
	if (l->l_len < 0 && start + l->l_len < 0)
		return -EINVAL;
	switch (l->l_type) {
	case F_RDLCK:
		return set && !s->readable ? -EBADF : 0;
	case F_WRLCK:
		return set && !s->writable ? -EBADF : 0;
	case F_UNLCK:
		return 0;
	default:
		return -EINVAL;
	}
}

static int record_lock(FSStream *s, struct flock *l, bool set)
{
	if (vfs__bad_address(l, sizeof *l))
		return -EFAULT;
	vfs__lock_position(s);
	int err = check_lock(s, l, set);
	vfs__unlock_position(s);
	if (!err && !set)
		l->l_type = F_UNLCK;
	return err;
}

static void change_flags(FSStreamShared *shared, int which, int flags)
{
	vfs__lock_node(shared->node);
	vfs__store(&shared->flags, (shared->flags & ~which) | (flags & which));
	vfs__unlock_node(shared->node);
}

static int set_flags(FSStream *s, int flags)
{
	if ((flags & O_NOATIME) && !(vfs__load(&s->shared->flags) & O_NOATIME)) {
		vfs__lock_names();
		bool owns = vfs__owns(s->shared->node);
		vfs__unlock_names();
		if (!owns)
			return -EPERM;
	}
	if ((flags & O_DIRECT) && s->type != DT_REG)
		return -EINVAL;
	change_flags(s->shared, SETTABLE, flags);
	return 0;
}

static int control(int fd, FSStream *s, int cmd, intptr_t arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg < 0 || arg >= (intptr_t)vfs_max_open_fds())
			return -EINVAL;
		return vfs__dup_from(fd, (unsigned)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return vfs__load(&s->cloexec) ? FD_CLOEXEC : 0;
	case F_SETFD:
		vfs__store(&s->cloexec, (arg & FD_CLOEXEC) != 0);
		return 0;
	case F_GETFL:
		return vfs__load(&s->shared->flags);
	}
	if (s->stream_ops == &vfs__path_ops)
		return -EBADF;
	switch (cmd) {
	case F_SETFL:
		return set_flags(s, (int)arg);
	case F_GETLK:
		return record_lock(s, (struct flock *)arg, false);
	case F_SETLK:
	case F_SETLKW:
		return record_lock(s, (struct flock *)arg, true);
	case F_GETOWN:
		return 0;
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return -EBADF; /* no pipe */
	default:
		return -EINVAL;
	}
}

int vfs_fcntl(int fd, int cmd, intptr_t arg)
{
	VFS__TRACE(fcntl, (fd, cmd, arg));
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	int r = control(fd, s, cmd, arg);
	vfs__put_stream(s);
	return r;
}

static int take(FSStreamShared *shared, int kind)
{
	FSNode *n = shared->node;
	if (shared->flock == kind)
		return 0;
	vfs__drop_flock(shared); /* as Linux: a conversion is not atomic */
	if (kind == LOCK_UN)
		return 0;
	if (n->flocks < 0 || (kind == LOCK_EX && n->flocks))
		return -EWOULDBLOCK;
	n->flocks = kind == LOCK_EX ? -1 : n->flocks + 1;
	shared->flock = kind;
	return 0;
}

int vfs_flock(int fd, int operation)
{
	VFS__TRACE(flock, (fd, operation));
	int kind = operation & ~LOCK_NB;
	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	int r = -EBADF;
	if (kind == LOCK_UN ? s->stream_ops != &vfs__path_ops : s->readable || s->writable) {
		vfs__lock_node(s->shared->node);
		r = take(s->shared, kind);
		vfs__unlock_node(s->shared->node);
	}
	vfs__put_stream(s);
	return r;
}

int vfs_ioctl(int fd, unsigned long request, void *arg)
{
	VFS__TRACE(ioctl, (fd, request, arg));
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	int r = -ENOTTY;
	if (s->stream_ops == &vfs__path_ops) {
		r = -EBADF;
	} else if (request == FIOCLEX || request == FIONCLEX) {
		vfs__store(&s->cloexec, request == FIOCLEX);
		r = 0;
	} else if (request == FIONBIO) {
		if (vfs__bad_address(arg, sizeof(int))) {
			r = -EFAULT;
		} else {
			change_flags(s->shared, O_NONBLOCK, *(int *)arg ? O_NONBLOCK : 0);
			r = 0;
		}
	} else if (request == FIONREAD && s->type == DT_REG) {
		if (vfs__bad_address(arg, sizeof(int))) {
			r = -EFAULT;
		} else {
			FSNode *n = s->shared->node;
			vfs__lock_node(n);
			off_t left = n->size - s->shared->pos;
			vfs__unlock_node(n);
			*(int *)arg = left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
			r = 0;
		}
	} else if (s->stream_ops->ioctl) {
		r = s->stream_ops->ioctl(s, request, arg);
	}
	vfs__put_stream(s);
	return r;
}

static int poll_one(int fd, int events)
{
	enum { ALWAYS = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM };
	FSStream *s = vfs__get_stream(fd);
	if (!s || s->stream_ops == &vfs__path_ops) {
		if (s)
			vfs__put_stream(s);
		return POLLNVAL;
	}
	events |= POLLERR | POLLHUP;
	int r = s->stream_ops->poll ? s->stream_ops->poll(s, events) : ALWAYS;
	vfs__put_stream(s);
	return r & events;
}

int vfs_poll(struct pollfd *fds, size_t n, int timeout)
{
	VFS__TRACE(poll, (fds, n, timeout));
	int ready = 0;
	if (n > vfs_max_open_fds())
		return -EINVAL;
	if (vfs__bad_address(fds, n * sizeof *fds))
		return -EFAULT;
	for (size_t i = 0; i < n; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0)
			fds[i].revents = (short)poll_one(fds[i].fd, fds[i].events);
		ready += fds[i].revents != 0;
	}
	return ready;
}
