/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: what they ask, and what is taken from their answers. */
#include "mail/imap.h"

#include "base/clock.h"
#include "base/error.h"
#include "mail/imap-private.h"

#include <string.h>

static gint compare_uids(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* ---- SELECT ---- */

static bool take_folder(const ImapResponse *response, void *data, GError **error)
{
    ImapFolder *folder = data;
    if (response->kind == IMAP_DATA && strcmp(response->word, "EXISTS") == 0)
        folder->exists = response->number;
    imap_code_number(response->code, "UIDVALIDITY", &folder->uidvalidity);
    imap_code_number(response->code, "UIDNEXT", &folder->uidnext);
    return true;
}

static bool look_at(ImapSession *session, const char *verb, const char *folder,
                    ImapFolder *selected, GCancellable *cancellable, GError **error)
{
    g_autofree char *name = imap_quote_folder(folder);
    g_autofree char *command = g_strconcat(verb, " ", name, NULL);
    ImapFolder found = {0};
    if (!imap_command(session, verb, command, take_folder, &found, cancellable, error))
        return false;
    if (found.uidvalidity == 0) {
        error_set(error, TD_ERROR_MALFORMED,
                  "The server tells no UIDVALIDITY: mails of this folder cannot be told apart");
        session->broken = true;
        return false;
    }
    *selected = found;
    return true;
}

bool imap_select(ImapSession *session, const char *folder, ImapFolder *selected,
                 GCancellable *cancellable, GError **error)
{
    return look_at(session, "SELECT", folder, selected, cancellable, error);
}

bool imap_examine(ImapSession *session, const char *folder, ImapFolder *selected,
                  GCancellable *cancellable, GError **error)
{
    return look_at(session, "EXAMINE", folder, selected, cancellable, error);
}

/* ---- SEARCH ---- */

typedef struct {
    uint32_t first;
    GArray *uids;
} Search;

static bool take_search(const ImapResponse *response, void *data, GError **error)
{
    Search *search = data;
    if (response->kind != IMAP_DATA || strcmp(response->word, "SEARCH") != 0)
        return true;
    return imap_read_search(response, search->first, search->uids, error);
}

static void sort_once(GArray *uids)
{
    guint kept = 0;
    g_array_sort(uids, compare_uids);
    for (guint i = 0; i < uids->len; i++) {
        uint32_t uid = g_array_index(uids, uint32_t, i);
        if (kept == 0 || g_array_index(uids, uint32_t, kept - 1) != uid)
            g_array_index(uids, uint32_t, kept++) = uid;
    }
    g_array_set_size(uids, kept);
}

GArray *imap_search(ImapSession *session, uint32_t first, uint32_t old_below, int64_t since_us,
                    GCancellable *cancellable, GError **error)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    Search search = {first, uids};
    g_autofree char *day = imap_write_day(since_us - US_PER_DAY);
    /* "n:*" also names the last mail where its UID is smaller (RFC 3501 §6.4.8) */
    g_autofree char *command =
        first < old_below && since_us > 0
            ? g_strdup_printf("UID SEARCH UID %u:* OR UID %u:* SINCE %s", first, old_below, day)
            : g_strdup_printf("UID SEARCH UID %u:*", first);
    if (!imap_command(session, "UID SEARCH", command, take_search, &search, cancellable, error))
        return NULL;
    sort_once(uids);
    return g_steal_pointer(&uids);
}

/* ---- FETCH ---- */

typedef struct {
    const uint32_t *uids;
    size_t n;
    ImapMail *mails; /* one for each of uids; uid 0: not told of */
} Listing;

static bool take_listed(const ImapResponse *response, void *data, GError **error)
{
    const Listing *listing = data;
    g_auto(ImapFetched) fetched = {0};
    if (response->kind != IMAP_DATA || strcmp(response->word, "FETCH") != 0)
        return true;
    if (!imap_read_fetch(response, &fetched, error))
        return false;
    const uint32_t *place =
        bsearch(&fetched.uid, listing->uids, listing->n, sizeof(uint32_t), compare_uids);
    if (place == NULL || fetched.bytes < 0)
        return true;
    listing->mails[place - listing->uids] =
        (ImapMail){fetched.uid, fetched.bytes, fetched.arrived_us};
    return true;
}

GArray *imap_list(ImapSession *session, const uint32_t *uids, size_t n, GCancellable *cancellable,
                  GError **error)
{
    g_autofree ImapMail *mails = g_new0(ImapMail, MAX(n, 1));
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(ImapMail));
    Listing listing = {uids, n, mails};
    if (n > 0) {
        g_autofree char *set = imap_write_set(uids, n);
        g_autofree char *command =
            g_strdup_printf("UID FETCH %s (UID RFC822.SIZE INTERNALDATE)", set);
        if (!imap_command(session, "UID FETCH", command, take_listed, &listing, cancellable, error))
            return NULL;
    }
    for (size_t i = 0; i < n; i++)
        if (mails[i].uid != 0)
            g_array_append_val(list, mails[i]);
    return g_steal_pointer(&list);
}

