/* SPDX-License-Identifier: MIT */
/* common.h - what fuzzers of more than one parser have in common. */
#ifndef FUZZ_COMMON_H
#define FUZZ_COMMON_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_PATH 4096u

/* Plugins lie beside the fuzzer. */
void fuzz_plugin_dir(char dir[FUZZ_PATH], const char *argv0);

/* What is logged goes nowhere; sanitizers and libFuzzer still speak. */
void fuzz_quiet(void);

/* What is left of the input; past its end all is 0. */
struct fuzz_bytes {
	const uint8_t *at;
	size_t left;
};

uint64_t fuzz_take(struct fuzz_bytes *b, unsigned bytes);

/* An unnamed file with these bytes, at its beginning. */
int fuzz_file(const void *bytes, size_t len);

#endif
