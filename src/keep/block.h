/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer shape of a backup:
 *
 *   "TIDINGS BACKUP 1\n"
 *   blocks: a letter, a letter for how it is packed ('p': as it is, 'z': zlib), 4 bytes stored
 * length, 4 bytes own length (big endian), the stored bytes after the block 'Z': 32 bytes,
 * BLAKE2b-256 of all that stands before them, and the end
 *
 * so that `head -c -32 FILE | b2sum -l 256` computes the checksum, too. Each block is packed by
 * itself, and the checksum is over what is stored: no byte of the file is outside of it.
 */
#pragma once

#include "base/checksum.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define KEEP_FORMAT 1

#define KEEP_BLOCK_HEADER    'H' /* JSON */
#define KEEP_BLOCK_TABLE     'T' /* JSON */
#define KEEP_BLOCK_ROWS      'R'
#define KEEP_BLOCK_TABLE_END 'E' /* JSON */
#define KEEP_BLOCK_END       'Z' /* JSON */

/* So many bytes of rows make a block; one more row may be in it. */
#define KEEP_BLOCK_BYTES (2 * 1024 * 1024)

/* ---- writing ---- */

typedef struct KeepBlockWriter KeepBlockWriter;

/* Writes to `fd`, which stays the caller's; `name` is for messages. */
KeepBlockWriter *keep_block_writer_new(int fd, const char *name);
void keep_block_writer_free(KeepBlockWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeepBlockWriter, keep_block_writer_free)

/* Errors: UNAVAILABLE (the disk is full, the reader of a pipe is gone). */
bool keep_block_write(KeepBlockWriter *writer, char letter, const void *data, size_t bytes,
                      GError **error);

/* After the block 'Z': writes the checksum, and gives it in hexadecimal. Free with g_free(). */
char *keep_block_writer_end(KeepBlockWriter *writer, GError **error);

/* How much was written so far. */
int64_t keep_block_writer_bytes(const KeepBlockWriter *writer);

/* ---- reading ---- */

/* Fills `buffer` with at most `bytes`; 0 at the end, -1 with *error. */
typedef gssize (*KeepRead)(void *source, void *buffer, size_t bytes, GError **error);

typedef struct KeepBlockReader KeepBlockReader;

/* Of any bytes, from anybody. */
KeepBlockReader *keep_block_reader_new(KeepRead read, void *source);
void keep_block_reader_free(KeepBlockReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeepBlockReader, keep_block_reader_free)

typedef struct {
    char letter;
    const guint8 *data; /* borrowed, until the next block */
    size_t bytes;
} KeepBlock;

/* The next block. With the letter 'Z' the checksum has been compared and the input has ended.
 * Errors: INVALID (problem "not-a-backup": it does not begin as one), CONFLICT (problem
 * "backup-newer": of a newer format), CORRUPT (problem "backup-damaged": truncated, changed, too
 * large, or more follows), those of reading. */
bool keep_block_read(KeepBlockReader *reader, KeepBlock *block, GError **error);

/* In hexadecimal; NULL before the end. Borrowed. */
const char *keep_block_reader_checksum(const KeepBlockReader *reader);
int64_t keep_block_reader_bytes(const KeepBlockReader *reader);

/* Sets the error of a damaged backup. */
void keep_damaged(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
