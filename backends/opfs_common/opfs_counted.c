/*
 * What goes through a port, counted.
 */
#include "opfs_counted.h"

static vfs__counted_port *counted(vfs_opfs_port *port)
{
	return (vfs__counted_port *)port;
}

static int64_t read_counted(vfs_opfs_port *port, int handle, void *buf, size_t len, int64_t pos)
{
	vfs__counted_port *c = counted(port);
	int64_t n = c->below->handles->read(c->below, handle, buf, len, pos);
	c->counts.reads++;
	if (n > 0)
		c->counts.bytes_read += (uint64_t)n;
	return n;
}

static int write_counted(vfs_opfs_port *port, int handle, const void *buf, size_t len, int64_t pos)
{
	vfs__counted_port *c = counted(port);
	int err = c->below->handles->write(c->below, handle, buf, len, pos);
	c->counts.writes++;
	if (!err)
		c->counts.bytes_written += len;
	return err;
}

static int truncate_counted(vfs_opfs_port *port, int handle, int64_t size)
{
	vfs__counted_port *c = counted(port);
	c->counts.truncates++;
	return c->below->handles->truncate(c->below, handle, size);
}

static int64_t size_counted(vfs_opfs_port *port, int handle)
{
	vfs__counted_port *c = counted(port);
	return c->below->handles->size(c->below, handle);
}

static int flush_counted(vfs_opfs_port *port, int handle)
{
	vfs__counted_port *c = counted(port);
	c->counts.flushes++;
	return c->below->handles->flush(c->below, handle);
}

static void close_counted(vfs_opfs_port *port, int handle)
{
	vfs__counted_port *c = counted(port);
	c->below->handles->close(c->below, handle);
}

/* Leaves both as they are where the port below does not tell. */
static void space_counted(vfs_opfs_port *port, uint64_t *total, uint64_t *left)
{
	vfs__counted_port *c = counted(port);
	if (c->below->handles->space)
		c->below->handles->space(c->below, total, left);
}

static const vfs__handle_ops ops = {.read = read_counted,
				    .write = write_counted,
				    .truncate = truncate_counted,
				    .size = size_counted,
				    .flush = flush_counted,
				    .close = close_counted,
				    .space = space_counted};

void vfs__counted_open(vfs__counted_port *c, vfs_opfs_port *below)
{
	*c = (vfs__counted_port){.port = {.handles = &ops, .at_once = below->at_once},
				 .below = below};
}
