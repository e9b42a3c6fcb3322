/*
 * rename: every pair of what is moved and what is there, and what must hold
 * of the rest.
 */
#include "fixture.h"

enum kind { NONE, FILE_, EMPTY, FULL, LINK, LINK_DIR, KINDS };
static const char *const kind_names[] = {
	"nothing",          "a file",          "an empty directory",
	"a full directory", "a symbolic link", "a symbolic link to a directory"};

static void make_kind(enum kind kind, const char *path)
{
	char inner[64];

	switch (kind) {
	case FILE_:
		make(path, path);
		break;
	case EMPTY:
	case FULL:
		ok(mkdir(path, 0755));
		snprintf(inner, sizeof inner, "%s/inner", path);
		if (kind == FULL)
			make(inner, path);
		break;
	case LINK:
		ok(symlink("nowhere", path));
		break;
	case LINK_DIR:
		ok(symlink(".", path));
		break;
	default:
		break;
	}
}

static void clear(const char *path)
{
	char inner[64];

	snprintf(inner, sizeof inner, "%s/inner", path);
	unlink(inner);
	if (unlink(path))
		rmdir(path);
}

/* rename(from, to): 0 or the errno, by what `to` is. */
static void rename_answers_for_every_pair(void **state)
{
	(void)state;
	static const int wanted[KINDS][KINDS] = {
		/*            nothing, file, empty,  full,      link,   link to a directory */
		[NONE] = {ENOENT, ENOENT, ENOENT, ENOENT, ENOENT, ENOENT},
		[FILE_] = {0, 0, EISDIR, EISDIR, 0, 0},
		[EMPTY] = {0, ENOTDIR, 0, ENOTEMPTY, ENOTDIR, ENOTDIR},
		[FULL] = {0, ENOTDIR, 0, ENOTEMPTY, ENOTDIR, ENOTDIR},
		[LINK] = {0, 0, EISDIR, EISDIR, 0, 0},
		[LINK_DIR] = {0, 0, EISDIR, EISDIR, 0, 0},
	};
	int wrong = 0;

	needs(VFS_CAP_SYMLINKS);
	for (int a = 0; a < KINDS; a++) {
		for (int b = 0; b < KINDS; b++) {
			ino_t ino = 0, old = 0;

			make_kind(a, "a");
			make_kind(b, "b");
			if (a)
				ino = stat_of("a").st_ino;
			if (b)
				old = stat_of("b").st_ino;
			int got = rename("a", "b") ? errno : 0;

			if (got != wanted[a][b]) {
				print_error("%s over %s: %s\n", kind_names[a], kind_names[b],
					    strerror(got));
				wrong++;
			}
			if (got == 0) {
				assert_false(exists("a"));
				assert_int_equal(stat_of("b").st_ino, ino);
				assert_int_equal(access("b/inner", F_OK) == 0, a == FULL);
			} else {
				assert_int_equal(exists("a"), a != NONE);
				if (b)
					assert_int_equal(stat_of("b").st_ino, old);
			}
			clear("a");
			clear("b");
			assert_int_equal(entries("."), 0);
		}
	}
	assert_int_equal(wrong, 0);
}

static void rename_into_own_subtree_is_einval(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("a/b", 0755));
	ok(mkdir("a/b/c", 0755));
	fails(EINVAL, rename("a", "a/x"));
	fails(EINVAL, rename("a", "a/b"));
	fails(EINVAL, rename("a", "a/b/c"));
	fails(EINVAL, rename("a", "a/b/c/x"));
	fails(ENOTEMPTY, rename("a/b/c", "a"));
	fails(ENOTEMPTY, rename("a/b/c", "a/b"));
	ok(rename("a/b/c", "a/c"));
	assert_true(exists("a/c"));
}

static void rename_of_a_file_over_its_parent_is_refused(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	make("a/f", "");
	assert_int_equal(rename("a/f", "a"), -1);
	assert_true(errno == ENOTEMPTY || errno == EISDIR); /* Linux; POSIX */
	assert_true(exists("a/f"));
}

static void rename_to_itself_changes_nothing(void **state)
{
	(void)state;
	make("f", "text");
	ok(mkdir("d", 0755));
	make("d/g", "");
	ok(rename("f", "f"));
	ok(rename("d", "d"));
	ok(rename("d/g", "./d/../d/g"));
	assert_text("f", "text");
	assert_true(exists("d/g"));
}

static void rename_to_another_link_of_the_same_file_keeps_both(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	make("f", "text");
	ok(link("f", "g"));
	ok(rename("f", "g"));
	assert_text("f", "text");
	assert_text("g", "text");
	assert_int_equal(stat_of("f").st_nlink, 2);
}

static void rename_keeps_the_inode_and_its_attributes(void **state)
{
	(void)state;
	make("f", "text");
	ok(chmod("f", 0640));
	struct stat before = stat_of("f");

	ok(mkdir("d", 0755));
	ok(rename("f", "d/g"));
	struct stat after = stat_of("d/g");

	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_size, 4);
	assert_int_equal(after.st_nlink, 1);
	assert_int_equal(compare_times(after.st_mtim, before.st_mtim), 0);
}

static void rename_over_an_open_file_keeps_it_for_its_descriptor(void **state)
{
	(void)state;
	make("a", "new");
	int fd = open_with("b", "old", O_RDWR);

	ok(rename("a", "b"));
	assert_fd_text(fd, "old");
	assert_int_equal(fstat_of(fd).st_nlink, 0);
	assert_int_equal(ok(pwrite(fd, "o", 1, 3)), 1);
	assert_text("b", "new");
	ok(close(fd));
}

