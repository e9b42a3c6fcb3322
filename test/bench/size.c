/* How much a small program with files weighs: fopen, opendir, stat. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

int main(void)
{
	struct stat st;
	char line[100];
	FILE *f = fopen("/file", "w+");
	if (!f || fputs("some text\n", f) < 0 || fseek(f, 0, SEEK_SET) ||
	    !fgets(line, sizeof line, f) || fclose(f))
		return 1;
	DIR *d = opendir("/");
	for (struct dirent *e; d && (e = readdir(d));)
		puts(e->d_name);
	if (!d || closedir(d) || stat("/file", &st))
		return 1;
	printf("%lld\n", (long long)st.st_size);
	return 0;
}
