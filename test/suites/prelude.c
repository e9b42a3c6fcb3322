/*
 * Linked into gnulib's test programs. They expect to start in a folder of their
 * own (some results differ in "/"), and some from a shell script that redirects
 * their descriptors. They see the library's files and not the host's, so what the
 * shell does between fork and exec is done here, before main, on the library's
 * own files, as the environment variable SUITE_FDS says in words split at commas:
 *
 *   0<        standard input is the file "input"
 *   0|TEXT    a pipe that holds TEXT, its writing end closed; @ is the input's text
 *   0o        a pipe that is empty and still open
 *   0=        /dev/null (1=: standard output)
 *   0x        closed (likewise 1x, 2x)
 *   1>        standard output is a file
 *   1|        standard output is a pipe
 *   +F        an empty file F
 *   ?F=TEXT   when the program ends well, the file F must begin with TEXT
 *
 * The file "input" holds the text of the host's file SUITE_INPUT, if that is set.
 */
#include <emscripten.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
EM_JS_DEPS(suite_prelude, "$UTF8ToString,$stringToUTF8")
EM_JS(void, suite_env, (const char *name, int is_file, char *out, int size), {
	var text = process.env[UTF8ToString(name)];
	if (text && is_file) text = require('fs').readFileSync(text, 'utf8');
	stringToUTF8(text || "", out, size);
})
/* clang-format on */

/* _exit in a constructor is an unhandled rejection: leave through Node */
EM_JS(void, suite_quit, (int status), { process.exit(status); })

static char words[256];
static char input[16384];
static const char *promised_file;
static const char *promised_text;

static void check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s failed: %s\n", what, strerror(errno));
		suite_quit(99);
	}
}

static void move(int from, int to)
{
	check(from >= 0, "prelude: open");
	if (from != to) {
		check(dup2(from, to) == to, "prelude: dup2");
		close(from);
	}
}

static void fill(int fd, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	check(write(fd, text, (size_t)len) == len, "prelude: write");
}

static void keep_promise(void)
{
	char text[64] = "";
	int fd;

	fflush(NULL);
	fd = open(promised_file, O_RDONLY);
	check(fd >= 0, promised_file);
	check(read(fd, text, sizeof text - 1) >= 0, promised_file);
	if (strncmp(text, promised_text, strlen(promised_text)) != 0) {
		fprintf(stderr, "failed: %s holds %s, not %s\n", promised_file, text,
			promised_text);
		suite_quit(98);
	}
}

static void redirect(char *word)
{
	int fd = word[0] - '0', ends[2];
	const char *text = word + 2;

	if (word[0] == '?') {
		promised_file = strtok(word + 1, "=");
		promised_text = strtok(NULL, "");
		check(atexit(keep_promise) == 0, "prelude: atexit");
		return;
	}
	if (word[0] == '+') {
		fd = open(word + 1, O_RDWR | O_CREAT, 0666);
		check(fd >= 0, "prelude: file");
		close(fd);
		return;
	}
	switch (word[1]) {
	case '<':
		move(open("input", O_RDONLY), fd);
		break;
	case '>':
		move(open("output", O_RDWR | O_CREAT | O_TRUNC, 0666), fd);
		break;
	case '=':
		move(open("/dev/null", O_RDWR), fd);
		break;
	case 'x':
		close(fd);
		break;
	case '|':
	case 'o':
		check(pipe(ends) == 0, "prelude: pipe");
		/* whichever end is not the program's must not land on 0, 1 or 2 */
		if (fd == 0) {
			move(ends[0], 0);
			if (word[1] == '|') {
				fill(ends[1], strcmp(text, "@") == 0 ? input : text);
				close(ends[1]);
			}
		} else {
			move(ends[1], fd);
		}
		break;
	default:
		check(0, "prelude: bad word");
	}
}

/* test-fcntl, all checks done, starts itself anew to see what exec closes */
int execl(const char *path, const char *arg, ...)
{
	(void)path, (void)arg;
	exit(0);
}

__attribute__((constructor)) static void prelude(void)
{
	char *word, *rest;
	int fd;

	check(mkdir("/suite", 0777) == 0 && chdir("/suite") == 0, "prelude: /suite");
	suite_env("SUITE_INPUT", 1, input, sizeof input);
	if (input[0]) {
		fd = open("input", O_RDWR | O_CREAT | O_TRUNC, 0666);
		check(fd >= 0, "prelude: input");
		fill(fd, input);
		close(fd);
	}
	suite_env("SUITE_FDS", 0, words, sizeof words);
	for (word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		redirect(word);
}
