/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target is: a file fuzz_X.c that defines LLVMFuzzerTestOneInput() over one part of the
 * program, with a corpus of small inputs in corpus/X/ and, where it helps, the words of its
 * language in X.dict. libFuzzer runs it with -Dfuzzers=true (tools/fuzz); replay.c runs it over its
 * corpus in the normal suite, with any compiler.
 *
 * To add one: write the two, name it in fuzz/meson.build, and let the part's tests/X/meson.build
 * build the replay, as tests/template/meson.build does. An input that once broke something belongs
 * into the corpus, with a telling name.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0. Keeps nothing between calls and reads no clock, file or network. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant of the target, checked in every build. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition);      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
