/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/block.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#define SMALL_BYTES 512 /* not worth packing */

/* Most of a desk is text that repeats itself. The fastest level makes it a fifth, and the levels
 * above it cost several times as much for the last few percent. */
#define LEVEL 1

struct KeepBlockWriter {
    int fd;
    char *name;
    Checksum *checksum;
    GConverter *packer;
    GByteArray *packed; /* room for one packed block */
    int64_t bytes;
    bool begun;
};

KeepBlockWriter *keep_block_writer_new(int fd, const char *name)
{
    KeepBlockWriter *writer = g_new0(KeepBlockWriter, 1);
    writer->fd = fd;
    writer->name = g_strdup(name);
    writer->checksum = checksum_new();
    writer->packer = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, LEVEL));
    writer->packed = g_byte_array_new();
    return writer;
}

void keep_block_writer_free(KeepBlockWriter *writer)
{
    if (writer == NULL)
        return;
    g_free(writer->name);
    checksum_free(writer->checksum);
    g_object_unref(writer->packer);
    g_byte_array_unref(writer->packed);
    g_free(writer);
}

static void set_write_error(const KeepBlockWriter *writer, int number, GError **error)
{
    const char *advice = "Look at the disk";
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        advice = "Make room, or name a file on another disk";
    else if (number == EPIPE)
        advice = "Whoever read it has stopped";
    error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s. %s; there is no backup",
              writer->name, g_strerror(number), advice);
}

static bool put(KeepBlockWriter *writer, const void *data, size_t bytes, GError **error)
{
    const char *at = data;
    for (size_t left = bytes; left > 0;) {
        ssize_t n = write(writer->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            set_write_error(writer, n < 0 ? errno : ENOSPC, error);
            return false;
        }
        at += n;
        left -= (size_t)n;
    }
    writer->bytes += (int64_t)bytes;
    return true;
}

static bool put_summed(KeepBlockWriter *writer, const void *data, size_t bytes, GError **error)
{
    checksum_add(writer->checksum, data, bytes);
    return put(writer, data, bytes, error);
}

/* False where packed it would be no smaller. */
static bool pack(KeepBlockWriter *writer, const void *data, size_t bytes)
{
    if (bytes < SMALL_BYTES)
        return false;
    g_byte_array_set_size(writer->packed, (guint)bytes);
    g_converter_reset(writer->packer);
    gsize read = 0, written = 0;
    GConverterResult result =
        g_converter_convert(writer->packer, data, bytes, writer->packed->data, bytes,
                            G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    g_byte_array_set_size(writer->packed, (guint)written);
    return result == G_CONVERTER_FINISHED && read == bytes;
}

static void put_length(guint8 *at, size_t length)
{
    guint32 big_endian = GUINT32_TO_BE((guint32)length);
    memcpy(at, &big_endian, sizeof big_endian);
}

bool keep_block_write(KeepBlockWriter *writer, char letter, const void *data, size_t bytes,
                      GError **error)
{
    g_autofree char *magic = g_strdup_printf("TIDINGS BACKUP %d\n", KEEP_FORMAT);
    if (!writer->begun && !put_summed(writer, magic, strlen(magic), error))
        return false;
    writer->begun = true;
    bool packed = pack(writer, data, bytes);
    const void *stored = packed ? writer->packed->data : data;
    size_t n = packed ? writer->packed->len : bytes;
    guint8 head[10] = {(guint8)letter, packed ? 'z' : 'p'};
    put_length(head + 2, n);
    put_length(head + 6, bytes);
    return put_summed(writer, head, sizeof head, error) && put_summed(writer, stored, n, error);
}

char *keep_block_writer_end(KeepBlockWriter *writer, GError **error)
{
    unsigned char sum[CHECKSUM_BYTES];
    checksum_take(writer->checksum, sum);
    return put(writer, sum, sizeof sum, error) ? text_hex(sum, sizeof sum) : NULL;
}

int64_t keep_block_writer_bytes(const KeepBlockWriter *writer)
{
    return writer->bytes;
}
