/*
 * Four threads write lines with one write each: none is torn or lost.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *lines(void *n)
{
	char line[40];
	int len = snprintf(line, sizeof line, "line of thread %d\n", (int)(intptr_t)n);

	for (int k = 0; k < 100; k++)
		if (write(1, line, (size_t)len) != len)
			perror("write");
	return NULL;
}

int main(void)
{
	pthread_t t[4];

	for (intptr_t k = 0; k < 4; k++)
		if (pthread_create(t + k, NULL, lines, (void *)k))
			return 1;
	for (int k = 0; k < 4; k++)
		pthread_join(t[k], NULL);
	return 0;
}
