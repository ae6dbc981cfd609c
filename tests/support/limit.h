/* SPDX-License-Identifier: MIT */
/*
 * limit.h - when a test gives up on what hangs. Ten times and more what is seen
 * on a busy machine: it judges nothing, it only ends.
 */
#ifndef LIMIT_H
#define LIMIT_H

#define TEST_LIMIT_S 120u
#define TEST_LIMIT_MS (TEST_LIMIT_S * 1000)
#define TEST_LIMIT_NS (TEST_LIMIT_S * 1000000000ull)

#endif
