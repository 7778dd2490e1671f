/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing that a length claims is believed: memory grows with what has really come, and a packed
 * block is unpacked into no more than it says, and that into no more than a block may have.
 */
#include "keep/block.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_BYTES  ((size_t)KEEP_BLOCK_BYTES + LIMIT_BACKUP_ROW_BYTES)
#define STEP_BYTES 262144
#define HEAD_BYTES 10
#define MAGIC      "TIDINGS BACKUP "
#define MAGIC_MAX  24 /* with a version of some digits and the line's end */

struct KeepBlockReader {
    KeepRead read;
    void *source;
    Checksum *checksum;
    GConverter *unpacker;
    GByteArray *stored, *own;
    int64_t bytes;
    bool begun;
    char *sum; /* in hexadecimal, once the end was read */
};

KeepBlockReader *keep_block_reader_new(KeepRead read, void *source)
{
    KeepBlockReader *reader = g_new0(KeepBlockReader, 1);
    reader->read = read;
    reader->source = source;
    reader->checksum = checksum_new();
    reader->unpacker = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
    reader->stored = g_byte_array_new();
    reader->own = g_byte_array_new();
    return reader;
}

void keep_block_reader_free(KeepBlockReader *reader)
{
    if (reader == NULL)
        return;
    checksum_free(reader->checksum);
    g_object_unref(reader->unpacker);
    g_byte_array_unref(reader->stored);
    g_byte_array_unref(reader->own);
    g_free(reader->sum);
    g_free(reader);
}

void keep_damaged(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    error_set_problem(
        error, TD_ERROR_CORRUPT, "backup-damaged", NULL,
        "The backup is damaged: %s. Nothing was changed. Use another copy of it, or an "
        "earlier backup",
        what);
}

