/*
 * Atomic writes and counters of a pool in a browser: what a commit costs the file
 * handles, and what a later run finds of a program that ended behind one.
 *
 *   atomic          makes, commits, and ends without unmounting
 *   atomic again    in the same profile
 */
#include <emscripten.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

enum { PAGE = 4096, PAGES = 8 };

static int passed, failed;

static void check(bool good, const char *name)
{
	printf("%s %s\n", good ? "ok" : "not ok", name);
	*(good ? &passed : &failed) += 1;
}

/* The file as letters, one a page. */
static const char *letters(int fd)
{
	static char text[PAGES + 1];
	static char page[PAGE];
	int k = 0;
	for (; k < PAGES && vfs_pread(fd, page, PAGE, (off_t)k * PAGE) == PAGE; k++)
		text[k] = !memcmp(page, page + 1, PAGE - 1) ? page[0] : '!';
	text[k] = 0;
	return text;
}

static bool fill(int fd, char letter, int pages, int at)
{
	static char page[PAGE];
	memset(page, letter, sizeof page);
	for (int k = 0; k < pages; k++)
		if (vfs_pwrite(fd, page, PAGE, (off_t)(at + k) * PAGE) != PAGE)
			return false;
	return true;
}

/* clang-format off */
EM_JS(double, counter_in_js, (const char *name), {
	return Module.vfs.counters("/m")[UTF8ToString(name)];
})
EM_JS(int, counters_are_refused, (const char *path), {
	try {
		Module.vfs.counters(UTF8ToString(path));
	} catch (e) {
		return e.code == "EINVAL";
	}
	return 0;
})
EM_JS_DEPS(counter_in_js, "$UTF8ToString");
/* clang-format on */

static void first_run(int fd)
{
	vfs_opfs_counters before, then;
	check(fill(fd, 'a', PAGES, 0) && !vfs_fsync(fd), "a file is written");
	vfs_opfs_get_counters("/m", &before);
	check(!vfs_begin(fd) && fill(fd, 'b', 2, 1) && fill(fd, 'b', 1, 6) && !vfs_commit(fd),
	      "three pages are committed");
	check(!vfs_fsync(fd), "the commit is synced");
	vfs_opfs_get_counters("/m", &then);
	check(then.writes == before.writes + 1 && then.flushes == before.flushes + 1 &&
		      then.reads == before.reads && then.commits == 1,
	      "that was one write and one flush");
	check(!vfs_begin(fd) && fill(fd, 'c', PAGES, 0) && !vfs_rollback(fd) &&
		      !strcmp(letters(fd), "abbaaaba"),
	      "a rollback leaves the file");
	check(!vfs_begin(fd) && fill(fd, 'd', 1, 7) && !vfs_commit(fd),
	      "another commit is not synced");
	check(!vfs_begin(fd) && fill(fd, 'e', PAGES, 0), "a third is not committed");
	vfs_opfs_get_counters("/m", &then);
	check(counter_in_js("bytes_written") == (double)then.bytes_written &&
		      counter_in_js("commits") == 2 && counter_in_js("hits") == (double)then.hits &&
		      counter_in_js("checkpoint") == (double)then.checkpoint &&
		      then.bytes_written > 0,
	      "JavaScript has the same counters");
	check(counters_are_refused("/tmp"), "counters of what is no pool are EINVAL");
}

int main(int argc, char **argv)
{
	vfs_opfs_pool_options o = {.directory = "/atomic", .capacity = 8};
	bool again = argc > 1 && !strcmp(argv[1], "again");
	vfs_mkdir("/m", 0755);
	int err = vfs_mount(&vfs_opfs_pool, &o, "/m", 0);
	if (err)
		printf("mount: %s, %s\n", strerror(-err), vfs_opfs_message());
	int fd = vfs_open("/m/f", again ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC, 0644);
	check(!err && fd >= 0, "a pool is there");
	if (again)
		check(!strcmp(letters(fd), "abbaaabd"), "both commits are there, and nothing else");
	else
		first_run(fd);
	printf("%d passed, %d failed\n", passed, failed);
	emscripten_force_exit(failed != 0); /* nothing is closed or unmounted */
}
