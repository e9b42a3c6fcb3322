/*
 * All of these tests as one program, which starts once where starting is dear
 * (a browser). Each file's main has its own name here: -Dmain=main_test_open.
 * Arguments: the groups to run (open, rename...); none: all.
 */
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define GROUPS(X)                                                             \
	X(attr) X(cwd) X(data) X(device) X(dir) X(fd) X(limits) X(link) X(lock) \
	X(mmap) X(open) X(path) X(perm) X(rename) X(size) X(time)
/* clang-format on */

#define DECLARE(name) int main_test_##name(void);
GROUPS(DECLARE)

int main(int argc, char **argv)
{
	int failed = 0;
#define RUN_GROUP(name)                                    \
	{                                                  \
		int wanted = argc < 2;                     \
		for (int i = 1; i < argc; i++)             \
			wanted |= !strcmp(argv[i], #name); \
		if (wanted) {                              \
			printf("== " #name "\n");          \
			failed += main_test_##name();      \
		}                                          \
	}
	GROUPS(RUN_GROUP)
	return failed ? 1 : 0;
}
