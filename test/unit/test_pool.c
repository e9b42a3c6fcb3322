/*
 * test_pool.c - what the pool has beside POSIX: atomic writes. That a crash shows all of
 * one or nothing is the crash test's to show (test/crash).
 */
#include "pool_fixture.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <vfsfs/mem.h>

/* ---- What is seen ---- */

static void a_commit_shows_all_at_once(void **state)
{
	(void)state;
	struct stat st;
	int fd = open_rw("/m/f"), other = open_rw("/m/f");
	fill(fd, 'a', 3 * 4096, 0);
	ok(vfs_begin(fd));
	fill(fd, 'b', 4096, 4096);
	fill(fd, 'c', 4096, 4 * 4096);
	assert_string_equal(letters(other), "aaa");
	ok(vfs_fstat(fd, &st));
	assert_int_equal(st.st_size, 3 * 4096);
	ok(vfs_commit(fd));
	assert_string_equal(letters(other), "aba.c");
	ok(vfs_fstat(other, &st));
	assert_int_equal(st.st_size, 5 * 4096);
	ok(vfs_close(fd));
	ok(vfs_close(other));
	remount();
	fd = open_rw("/m/f");
	assert_string_equal(letters(fd), "aba.c");
	ok(vfs_close(fd));
}

static void a_description_reads_what_it_has_written(void **state)
{
	(void)state;
	char bytes[16] = {0};
	int fd = open_rw("/m/f");
	ok(vfs_pwrite(fd, "0123456789", 10, 0));
	ok(vfs_begin(fd));
	ok(vfs_pwrite(fd, "abcd", 4, 3));
	ok(vfs_pwrite(fd, "XY", 2, 4));
	ok(vfs_pwrite(fd, "end", 3, 12));
	assert_int_equal(vfs_pread(fd, bytes, 16, 0), 15);
	assert_memory_equal(bytes, "012aXYd789\0\0end", 15);
	assert_int_equal(vfs_pread(fd, bytes, 4, 5), 4);
	assert_memory_equal(bytes, "Yd78", 4);
	assert_int_equal(vfs_pread(fd, bytes, 4, 13), 2);
	assert_int_equal(vfs_pread(fd, bytes, 4, 15), 0);
	ok(vfs_commit(fd));
	assert_int_equal(vfs_pread(fd, bytes, 16, 0), 15);
	assert_memory_equal(bytes, "012aXYd789\0\0end", 15);
	ok(vfs_close(fd));
}

static void what_lies_between_is_zeros(void **state)
{
	(void)state;
	char bytes[4096], zeros[4096] = {0};
	int fd = open_rw("/m/f");
	fill(fd, 'a', 50, 0);
	ok(vfs_close(fd));
	remount();
	fd = open_rw("/m/f");
	ok(vfs_begin(fd));
	fill(fd, 'b', 100, 0);
	fill(fd, 'c', 10, 65536 + 3 * 4096 + 1000);
	fill(fd, 'd', 10, 65536 + 100);
	ok(vfs_commit(fd));
	for (int k = 0; k < 2; k++) {
		assert_int_equal(vfs_pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
		assert_int_equal(bytes[99], 'b');
		assert_memory_equal(bytes + 100, zeros, sizeof bytes - 100);
		assert_int_equal(vfs_pread(fd, bytes, sizeof bytes, 65536 + 110), sizeof bytes);
		assert_memory_equal(bytes, zeros, sizeof bytes);
		assert_int_equal(vfs_pread(fd, bytes, sizeof bytes, 65536 + 3 * 4096), 1010);
		assert_memory_equal(bytes, zeros, 1000);
		ok(vfs_close(fd));
		remount();
		fd = open_rw("/m/f");
	}
	ok(vfs_close(fd));
}

static void a_rollback_forgets(void **state)
{
	(void)state;
	int fd = open_rw("/m/f");
	fill(fd, 'a', 2 * 4096, 0);
	ok(vfs_begin(fd));
	fill(fd, 'b', 4 * 4096, 0);
	ok(vfs_rollback(fd));
	assert_string_equal(letters(fd), "aa");
	fill(fd, 'c', 4096, 0); /* an ordinary write again */
	ok(vfs_close(fd));
	remount();
	fd = open_rw("/m/f");
	assert_string_equal(letters(fd), "ca");
	ok(vfs_close(fd));
}

static void the_last_close_rolls_back(void **state)
{
	(void)state;
	int fd = open_rw("/m/f"), other = open_rw("/m/f");
	fill(fd, 'a', 4096, 0);
	ok(vfs_begin(fd));
	int same = ok(vfs_dup(fd));
	fill(fd, 'b', 4096, 0);
	ok(vfs_close(fd));
	fails(EBUSY, vfs_begin(other)); /* it is the description's still */
	assert_string_equal(letters(same), "b");
	ok(vfs_close(same));
	assert_string_equal(letters(other), "a");
	ok(vfs_begin(other));
	ok(vfs_close(other));
}

static void others_write_and_truncate_meanwhile(void **state)
{
	(void)state;
	int fd = open_rw("/m/f"), other = open_rw("/m/f");
	fill(fd, 'a', 5 * 4096, 0);
	ok(vfs_begin(fd));
	fill(fd, 'b', 4096, 2 * 4096);
	fill(other, 'c', 4096, 0);
	fill(other, 'd', 4096, 2 * 4096);
	assert_string_equal(letters(other), "cadaa");
	ok(vfs_ftruncate(fd, 4096));
	assert_string_equal(letters(other), "c");
	ok(vfs_commit(fd));
	assert_string_equal(letters(other), "c.b");
	ok(vfs_close(fd));
	ok(vfs_close(other));
	remount();
	fd = open_rw("/m/f");
	assert_string_equal(letters(fd), "c.b");
	ok(vfs_close(fd));
}

static void a_mapping_sees_the_commit(void **state)
{
	(void)state;
	void *map;
	int fd = open_rw("/m/f");
	fill(fd, 'a', 65536, 0);
	ok(vfs_mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &map));
	const char *seen = map;
	ok(vfs_begin(fd));
	fill(fd, 'b', 4096, 4096);
	assert_int_equal(seen[4096], 'a');
	ok(vfs_commit(fd));
	assert_int_equal(seen[4096], 'b');
	assert_int_equal(seen[8192], 'a');
	ok(vfs_munmap(map, 65536));
	ok(vfs_close(fd));
}

