/*
 * dump.c - see dump.h. Uses the library's calls only, and puts the process
 * back as it was, but should run in one forked off: it opens descriptors, and
 * reading changes access times.
 */
#define _GNU_SOURCE
#include "dump.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <vfsfs/vfsfs.h>

static char *out, *end;
static bool with_all;
static struct {
	const void *p;
	size_t len;
} memory[8];

void dump_memory(int i, const void *p, size_t len)
{
	memory[i].p = p;
	memory[i].len = len;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out += vsnprintf(out, (size_t)(end - out), format, args);
	va_end(args);
	if (out >= end)
		abort();
}

static uint64_t checksum(uint64_t sum, const void *p, size_t len)
{
	for (const unsigned char *c = p; len--; c++)
		sum = (sum ^ *c) * 0x100000001b3;
	return sum;
}

/* Of the data, not of the holes: a file may be of many gigabytes. */
static uint64_t checksum_file(const char *path)
{
	static char buf[65536];
	uint64_t sum = 0xcbf29ce484222325;
	off_t pos = 0;
	int fd = vfs_open(path, O_RDONLY | O_NOATIME, 0);

	while ((pos = vfs_lseek(fd, pos, SEEK_DATA)) >= 0) {
		ssize_t n = vfs_pread(fd, buf, sizeof buf - (size_t)pos % sizeof buf, pos);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i]) { /* a hole may be written out as zeros */
				off_t at = pos + i;

				sum = checksum(sum, &at, sizeof at);
				sum = checksum(sum, buf + i, 1);
			}
		pos += n;
	}
	if (fd >= 0)
		vfs_close(fd);
	return sum;
}

static void dump_entry(const char *path)
{
	struct stat st;
	char target[4096];
	int err = vfs_lstat(path, &st);

	if (err) {
		say("%s: %d\n", path, err);
		return;
	}
	say("%s %o %u:%u rdev %x", path, (unsigned)st.st_mode, st.st_uid, st.st_gid,
	    (unsigned)st.st_rdev);
	/* The size of a directory is nobody's promise. */
	say(" links %u size %lld", (unsigned)st.st_nlink,
	    S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size);
	if (S_ISLNK(st.st_mode)) {
		ssize_t len = vfs_readlink(path, target, sizeof target);

		say(" -> %.*s", len < 0 ? 0 : (int)len, target);
	}
	if (S_ISREG(st.st_mode))
		say(" sum %llx", (unsigned long long)checksum_file(path));
	if (with_all)
		say(" ino %llu blocks %lld mtime %lld.%09ld ctime %lld.%09ld",
		    (unsigned long long)st.st_ino, (long long)st.st_blocks,
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec,
		    st.st_ctim.tv_nsec);
	say("\n");
}

static void dump_directory(const char *path)
{
	enum { ROOM = 65536 };
	char *buf = malloc(ROOM), inner[4096];
	struct stat st;
	ssize_t n;
	int fd = vfs_open(path, O_RDONLY | O_DIRECTORY | O_NOATIME, 0);

	if (fd < 0)
		say("%s: %d\n", path, fd);
	while (buf && fd >= 0 && (n = vfs_getdents(fd, buf, ROOM)) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct dirent *e = (struct dirent *)(void *)(buf + at);

			at += e->d_reclen;
			if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
				continue;
			snprintf(inner, sizeof inner, "%s/%s", strcmp(path, "/") ? path : "",
				 e->d_name);
			dump_entry(inner);
			if (vfs_lstat(inner, &st) == 0 && S_ISDIR(st.st_mode))
				dump_directory(inner);
		}
	}
	if (fd >= 0)
		vfs_close(fd);
	free(buf);
}

static void dump_descriptors(void)
{
	struct stat st;

	for (int fd = 0; fd < (int)vfs_max_open_fds(); fd++) {
		int flags = vfs_fcntl(fd, F_GETFL, 0);

		if (flags < 0)
			continue;
		vfs_fstat(fd, &st);
		say("fd %d flags %o cloexec %d pos %lld links %u size %lld", fd, flags,
		    vfs_fcntl(fd, F_GETFD, 0), (long long)vfs_lseek(fd, 0, SEEK_CUR),
		    (unsigned)st.st_nlink, S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size);
		if (with_all)
			say(" ino %llu", (unsigned long long)st.st_ino);
		say("\n");
	}
}

static void dump_process(void)
{
	char cwd[4096] = "";
	vfs_credential cred;
	mode_t mask = vfs_umask(0);

	vfs_umask(mask);
	vfs_get_credential(&cred);
	vfs_getcwd(cwd, sizeof cwd);
	say("cwd %s umask %o uid %u:%u gid %u:%u capabilities %x descriptors %u\n", cwd,
	    (unsigned)mask, cred.uid, cred.euid, cred.gid, cred.egid, cred.capabilities,
	    vfs_max_open_fds());
}

void dump_tree(const char *root, char *buf, size_t size, bool exact)
{
	struct statfs fs;

	out = buf;
	end = buf + size;
	with_all = exact;
	dump_process();
	dump_descriptors();
	dump_entry(root);
	dump_directory(root);
	for (int i = 0; i < 8; i++)
		if (memory[i].p)
			say("memory %d sum %llx\n", i,
			    (unsigned long long)checksum(1, memory[i].p, memory[i].len));
	if (exact && vfs_statfs(root, &fs) == 0)
		say("free %llu\n", (unsigned long long)fs.f_bfree);
}

void print_difference(const char *a, const char *b)
{
	while (*a || *b) {
		size_t len = strcspn(a, "\n"), len2 = strcspn(b, "\n");

		if (len != len2 || memcmp(a, b, len)) {
			printf("- %.*s\n+ %.*s\n", (int)len, a, (int)len2, b);
			return;
		}
		a += len + (a[len] != 0);
		b += len2 + (b[len2] != 0);
	}
}
