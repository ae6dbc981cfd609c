/* SPDX-License-Identifier: MIT */
/*
 * le.h - integers of a width known at run time only: 1, 2, 4 or 8 bytes, in
 * little-endian order or in the host's own.
 */
#ifndef SDK_HOST_LE_H
#define SDK_HOST_LE_H

#include <ioemu/device.h>
#include <string.h>

static inline uint64_t
get_le(const uint8_t *p, uint32_t size)
{
	switch (size) {
	case 1:
		return *p;
	case 2:
		return ioemu_get_le16(p);
	case 4:
		return ioemu_get_le32(p);
	default:
		return ioemu_get_le64(p);
	}
}

static inline void
put_le(uint8_t *p, uint64_t v, uint32_t size)
{
	switch (size) {
	case 1:
		*p = (uint8_t)v;
		break;
	case 2:
		ioemu_put_le16(p, (uint16_t)v);
		break;
	case 4:
		ioemu_put_le32(p, (uint32_t)v);
		break;
	default:
		ioemu_put_le64(p, v);
	}
}

/* Members of a device's state. */
static inline uint64_t
get_host(const void *p, uint32_t size)
{
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&v16, p, sizeof(v16));
		return v16;
	case 4:
		memcpy(&v32, p, sizeof(v32));
		return v32;
	default:
		memcpy(&v64, p, sizeof(v64));
		return v64;
	}
}

static inline void
put_host(void *p, uint64_t v, uint32_t size)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (size) {
	case 1:
		memcpy(p, &v8, sizeof(v8));
		break;
	case 2:
		memcpy(p, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(p, &v32, sizeof(v32));
		break;
	default:
		memcpy(p, &v, sizeof(v));
	}
}

#endif
