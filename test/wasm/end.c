/*
 * The ways in which a program ends, with text in libc's buffer.
 */
#include <emscripten.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void leave(void *status)
{
	printf("unfinished");
	if (status)
		exit((int)(size_t)status);
}

static void handler(void)
{
	printf("handler");
}

int main(int argc, char **argv)
{
	const char *c = argc > 1 ? argv[1] : "";

	if (!strcmp(c, "return")) {
		printf("unfinished");
		return 3;
	} else if (!strcmp(c, "exit")) {
		leave((void *)4);
	} else if (!strcmp(c, "timer")) {
		printf("main\n");
		emscripten_async_call(leave, (void *)5, 10);
		emscripten_exit_with_live_runtime();
	} else if (!strcmp(c, "force")) {
		printf("unfinished");
		emscripten_force_exit(6);
	} else if (!strcmp(c, "never")) {
		printf("main\n");
		emscripten_async_call(leave, NULL, 10);
	} else if (!strcmp(c, "abort")) {
		if (write(1, "written\n", 8) == 8)
			abort();
	} else if (!strcmp(c, "atexit")) {
		atexit(handler);
		printf("main");
	}
	return 0;
}
