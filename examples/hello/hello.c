/*
 * A tour of the filesystem with plain libc calls: nothing here knows libvfsfs.
 * The same program prints the same lines on Linux.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	check(f && fputs(text, f) >= 0 && !fclose(f) ? 0 : -1, path);
}

static void show_file(const char *path)
{
	char line[80];
	FILE *f = fopen(path, "r");

	if (!f) {
		printf("%s: %s\n", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof line, f))
		printf("%s: %s", path, line);
	fclose(f);
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static void list(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, no_dots, alphasort);

	check(n, path);
	for (int k = 0; k < n; k++) {
		char name[PATH_MAX], target[80];
		struct stat st;

		snprintf(name, sizeof name, "%s/%s", path, entries[k]->d_name);
		free(entries[k]);
		check(lstat(name, &st), name);
		if (S_ISLNK(st.st_mode)) {
			ssize_t len = readlink(name, target, sizeof target);
			check(len, name);
			printf("link  %s -> %.*s\n", name, (int)len, target);
		} else if (S_ISDIR(st.st_mode)) {
			printf("dir   %s\n", name);
			list(name);
		} else {
			printf("file  %s, %ld bytes, mode %o, %d name(s)\n", name, (long)st.st_size,
			       st.st_mode & 07777, (int)st.st_nlink);
		}
	}
	free(entries);
}

int main(void)
{
	char home[] = "/tmp/hello-XXXXXX";

	umask(022);
	check(mkdtemp(home) ? chdir(home) : -1, home);
	check(mkdir("letters", 0755), "letters");
	write_file("letters/draft", "Dear reader,\nthis is a file.\n");
	check(rename("letters/draft", "letters/final"), "rename");
	check(link("letters/final", "copy"), "link");
	check(symlink("letters/final", "latest"), "symlink");
	check(chmod("copy", 0640), "chmod");
	list(".");

	show_file("latest");
	check(unlink("letters/final"), "unlink");
	show_file("latest");
	show_file("copy");

	check(rmdir("letters") | unlink("latest") | unlink("copy") | chdir("/") | rmdir(home),
	      home);
	printf("done");
	return 0;
}
