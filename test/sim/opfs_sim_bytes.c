/*
 * opfs_sim_bytes.c - the contents of a simulated file: a counted table of counted
 * pages. A thousand disks that differ in a few writes share all but the pages
 * that those touch; what was never written takes no page.
 */
#include "opfs_sim_inner.h"

void *sim__must(void *p)
{
	if (!p) {
		fputs("sim: no memory\n", stderr);
		abort();
	}
	return p;
}

sim_bytes *sim__bytes_new(void)
{
	sim_bytes *b = sim__must(malloc(sizeof *b));
	*b = (sim_bytes){.refs = 1};
	return b;
}

static void drop_page(sim_page *p)
{
	if (p && !--p->refs)
		free(p);
}

void sim__bytes_drop(sim_bytes *b)
{
	if (!b || --b->refs)
		return;
	for (size_t k = 0; k < b->room; k++)
		drop_page(b->pages[k]);
	free(b);
}

size_t sim__bytes_read(const sim_bytes *b, void *buf, size_t len, int64_t pos)
{
	if (pos >= b->size)
		return 0;
	if ((uint64_t)(b->size - pos) < len)
		len = (size_t)(b->size - pos);
	for (size_t done = 0; done < len;) {
		size_t k = (size_t)(pos / SIM_PAGE), at = (size_t)(pos % SIM_PAGE);
		size_t n = len - done < SIM_PAGE - at ? len - done : SIM_PAGE - at;
		if (k < b->room && b->pages[k])
			memcpy((char *)buf + done, b->pages[k]->bytes + at, n);
		else
			memset((char *)buf + done, 0, n);
		done += n;
		pos += (int64_t)n;
	}
	return len;
}

/* A table of the caller's own, with at least `room` places. */
static sim_bytes *own(sim_bytes **at, size_t room)
{
	sim_bytes *old = *at, *b;
	size_t had = old->room;
	bool shared = old->refs > 1;
	if (!shared && had >= room)
		return old;
	room = room > had ? room + room / 4 : had;
	b = realloc(shared ? NULL : old, sizeof *b + room * sizeof *b->pages);
	*at = sim__must(b);
	if (shared) {
		memcpy(b, old, sizeof *b + had * sizeof *b->pages);
		for (size_t k = 0; k < had; k++)
			if (b->pages[k])
				b->pages[k]->refs++;
		old->refs--;
		b->refs = 1;
	}
	memset(b->pages + had, 0, (room - had) * sizeof *b->pages);
	b->room = room;
	return b;
}

static unsigned char *own_page(sim_page **at)
{
	sim_page *old = *at, *p;
	if (old && old->refs == 1)
		return old->bytes;
	*at = p = sim__must(malloc(sizeof *p));
	p->refs = 1;
	if (old) {
		memcpy(p->bytes, old->bytes, SIM_PAGE);
		old->refs--;
	} else {
		memset(p->bytes, 0, SIM_PAGE);
	}
	return p->bytes;
}

void sim__bytes_write(sim_bytes **at, const void *data, size_t len, int64_t pos)
{
	int64_t end = pos + (int64_t)len;
	if (!len)
		return;
	sim_bytes *b = own(at, (size_t)((end - 1) / SIM_PAGE) + 1);
	for (size_t done = 0; done < len;) {
		size_t from = (size_t)(pos % SIM_PAGE);
		size_t n = len - done < SIM_PAGE - from ? len - done : SIM_PAGE - from;
		memcpy(own_page(&b->pages[pos / SIM_PAGE]) + from, (const char *)data + done, n);
		done += n;
		pos += (int64_t)n;
	}
	if (end > b->size)
		b->size = end;
}

void sim__bytes_resize(sim_bytes **at, int64_t size)
{
	if (size == (*at)->size)
		return;
	sim_bytes *b = own(at, 0);
	if (size < b->size) {
		size_t k = (size_t)(size / SIM_PAGE), from = (size_t)(size % SIM_PAGE);
		if (from && k < b->room && b->pages[k])
			memset(own_page(&b->pages[k]) + from, 0, SIM_PAGE - from);
		for (k += from != 0; k < b->room; k++) {
			drop_page(b->pages[k]);
			b->pages[k] = NULL;
		}
	}
	b->size = size;
}