/* ---- What is refused ---- */

static void there_is_one_for_a_file(void **state)
{
	(void)state;
	int fd = open_rw("/m/f"), other = open_rw("/m/f"), g = open_rw("/m/g");
	fails(EINVAL, vfs_commit(fd));
	fails(EINVAL, vfs_rollback(fd));
	ok(vfs_begin(fd));
	fails(EBUSY, vfs_begin(fd));
	fails(EBUSY, vfs_begin(other));
	fails(EINVAL, vfs_commit(other));
	fails(EINVAL, vfs_rollback(other));
	ok(vfs_begin(g));
	ok(vfs_commit(g));
	ok(vfs_commit(fd));
	fails(EINVAL, vfs_commit(fd));
	ok(vfs_begin(other));
	ok(vfs_rollback(other));
	ok(vfs_close(fd));
	ok(vfs_close(other));
	ok(vfs_close(g));
}

static void what_cannot_be_written_atomically(void **state)
{
	(void)state;
	int fd = open_rw("/m/f"), rd = ok(vfs_open("/m/f", O_RDONLY, 0));
	int path = ok(vfs_open("/m/f", O_PATH, 0)), mem = open_rw("/f");
	int append = ok(vfs_open("/m/f", O_WRONLY | O_APPEND, 0));
	int dir = ok(vfs_open("/m", O_RDONLY | O_DIRECTORY, 0));
	fails(EBADF, vfs_begin(-1));
	fails(EBADF, vfs_begin(rd));
	fails(EBADF, vfs_commit(rd));
	fails(EBADF, vfs_rollback(path));
	fails(EBADF, vfs_begin(dir));
	fails(EOPNOTSUPP, vfs_begin(mem));
	fails(EOPNOTSUPP, vfs_commit(mem));
	fails(EINVAL, vfs_begin(append));
	ok(vfs_begin(fd));
	ok(vfs_fcntl(fd, F_SETFL, O_APPEND));
	fails(EINVAL, vfs_write(fd, "x", 1));
	fails(EINVAL, vfs_commit(fd));
	assert_string_equal(letters(rd), "");
	const int all[] = {fd, rd, path, mem, append, dir};
	for (size_t k = 0; k < sizeof all / sizeof *all; k++)
		ok(vfs_close(all[k]));
	ok(vfs_unlink("/f"));
	assert_true(vfs_opfs_pool.caps & VFS_CAP_ATOMIC);
	assert_false(vfs_mem.caps & VFS_CAP_ATOMIC);
}

