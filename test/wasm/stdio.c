/*
 * Standard input and output, seen from outside: one case for each argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#ifdef __EMSCRIPTEN_PTHREADS__
#include <pthread.h>
#endif

/* 0 to 255, then each byte from 255 down to 128 with an A behind it. */
static void put_bytes(FILE *f)
{
	for (int k = 0; k < 256; k++)
		putc(k, f);
	for (int k = 255; k >= 128; k--)
		putc(k, f), putc('A', f);
}

static void copy(void)
{
	char buf[1000];
	ssize_t n;

	while ((n = read(0, buf, sizeof buf)) > 0)
		if (write(1, buf, (size_t)n) != n)
			perror("write");
	if (n < 0)
		perror("read");
}

static void put(const char *s)
{
	if (write(1, s, strlen(s)) < 0)
		perror("write");
}

static void terminal(void)
{
	struct winsize w;

	/* Emscripten's libc writes whole lines in any case. */
	printf("printf\n");
	put("write\n");
	printf("isatty %d window ", isatty(1));
	if (ioctl(1, TIOCGWINSZ, &w))
		printf("-1\n");
	else
		printf("%dx%d\n", w.ws_row, w.ws_col);
}

/* A character cut in two, NUL-free text over several writes, and both outputs. */
static void print(void)
{
	put("gr\xc3");
	put("\xbcn \xe2\x82");
	put("\xac\n\n");
	fprintf(stderr, "oops\n");
	printf("ta");
	fflush(stdout);
	printf("il");
}

static void lines(void)
{
	char buf[100];

	for (int k = 0; k < 4; k++) {
		ssize_t n = read(0, buf, sizeof buf);
		if (n < 0)
			printf("-1 %s\n", strerror(errno));
		else if (!n)
			printf("0\n");
		else
			printf("%d %.*s\n", (int)n - 1, (int)n - 1, buf);
	}
}

#ifdef __EMSCRIPTEN_PTHREADS__
static void *in_thread(void *arg)
{
	(void)arg;
	put("from a thread\n");
	return NULL;
}

static void thread(void)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, in_thread, NULL))
		pthread_join(t, NULL);
	put("main\n");
}
#endif

static const char hex[] = "0123456789abcdef";

int main(int argc, char **argv)
{
	const char *c = argc > 1 ? argv[1] : "";
	int ch;

	if (!strcmp(c, "bytes")) {
		put_bytes(stdout);
	} else if (!strcmp(c, "errors")) {
		put_bytes(stderr);
	} else if (!strcmp(c, "tail")) {
		printf("first\nlast");
	} else if (!strcmp(c, "big")) {
		for (int k = 0; k < 65536; k++)
			fwrite(hex, 1, 16, stdout);
	} else if (!strcmp(c, "epipe")) {
		usleep(300000);
		for (int k = 0; k < 100; k++)
			if (write(1, hex, 16) < 0) {
				perror("write");
				return 1;
			}
	} else if (!strcmp(c, "cat")) {
		copy();
	} else if (!strcmp(c, "fcat")) {
		while ((ch = getchar()) != EOF)
			putchar(ch);
	} else if (!strcmp(c, "terminal")) {
		terminal();
	} else if (!strcmp(c, "devnull")) {
		int fd = open("/dev/null", O_RDWR);
		ch = isatty(fd);
		printf("isatty %d errno %s\n", ch, errno == ENOTTY ? "ENOTTY" : strerror(errno));
	} else if (!strcmp(c, "print")) {
		print();
	} else if (!strcmp(c, "four")) {
		if (write(1, "\0\377\na", 4) != 4)
			return 1;
	} else if (!strcmp(c, "lines")) {
		lines();
#ifdef __EMSCRIPTEN_PTHREADS__
	} else if (!strcmp(c, "thread")) {
		thread();
#endif
	}
	return 0;
}
