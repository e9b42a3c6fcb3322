/*
 * bytes.h - numbers as the files hold them: little-endian, of any alignment.
 */
#ifndef VFS_BYTES_H
#define VFS_BYTES_H

#include <stdint.h>

static inline void vfs__put32(unsigned char *p, uint32_t v)
{
	for (int k = 0; k < 4; k++)
		p[k] = (unsigned char)(v >> 8 * k);
}

static inline void vfs__put64(unsigned char *p, uint64_t v)
{
	for (int k = 0; k < 8; k++)
		p[k] = (unsigned char)(v >> 8 * k);
}

static inline uint32_t vfs__get32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t vfs__get64(const unsigned char *p)
{
	return vfs__get32(p) | (uint64_t)vfs__get32(p + 4) << 32;
}

#endif