static void one_that_is_too_large_leaves_the_file(void **state)
{
	(void)state;
	int fd = open_rw("/m/f");
	static char bytes[VFS_ATOMIC_MOST];
	memset(bytes, 'b', sizeof bytes);
	fill(fd, 'a', 4096, 0);
	ok(vfs_begin(fd));
	ok(vfs_pwrite(fd, bytes, sizeof bytes - 10, 0));
	fails(EFBIG, vfs_pwrite(fd, bytes, 11, 0));
	ok(vfs_pwrite(fd, bytes, 10, 0));
	fails(EFBIG, vfs_commit(fd));
	assert_string_equal(letters(fd), "a");
	ok(vfs_begin(fd));
	ok(vfs_pwrite(fd, bytes, sizeof bytes, 0)); /* more than the cache holds */
	ok(vfs_commit(fd));
	struct stat st;
	ok(vfs_fstat(fd, &st));
	assert_int_equal(st.st_size, sizeof bytes);
	ok(vfs_ftruncate(fd, 3 * 4096));
	assert_string_equal(letters(fd), "bbb");
	ok(vfs_close(fd));
}

static void a_full_disk_leaves_the_file(void **state)
{
	(void)state;
	int fd = open_rw("/m/f");
	fill(fd, 'a', 4 * 4096, 0);
	ok(vfs_fsync(fd));
	sim_set_quota(disk, 0);
	ok(vfs_begin(fd));
	fill(fd, 'b', 64 * 4096, 0); /* more than the journal has room for */
	fails(ENOSPC, vfs_commit(fd));
	assert_string_equal(letters(fd), "aaaa");
	sim_set_quota(disk, INT64_MAX);
	ok(vfs_close(fd));
	mount_instead(kill_now());
	fd = open_rw("/m/f");
	assert_string_equal(letters(fd), "aaaa");
	ok(vfs_begin(fd));
	fill(fd, 'c', 4096, 0);
	ok(vfs_commit(fd));
	assert_string_equal(letters(fd), "caaa");
	ok(vfs_close(fd));
}

/* ---- What goes out, and when ---- */

static void a_commit_and_its_fsync_are_one_write_and_one_flush(void **state)
{
	(void)state;
	int fd = open_rw("/m/f");
	fill(fd, 'a', 16 * 4096, 0);
	ok(vfs_fsync(fd));
	for (int k = 0; k < 5; k++) {
		vfs_opfs_counters before = counters();
		ok(vfs_begin(fd));
		fill(fd, (char)('b' + k), 4096, 0);
		fill(fd, (char)('b' + k), 4096, 5 * 4096 + 4096 * k);
		ok(vfs_commit(fd));
		vfs_opfs_counters then = counters();
		assert_int_equal(then.writes, before.writes + 1);
		assert_int_equal(then.flushes, before.flushes);
		assert_int_equal(then.reads, before.reads);
		ok(vfs_fsync(fd));
		then = counters();
		assert_int_equal(then.writes, before.writes + 1);
		assert_int_equal(then.flushes, before.flushes + 1);
		assert_int_equal(then.commits, before.commits + 1);
		assert_in_range(then.bytes_written - before.bytes_written, 8192, 8192 + 300);
	}
	ok(vfs_close(fd));
}

/* Evictions, a close, a sync of everything: nothing of it is on the disk. */
static void nothing_goes_out_before_the_commit(void **state)
{
	(void)state;
	int fd = open_rw("/m/f"), other = open_rw("/m/f"), g = open_rw("/m/g");
	fill(fd, 'a', 4 * 4096, 0);
	ok(vfs_begin(fd));
	fill(fd, 'b', 8 * 4096, 0);
	fill(g, 'x', 4 << 20, 0); /* four times the cache */
	ok(vfs_close(other));
	ok(vfs_fsync(fd));
	ok(vfs_sync());
	assert_int_not_equal(counters().evictions, 0);
	sim *killed = kill_now();
	ok(vfs_rollback(fd));
	ok(vfs_close(fd));
	ok(vfs_close(g));
	mount_instead(killed);
	fd = open_rw("/m/f");
	assert_string_equal(letters(fd), "aaaa");
	ok(vfs_close(fd));
}

static void a_commit_outlives_the_program(void **state)
{
	(void)state;
	int fd = open_rw("/m/f");
	fill(fd, 'a', 4 * 4096, 0); /* never synced: the commit takes it along */
	ok(vfs_begin(fd));
	fill(fd, 'b', 4096, 4096);
	ok(vfs_commit(fd));
	sim *killed = kill_now();
	ok(vfs_close(fd));
	mount_instead(killed);
	fd = open_rw("/m/f");
	assert_string_equal(letters(fd), "abaa");
	ok(vfs_close(fd));
}

/* The program dies behind a commit, nothing is flushed; the next one must not write into
 * the slot before it has flushed the journal. */
