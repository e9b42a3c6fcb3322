/*
 * What the files of this folder share: the syscalls that Emscripten's libc
 * makes, in C over vfsfs.h, in place of Emscripten's own in JavaScript.
 *
 * libc's objects name the syscalls; wasm-ld finds them in this archive before
 * it comes to Emscripten's. README.md tells what is where, and which version
 * of Emscripten needs what.
 */
#ifndef VFS_WASM_H
#define VFS_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes the tree that every program finds, once: start.c. */
void vfs__start(void);

/*
 * Start-up must be in the program as soon as any syscall is, and have run
 * before any constructor of the program makes one. So each file of syscalls
 * has this constructor; whichever of them are linked, the first starts. Its
 * priority, 49, is just behind those of the allocator (47) and of threads
 * (48), and before those that programs may have (from 101 on).
 */
#define VFS_WASM_START                                           \
	__attribute__((constructor(49))) static void start(void) \
	{                                                        \
		vfs__start();                                    \
	}

/* False where [p, p + len) cannot be memory, which is -EFAULT; len is not 0. */
static inline bool vfs__is_memory(const void *p, size_t len)
{
	uintptr_t at = (uintptr_t)p;
	uintptr_t end = (uintptr_t)__builtin_wasm_memory_size(0) * 65536; /* 0: all 4 GiB */
	return at - 1 < end - 1 && len <= end - at;
}

/* The console's driver, and descriptors 0, 1 and 2 on it: console.c. */
int vfs__console_start(void);

#endif