typedef struct {
    uint32_t uid;
    GBytes *body;
} Fetching;

static bool take_body(const ImapResponse *response, void *data, GError **error)
{
    Fetching *fetching = data;
    g_auto(ImapFetched) fetched = {0};
    if (response->kind != IMAP_DATA || strcmp(response->word, "FETCH") != 0)
        return true;
    if (!imap_read_fetch(response, &fetched, error))
        return false;
    if (fetched.uid == fetching->uid && fetched.body != NULL) {
        g_clear_pointer(&fetching->body, g_bytes_unref);
        fetching->body = g_bytes_ref(fetched.body);
    }
    return true;
}

static bool fetch(ImapSession *session, uint32_t uid, const char *section, size_t bytes_max,
                  GBytes **raw, GCancellable *cancellable, GError **error)
{
    Fetching fetching = {.uid = uid};
    g_autofree char *command = g_strdup_printf("UID FETCH %u (UID %s)", uid, section);
    imap_reader_set_limit(session->reader, bytes_max);
    bool well =
        imap_command(session, "UID FETCH", command, take_body, &fetching, cancellable, error);
    imap_reader_set_limit(session->reader, IMAP_LITERAL_BYTES);
    if (well && fetching.body == NULL)
        error_set(error, TD_ERROR_INVALID, "The server gave nothing for the mail with UID %u", uid);
    if (well && fetching.body != NULL)
        *raw = g_steal_pointer(&fetching.body);
    else
        well = false;
    g_clear_pointer(&fetching.body, g_bytes_unref);
    return well;
}

bool imap_fetch(ImapSession *session, uint32_t uid, size_t bytes_max, GBytes **raw,
                GCancellable *cancellable, GError **error)
{
    return fetch(session, uid, "BODY.PEEK[]", bytes_max, raw, cancellable, error);
}

bool imap_fetch_headers(ImapSession *session, uint32_t uid, GBytes **raw, GCancellable *cancellable,
                        GError **error)
{
    g_autofree char *section = g_strdup_printf("BODY.PEEK[HEADER]<0.%d>", IMAP_HEADERS_BYTES);
    return fetch(session, uid, section, IMAP_HEADERS_BYTES, raw, cancellable, error);
}

/* ---- afterwards ---- */

bool imap_flag(ImapSession *session, const uint32_t *uids, size_t n, GCancellable *cancellable,
               GError **error)
{
    if (n == 0)
        return true;
    g_autofree char *set = imap_write_set(uids, n);
    g_autofree char *command = g_strdup_printf("UID STORE %s +FLAGS.SILENT (\\Flagged)", set);
    return imap_command(session, "to flag mails", command, NULL, NULL, cancellable, error);
}

/* Once more with the folder made, where it is missing. */
static bool put_into(ImapSession *session, const char *verb, const char *command,
                     const char *folder, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (imap_command(session, verb, command, NULL, NULL, cancellable, &failure))
        return true;
    bool missing = session->code != NULL && (g_ascii_strcasecmp(session->code, "TRYCREATE") == 0 ||
                                             g_ascii_strcasecmp(session->code, "NONEXISTENT") == 0);
    if (missing && !session->broken) {
        g_autofree char *create = g_strconcat("CREATE ", folder, NULL);
        return imap_command(session, "to make the folder", create, NULL, NULL, cancellable,
                            error) &&
               imap_command(session, verb, command, NULL, NULL, cancellable, error);
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

bool imap_delete(ImapSession *session, const uint32_t *uids, size_t n, GCancellable *cancellable,
                 GError **error)
{
    if (n == 0)
        return true;
    g_autofree char *set = imap_write_set(uids, n);
    g_autofree char *delete = g_strdup_printf("UID STORE %s +FLAGS.SILENT (\\Deleted)", set);
    g_autofree char *expunge = g_strdup_printf("UID EXPUNGE %s", set);
    return imap_command(session, "to delete mails", delete, NULL, NULL, cancellable, error) &&
           (!imap_has_word(session->capabilities, "UIDPLUS") ||
            imap_command(session, "to expunge mails", expunge, NULL, NULL, cancellable, error));
}

bool imap_move(ImapSession *session, const uint32_t *uids, size_t n, const char *folder,
               GCancellable *cancellable, GError **error)
{
    if (n == 0)
        return true;
    g_autofree char *set = imap_write_set(uids, n);
    g_autofree char *name = imap_quote_folder(folder);
    g_autofree char *move = g_strdup_printf("UID MOVE %s %s", set, name);
    g_autofree char *copy = g_strdup_printf("UID COPY %s %s", set, name);
    if (imap_has_word(session->capabilities, "MOVE"))
        return put_into(session, "to move mails", move, name, cancellable, error);
    return put_into(session, "to copy mails", copy, name, cancellable, error) &&
           imap_delete(session, uids, n, cancellable, error);
}