static void recovery_flushes_the_journal_before_it_writes_slots(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	int fd = open_rw("/m/f");
	fill(fd, 'a', 4 * 4096, 0);
	ok(vfs_fsync(fd));
	ok(vfs_begin(fd));
	fill(fd, 'b', 2 * 4096, 0);
	ok(vfs_commit(fd));
	ok(vfs_close(fd));
	mount_instead(kill_now());
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	sim_print(disk, 0, sim_ops(disk), out);
	fclose(out);
	const char *slot = strstr(text, "write pool/.opaque"), *flush = strstr(text, "flush");
	if (!slot || !flush)
		print_error("%s", text);
	assert_non_null(slot);
	assert_non_null(flush);
	assert_true(flush < slot);
	assert_memory_equal(flush, "flush pool/journal", 18);
	free(text);
}

/* Commits without an fsync: the journal is replaced all the same. */
static void commits_do_not_grow_the_journal_for_ever(void **state)
{
	(void)state;
	int fd = open_rw("/m/f");
	for (int k = 0; k < 12; k++) {
		ok(vfs_begin(fd));
		fill(fd, (char)('a' + k), 1 << 20, 0);
		ok(vfs_commit(fd));
	}
	assert_in_range(sim_file_size(disk, "pool/journal.0") +
				sim_file_size(disk, "pool/journal.1"),
			0, 6 << 20);
	assert_int_not_equal(counters().checkpoint, 0);
	ok(vfs_close(fd));
}

/* ---- Threads ---- */

enum { AREA = 20 * 4096, COMMITS = 300 };
static bool stop;     /* atomic */
static unsigned torn; /* atomic */

/* Reads all of the area at once: it is of one letter. */
static void *read_area(void *context)
{
	char *bytes = malloc(AREA);
	int fd = open_rw("/m/f");
	(void)context;
	while (bytes && !__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		ssize_t n = vfs_pread(fd, bytes, AREA, 0);
		for (ssize_t k = 0; k < n; k++)
			if (bytes[k] != bytes[0]) {
				__atomic_fetch_add(&torn, 1, __ATOMIC_RELAXED);
				break;
			}
		if (vfs_begin(fd) != -EBUSY) /* between two of the other's */
			vfs_rollback(fd);
	}
	vfs_close(fd);
	free(bytes);
	return NULL;
}

static void *write_and_sync(void *context)
{
	int fd = open_rw("/m/g");
	(void)context;
	for (off_t k = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); k++) {
		fill(fd, 'x', 65536, k % 40 * 65536); /* more than the cache */
		if (k % 8 == 0)
			vfs_sync();
	}
	vfs_close(fd);
	return NULL;
}

static void threads_see_all_of_a_commit_or_nothing(void **state)
{
	(void)state;
	pthread_t reader, writer;
	int fd = open_rw("/m/f");
	stop = false;
	torn = 0;
	fill(fd, 'a', AREA, 0);
	assert_int_equal(pthread_create(&reader, NULL, read_area, NULL), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_and_sync, NULL), 0);
	for (int k = 0; k < COMMITS; k++) {
		while (vfs_begin(fd) == -EBUSY)
			;
		for (off_t page = 0; page < AREA; page += 4096)
			fill(fd, (char)('a' + k % 26), 4096, page);
		ok(k % 3 ? vfs_commit(fd) : vfs_rollback(fd));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
	pthread_join(writer, NULL);
	assert_int_equal(torn, 0);
	ok(vfs_close(fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_commit_shows_all_at_once),
		BOTH(a_description_reads_what_it_has_written),
		BOTH(what_lies_between_is_zeros),
		BOTH(a_rollback_forgets),
		BOTH(the_last_close_rolls_back),
		BOTH(others_write_and_truncate_meanwhile),
		BOTH(a_mapping_sees_the_commit),
		BOTH(there_is_one_for_a_file),
		BOTH(what_cannot_be_written_atomically),
		BOTH(one_that_is_too_large_leaves_the_file),
		SIMULATED(a_full_disk_leaves_the_file),
		BOTH(a_commit_and_its_fsync_are_one_write_and_one_flush),
		SIMULATED(nothing_goes_out_before_the_commit),
		SIMULATED(a_commit_outlives_the_program),
		SIMULATED(recovery_flushes_the_journal_before_it_writes_slots),
		SIMULATED(commits_do_not_grow_the_journal_for_ever),
		BOTH(threads_see_all_of_a_commit_or_nothing),
	};
	int failed = cmocka_run_group_tests_name("atomic", tests, NULL, NULL);
	return failed + errors_tests() + nomem_tests();
}