/* At most `bytes`; fewer only at the end of the input. */
static bool fill(KeepBlockReader *reader, void *buffer, size_t bytes, size_t *got, GError **error)
{
    *got = 0;
    while (*got < bytes) {
        gssize n = reader->read(reader->source, (char *)buffer + *got, bytes - *got, error);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    reader->bytes += (int64_t)*got;
    return true;
}

static bool fill_whole(KeepBlockReader *reader, void *buffer, size_t bytes, GError **error)
{
    size_t got;
    if (!fill(reader, buffer, bytes, &got, error))
        return false;
    if (got < bytes)
        keep_damaged(error, "it ends in the middle, after %" G_GINT64_FORMAT " bytes",
                     reader->bytes);
    return got == bytes;
}

static bool fill_summed(KeepBlockReader *reader, void *buffer, size_t bytes, GError **error)
{
    if (!fill_whole(reader, buffer, bytes, error))
        return false;
    checksum_add(reader->checksum, buffer, bytes);
    return true;
}

static void set_foreign(GError **error)
{
    error_set_problem(
        error, TD_ERROR_INVALID, "not-a-backup", NULL,
        "This is no backup of Tidings: it does not begin as one. Nothing was changed");
}

static bool read_magic(KeepBlockReader *reader, GError **error)
{
    char line[MAGIC_MAX + 1] = {0};
    size_t got;
    if (!fill(reader, line, strlen(MAGIC), &got, error))
        return false;
    size_t n = strlen(MAGIC);
    bool ok = got == n && memcmp(line, MAGIC, n) == 0;
    while (ok && n < MAGIC_MAX && line[n - 1] != '\n') {
        if (!fill(reader, line + n, 1, &got, error))
            return false;
        ok = got == 1;
        n++;
    }
    int64_t version = 0;
    checksum_add(reader->checksum, line, n);
    ok = ok && line[n - 1] == '\n';
    if (ok)
        line[n - 1] = '\0';
    if (!ok || !text_to_int(line + strlen(MAGIC), 1, G_MAXINT32, &version)) {
        set_foreign(error);
        return false;
    }
    if (version != KEEP_FORMAT)
        error_set_problem(error, TD_ERROR_CONFLICT, "backup-newer", NULL,
                          "The backup has format %" G_GINT64_FORMAT
                          " and this program knows only %d: a newer program made it. Nothing was "
                          "changed. Use that program",
                          version, KEEP_FORMAT);
    return version == KEEP_FORMAT;
}

static size_t length_at(const guint8 *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static bool read_stored(KeepBlockReader *reader, size_t bytes, GError **error)
{
    g_byte_array_set_size(reader->stored, 0);
    for (size_t done = 0; done < bytes;) {
        size_t step = MIN(bytes - done, STEP_BYTES);
        g_byte_array_set_size(reader->stored, (guint)(done + step));
        if (!fill_summed(reader, reader->stored->data + done, step, error))
            return false;
        done += step;
    }
    return true;
}

static bool unpack(KeepBlockReader *reader, size_t bytes, GError **error)
{
    GByteArray *in = reader->stored, *out = reader->own;
    size_t taken = 0, made = 0;
    GConverterResult result = G_CONVERTER_CONVERTED;
    g_converter_reset(reader->unpacker);
    while (result == G_CONVERTER_CONVERTED) {
        gsize read = 0, written = 0;
        /* One byte more than is promised: so what is too long shows. */
        size_t room = MIN(bytes + 1 - made, STEP_BYTES);
        if (room == 0)
            break;
        g_byte_array_set_size(out, (guint)(made + room));
        result = g_converter_convert(reader->unpacker, in->data + taken, in->len - taken,
                                     out->data + made, room, G_CONVERTER_INPUT_AT_END, &read,
                                     &written, NULL);
        if (result == G_CONVERTER_ERROR)
            break;
        taken += read;
        made += written;
    }
    g_byte_array_set_size(out, (guint)MIN(made, bytes));
    if (result == G_CONVERTER_FINISHED && made == bytes && taken == in->len)
        return true;
    keep_damaged(error, "a piece of it cannot be unpacked, before byte %" G_GINT64_FORMAT,
                 reader->bytes);
    return false;
}

static bool read_end(KeepBlockReader *reader, GError **error)
{
    unsigned char stated[CHECKSUM_BYTES], sum[CHECKSUM_BYTES];
    char more;
    size_t got;
    checksum_take(reader->checksum, sum);
    if (!fill_whole(reader, stated, sizeof stated, error))
        return false;
    if (memcmp(stated, sum, sizeof sum) != 0) {
        keep_damaged(error, "its checksum is another one, so some of its bytes have changed");
        return false;
    }
    if (!fill(reader, &more, 1, &got, error))
        return false;
    if (got > 0) {
        keep_damaged(error, "something follows its end");
        return false;
    }
    reader->sum = text_hex(sum, sizeof sum);
    return true;
}

bool keep_block_read(KeepBlockReader *reader, KeepBlock *block, GError **error)
{
    guint8 head[HEAD_BYTES];
    g_return_val_if_fail(reader->sum == NULL, false);
    if (!reader->begun && !read_magic(reader, error))
        return false;
    reader->begun = true;
    if (!fill_summed(reader, head, sizeof head, error))
        return false;
    size_t stored = length_at(head + 2), own = length_at(head + 6);
    bool packed = head[1] == 'z';
    if ((!packed && (head[1] != 'p' || stored != own)) || stored > MAX_BYTES || own > MAX_BYTES) {
        keep_damaged(error, "there is no piece at byte %" G_GINT64_FORMAT,
                     reader->bytes - HEAD_BYTES);
        return false;
    }
    if (!read_stored(reader, stored, error) || (packed && !unpack(reader, own, error)))
        return false;
    if (head[0] == KEEP_BLOCK_END && !read_end(reader, error))
        return false;
    *block = (KeepBlock){.letter = (char)head[0],
                         .data = packed ? reader->own->data : reader->stored->data,
                         .bytes = own};
    return true;
}

const char *keep_block_reader_checksum(const KeepBlockReader *reader)
{
    return reader->sum;
}

int64_t keep_block_reader_bytes(const KeepBlockReader *reader)
{
    return reader->bytes;
}
