/*
 * A counter and a text of notes that survive reloads and crashes, in a pool of the
 * browser's OPFS. index.html shows them; worker.js carries its wishes here.
 *
 * A file is replaced as a whole: written under another name, which is then changed. So
 * after a crash the old one is there or the new one. The counter is durable before it
 * is shown. The notes are written at each key, and synced when the page says so: at a
 * pause, and when it is hidden. What is not, the library syncs by itself in a second.
 */
#include <emscripten.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static int visits;

/* 0, or -errno: then the file is as it was. */
static int replace(const char *name, const char *text)
{
	FILE *f = fopen("new", "w");
	if (!f)
		return -errno;
	int err = fputs(text, f) < 0 || fflush(f) ? -errno : 0;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename("new", name))
		err = -errno;
	if (err)
		unlink("new");
	return err;
}

static int count(void)
{
	char text[16];
	FILE *f = fopen("visits", "r");
	if (f) {
		if (fscanf(f, "%d", &visits) != 1)
			visits = 0;
		fclose(f);
	}
	snprintf(text, sizeof text, "%d\n", visits + 1);
	int err = replace("visits", text);
	if (!err)
		err = vfs_sync();
	if (!err)
		visits++;
	return err;
}

/* For worker.js: the number of this visit, 0 where there is no counter. */
EMSCRIPTEN_KEEPALIVE int visit_number(void)
{
	return visits;
}

/* NULL, or why they could not be saved. text is malloc's, and freed here. */
EMSCRIPTEN_KEEPALIVE const char *save_notes(char *text)
{
	int err = text ? replace("notes.txt", text) : -ENOMEM;
	free(text);
	return err ? strerror(-err) : NULL;
}

static void tell(void *context, const char *damage)
{
	(void)context;
	fprintf(stderr, "%s\n", damage);
}

int main(void)
{
	vfs_opfs_pool_options o = {.directory = "/persist", .capacity = 16, .report = tell};
	mkdir("/data", 0777);
	if (vfs_mount(&vfs_opfs_pool, &o, "/data", 0)) {
		fprintf(stderr, "%s\n", vfs_opfs_message());
		return 1;
	}
	int err = chdir("/data") ? -errno : count();
	if (err)
		fprintf(stderr, "the counter: %s\n", strerror(-err));
	return err != 0;
}
