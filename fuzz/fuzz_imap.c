/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an IMAP server says, from any bytes. What must hold: how the bytes are cut into pieces
 * changes nothing, nothing is larger than its limit, and a name of a folder cannot leave its
 * quotes.
 *
 * Input: the first byte is the size of the pieces, the rest is what arrives.
 */
#include "fuzz.h"

#include "mail/imap_reply.h"

#include <string.h>

#define LITERAL_BYTES 4096

static void check_fetch(const ImapResponse *response)
{
    g_auto(ImapFetched) fetched = {0};
    if (!imap_read_fetch(response, &fetched, NULL))
        return;
    FUZZ_CHECK(fetched.bytes >= -1 && fetched.arrived_us >= 0);
    FUZZ_CHECK(fetched.body == NULL ||
               g_bytes_get_size(fetched.body) <= MAX(LITERAL_BYTES, response->text->len));
}

static void check_response(const ImapResponse *response)
{
    guint nuls = 0;
    for (gsize i = 0; i < response->text->len; i++)
        nuls += response->text->str[i] == '\0';
    FUZZ_CHECK(nuls <= response->literals->len && response->literals->len <= IMAP_LITERALS_MAX);
    for (guint i = 0; i < response->literals->len; i++)
        FUZZ_CHECK(g_bytes_get_size(response->literals->pdata[i]) <= LITERAL_BYTES);
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    imap_read_search(response, 5, uids, NULL);
    for (guint i = 0; i < uids->len; i++)
        FUZZ_CHECK(g_array_index(uids, uint32_t, i) >= 5);
    check_fetch(response);
}

static void show(GString *all, const ImapResponse *response)
{
    g_string_append_printf(all, "%d %s %s %u %s ", response->kind,
                           response->tag != NULL ? response->tag : "", response->word,
                           response->number, response->code != NULL ? response->code : "");
    g_string_append_len(all, response->text->str, (gssize)response->text->len);
}

/* All that was said, up to the first error. */
static GString *read_all(const char *bytes, size_t n, size_t piece)
{
    g_autoptr(ImapReader) reader = imap_reader_new();
    GString *all = g_string_new(NULL);
    imap_reader_set_limit(reader, LITERAL_BYTES);
    for (size_t at = 0; at < n;) {
        g_autoptr(ImapResponse) response = NULL;
        size_t used;
        if (!imap_reader_feed(reader, bytes + at, MIN(piece, n - at), &used, &response, NULL))
            break;
        FUZZ_CHECK(used > 0 && used <= MIN(piece, n - at));
        at += used;
        if (response != NULL) {
            check_response(response);
            show(all, response);
        }
    }
    return all;
}

static void check_folder(const char *bytes, size_t n)
{
    g_autofree char *name = g_strndup(bytes, n);
    g_autofree char *quoted = imap_quote_folder(name);
    size_t length = strlen(quoted);
    FUZZ_CHECK(length >= 2 && quoted[0] == '"' && quoted[length - 1] == '"');
    for (size_t i = 1; i + 1 < length; i++) {
        FUZZ_CHECK(quoted[i] >= 0x20 && quoted[i] < 0x7f && quoted[i] != '"');
        i += quoted[i] == '\\';
        FUZZ_CHECK(i + 1 < length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    GString *whole = read_all(bytes, size - 1, size);
    GString *pieces = read_all(bytes, size - 1, data[0] > 0 ? data[0] : 1);
    FUZZ_CHECK(g_string_equal(whole, pieces));
    g_string_free(whole, TRUE);
    g_string_free(pieces, TRUE);
    check_folder(bytes, MIN(size - 1, 300));
    g_autofree char *text = g_strndup(bytes, MIN(size - 1, 100));
    FUZZ_CHECK(imap_read_time(text) >= 0);
    return 0;
}