static void rename_over_a_hard_link_lowers_its_count(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	make("a", "new");
	make("b", "old");
	ok(link("b", "c"));
	ok(rename("a", "b"));
	assert_int_equal(stat_of("c").st_nlink, 1);
	assert_text("c", "old");
	assert_text("b", "new");
}

static void open_file_follows_its_renames(void **state)
{
	(void)state;
	int fd = open_new("a");

	ok(rename("a", "b"));
	assert_int_equal(ok(write(fd, "text", 4)), 4);
	assert_text("b", "text");
	ok(close(fd));
}

static void rename_of_a_directory_moves_link_counts(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("b", 0755));
	ok(mkdir("a/d", 0755));
	assert_int_equal(stat_of("a").st_nlink, 3);
	ok(rename("a/d", "b/d"));
	assert_int_equal(stat_of("a").st_nlink, 2);
	assert_int_equal(stat_of("b").st_nlink, 3);
	assert_int_equal(stat_of("b/d/..").st_ino, stat_of("b").st_ino);
	ok(mkdir("a/d", 0755));
	ok(rename("b/d", "a/d")); /* over an empty one */
	assert_int_equal(stat_of("a").st_nlink, 3);
	assert_int_equal(stat_of("b").st_nlink, 2);
}

static void rename_over_an_open_directory_removes_it(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	make("a/f", "");
	ok(mkdir("b", 0755));
	int fd = ok(open("b", O_RDONLY));

	ok(rename("a", "b"));
	assert_int_equal(fstat_of(fd).st_nlink, 0);
	fails(ENOENT, openat(fd, "f", O_RDONLY));
	fails(ENOENT, openat(fd, "g", O_RDWR | O_CREAT, 0644));
	assert_true(exists("b/f"));
	ok(close(fd));
}

static void rename_moves_whole_trees(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("a/b", 0755));
	make("a/b/f", "text");
	ok(mkdir("x", 0755));
	int fd = ok(open("a/b", O_RDONLY));

	ok(rename("a", "x/y"));
	assert_text("x/y/b/f", "text");
	fails(ENOENT, open("a/b/f", O_RDONLY));
	ok(close(ok(openat(fd, "../../y/b/f", O_RDONLY))));
	ok(close(fd));
}

static void rename_of_a_symlink_moves_the_link(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	make("f", "text");
	ok(symlink("f", "l"));
	ok(rename("l", "m"));
	assert_true(S_ISLNK(stat_of("m").st_mode));
	ok(rename("f", "m")); /* over the link, not through it */
	assert_true(S_ISREG(stat_of("m").st_mode));
	assert_false(exists("f"));
}

static void rename_checks_paths(void **state)
{
	(void)state;
	make("f", "");
	ok(mkdir("d", 0755));
	fails(ENOENT, rename("missing", "f"));
	fails(ENOENT, rename("f", "missing/g"));
	fails(ENOTDIR, rename("f", "f/g"));
	fails(ENOTDIR, rename("f/x", "g"));
	fails(ENOTDIR, rename("f", "d/"));
	fails(ENOENT, rename("d/missing", "d/x"));
	assert_int_equal(entries("."), 2);
}

static void rename_to_another_filesystem_is_exdev(void **state)
{
	(void)state;
	make("f", "text");
	fails(EXDEV, rename("f", "/dev/vfsfs-test"));
	fails(EXDEV, rename("f", "/dev/."));
	fails(EXDEV, rename("/dev/..", "f"));
	assert_text("f", "text");
}

static void rename_noreplace_refuses_existing(void **state)
{
	(void)state;
#if HAVE_RENAMEAT2
	make("a", "a");
	make("b", "b");
	fails(EEXIST, renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
	fails(EEXIST, renameat2(AT_FDCWD, "a", AT_FDCWD, "a", RENAME_NOREPLACE));
	assert_text("b", "b");
	ok(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
	assert_text("c", "a");
#else
	skip();
#endif
}

static void rename_many_times_leaves_no_trace(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("b", 0755));
	make("a/f", "text");
	for (int i = 0; i < 1000; i++) {
		ok(rename("a/f", "b/g"));
		ok(rename("b/g", "a/f"));
	}
	assert_int_equal(entries("a"), 1);
	assert_int_equal(entries("b"), 0);
	assert_text("a/f", "text");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(rename_answers_for_every_pair),
		TEST(rename_into_own_subtree_is_einval),
		TEST(rename_of_a_file_over_its_parent_is_refused),
		TEST(rename_to_itself_changes_nothing),
		TEST(rename_to_another_link_of_the_same_file_keeps_both),
		TEST(rename_keeps_the_inode_and_its_attributes),
		TEST(rename_over_an_open_file_keeps_it_for_its_descriptor),
		TEST(rename_over_a_hard_link_lowers_its_count),
		TEST(open_file_follows_its_renames),
		TEST(rename_of_a_directory_moves_link_counts),
		TEST(rename_over_an_open_directory_removes_it),
		TEST(rename_moves_whole_trees),
		TEST(rename_of_a_symlink_moves_the_link),
		TEST(rename_checks_paths),
		TEST(rename_to_another_filesystem_is_exdev),
		TEST(rename_noreplace_refuses_existing),
		TEST(rename_many_times_leaves_no_trace),
	};
	return RUN(tests);
}
