/* SPDX-License-Identifier: Apache-2.0 */
/* What an IMAP server says, read from bytes that come in pieces of any size. */
#include "mail/imap_reply.h"

#include "base/error.h"

#include <string.h>

/* Feeds all of it in pieces; the responses, or NULL with an error. */
static GPtrArray *read_all(const char *in, size_t n, size_t piece, size_t limit, GError **error)
{
    g_autoptr(ImapReader) reader = imap_reader_new();
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)imap_response_free);
    imap_reader_set_limit(reader, limit);
    for (size_t at = 0; at < n;) {
        ImapResponse *response;
        size_t used;
        if (!imap_reader_feed(reader, in + at, MIN(piece, n - at), &used, &response, error))
            return NULL;
        g_assert_cmpuint(used, >, 0);
        at += used;
        if (response != NULL)
            g_ptr_array_add(all, response);
    }
    return g_steal_pointer(&all);
}

static const char *const kinds[] = {"+", "tagged", "status", "data"};

static char *show(const GPtrArray *responses)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < responses->len; i++) {
        const ImapResponse *response = responses->pdata[i];
        g_autofree char *rest = g_strndup(response->text->str, response->text->len);
        g_string_append_printf(text, "%s|%s|%s|%u|%s|%s", kinds[response->kind],
                               response->tag != NULL ? response->tag : "", response->word,
                               response->number, response->code != NULL ? response->code : "-",
                               rest);
        for (guint k = 0; k < response->literals->len; k++)
            g_string_append_printf(text, "<%zu>", g_bytes_get_size(response->literals->pdata[k]));
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *name;
    const char *in;
    const char *shown; /* NULL: `code` */
    TdErrorCode code;
} Case;

static const Case cases[] = {
    {"ok", "T1 OK done\r\n", "tagged|T1|OK|0|-|done\n", 0},
    {"bare", "T1 OK\r\n", "tagged|T1|OK|0|-|\n", 0},
    {"bare-lf", "T1 OK done\n", "tagged|T1|OK|0|-|done\n", 0},
    {"lower-case", "T1 no no\r\n", "tagged|T1|NO|0|-|no\n", 0},
    {"code", "T1 NO [TRYCREATE] no folder\r\n", "tagged|T1|NO|0|TRYCREATE|no folder\n", 0},
    {"code-alone", "T1 OK [READ-WRITE]\r\n", "tagged|T1|OK|0|READ-WRITE|\n", 0},
    {"code-open", "T1 OK [READ\r\n", "tagged|T1|OK|0|-|[READ\n", 0},
    {"go-on", "+ idling\r\n", "+||+|0|-|idling\n", 0},
    {"go-on-bare", "+\r\n", "+||+|0|-|\n", 0},
    {"status", "* OK [UIDNEXT 5] next\r\n", "status||OK|0|UIDNEXT 5|next\n", 0},
    {"bye", "* BYE going\r\n", "status||BYE|0|-|going\n", 0},
    {"exists", "* 12 EXISTS\r\n", "data||EXISTS|12|-|\n", 0},
    {"search", "* SEARCH 1 2 3\r\n", "data||SEARCH|0|-|1 2 3\n", 0},
    {"literal", "* 1 FETCH (BODY[] {3}\r\nabc)\r\n", "data||FETCH|1|-|(BODY[] <3>\n", 0},
    {"literal-empty", "* 1 FETCH (BODY[] {0}\r\n)\r\n", "data||FETCH|1|-|(BODY[] <0>\n", 0},
    {"literal-with-end", "* 1 FETCH (BODY[] {13}\r\nT1 OK fake\r\n\n)\r\nT1 OK true\r\n",
     "data||FETCH|1|-|(BODY[] <13>\ntagged|T1|OK|0|-|true\n", 0},
    {"two-literals", "* 1 FETCH (A {1}\r\nx B {2}\r\nyz)\r\n", "data||FETCH|1|-|(A <1><2>\n", 0},
    {"no-literal-in-status", "* OK that is {5}\r\nT1 OK x\r\n",
     "status||OK|0|-|that is {5}\ntagged|T1|OK|0|-|x\n", 0},
    {"no-literal-in-end", "T1 OK that is {5}\r\n", "tagged|T1|OK|0|-|that is {5}\n", 0},
    {"not-a-literal", "* X {a}\r\n", "data||X|0|-|{a}\n", 0},
    {"negative", "* X {-1}\r\n", "data||X|0|-|{-1}\n", 0},
    {"too-large", "* 1 FETCH (BODY[] {101}\r\n", NULL, TD_ERROR_LIMIT},
    {"absurd", "* 1 FETCH (BODY[] {9223372036854775807}\r\n", NULL, TD_ERROR_LIMIT},
    {"overflow", "* 1 FETCH ({99999999999999999999}\r\n",
     "data||FETCH|1|-|({99999999999999999999}\n", 0},
    {"17-literals",
     "* X {0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}"
     "\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n\r\n",
     NULL, TD_ERROR_LIMIT},
    {"smtp", "220 mail.example ESMTP\r\n", NULL, TD_ERROR_MALFORMED},
    {"http", "HTTP/1.1 400 Bad Request\r\n", NULL, TD_ERROR_MALFORMED},
    {"empty", "\r\n", NULL, TD_ERROR_MALFORMED},
    {"star", "*\r\n", NULL, TD_ERROR_MALFORMED},
    {"number-alone", "* 5\r\n", NULL, TD_ERROR_MALFORMED},
    {"escape", "\33[31mred\r\n", NULL, TD_ERROR_MALFORMED},
};

static void test_case(gconstpointer data)
{
    const Case *c = data;
    size_t n = strlen(c->in);
    for (size_t piece = 1; piece <= n; piece++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) responses = read_all(c->in, n, piece, 100, &error);
        if (c->shown == NULL) {
            g_assert_error(error, TD_ERROR, (int)c->code);
            g_assert_true(strchr(error->message, '\33') == NULL);
            continue;
        }
        g_assert_no_error(error);
        g_autofree char *shown = show(responses);
        g_assert_cmpstr(shown, ==, c->shown);
    }
}

static void test_long_line(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = g_strnfill((gsize)10 * 1024 * 1024, 'x');
    g_autoptr(GPtrArray) responses = read_all(line, strlen(line), 65536, 100, &error);
    g_assert_null(responses);
    g_assert_error(error, TD_ERROR, TD_ERROR_LIMIT);
}

static void test_nul(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) responses = read_all("* X a\0b\r\n", 9, 3, 100, &error);
    g_assert_null(responses);
    g_assert_error(error, TD_ERROR, TD_ERROR_MALFORMED);
}

/* ---- FETCH ---- */

typedef struct {
    const char *name;
    const char *in;
    bool well;
    uint32_t uid;
    int64_t bytes;
    int64_t arrived_us;
    const char *body;
} Fetch;

static const Fetch fetches[] = {
    {"list", "(UID 7 RFC822.SIZE 123 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")", true, 7, 123,
     INT64_C(837596665000000), NULL},
    {"any-order", "(INTERNALDATE \" 7-Jul-1996 02:44:25 +0000\" UID 7)", true, 7, -1,
     INT64_C(836707465000000), NULL},
    {"body", "(UID 7 BODY[] {5}\r\nhello)", true, 7, -1, 0, "hello"},
    {"body-first", "(BODY[] {5}\r\nhello UID 7)", true, 7, -1, 0, "hello"},
    {"body-quoted", "(UID 7 BODY[HEADER]<0> \"a \\\"b\\\\\")", true, 7, -1, 0, "a \"b\\"},
    {"body-nil", "(UID 7 BODY[] NIL)", true, 7, -1, 0, NULL},
    {"flags", "(FLAGS (\\Seen \"x)\" (a b)) UID 7)", true, 7, -1, 0, NULL},
    {"literal-in-list", "(ENVELOPE (\"a\" {3}\r\nx)y (NIL)) UID 7 BODY[] {2}\r\nhi)", true, 7, -1,
     0, "hi"},
    {"fields", "(BODY[HEADER.FIELDS (From To)] {1}\r\nx UID 7)", true, 7, -1, 0, "x"},
    {"lower-case", "(uid 7 rfc822.size 1)", true, 7, 1, 0, NULL},
    {"empty", "()", true, 0, -1, 0, NULL},
    {"large", "(UID 4294967295 RFC822.SIZE 9000000000)", true, 4294967295U, 9000000000, 0, NULL},
    {"uid-too-large", "(UID 4294967296)", false, 0, 0, 0, NULL},
    {"uid-no-number", "(UID x)", false, 0, 0, 0, NULL},
    {"size-negative", "(RFC822.SIZE -1)", false, 0, 0, 0, NULL},
    {"open", "(UID 7", false, 0, 0, 0, NULL},
    {"no-value", "(UID", false, 0, 0, 0, NULL},
    {"no-list", "UID 7", false, 0, 0, 0, NULL},
    {"open-quote", "(BODY[] \"abc)", false, 0, 0, 0, NULL},
    {"open-bracket", "(BODY[ {1}\r\nx)", false, 0, 0, 0, NULL},
    {"deep", "(X ((((((((((((((((((((((((((((((((((((((((a)", false, 0, 0, 0, NULL},
};

static void test_fetch(gconstpointer data)
{
    const Fetch *c = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *line = g_strconcat("* 3 FETCH ", c->in, "\r\n", NULL);
    g_autoptr(GPtrArray) responses = read_all(line, strlen(line), 4, 1000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(responses->len, ==, 1);
    g_auto(ImapFetched) fetched = {0};
    g_assert_true(imap_read_fetch(responses->pdata[0], &fetched, &error) == c->well);
    if (!c->well) {
        g_assert_error(error, TD_ERROR, TD_ERROR_MALFORMED);
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpuint(fetched.uid, ==, c->uid);
    g_assert_cmpint(fetched.bytes, ==, c->bytes);
    g_assert_cmpint(fetched.arrived_us, ==, c->arrived_us);
    g_assert_true((fetched.body != NULL) == (c->body != NULL));
    if (c->body != NULL)
        g_assert_cmpmem(g_bytes_get_data(fetched.body, NULL), g_bytes_get_size(fetched.body),
                        c->body, strlen(c->body));
}

/* ---- the rest ---- */

static void test_search(void)
{
    static const struct {
        const char *in;
        guint n; /* 99: an error */
    } rows[] = {{"", 0},      {" 7 8", 2}, {" 3 5 7", 2},      {" 7 (MODSEQ 9)", 1},
                {" 7 x", 99}, {" -7", 99}, {" 4294967296", 99}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *line = g_strconcat("* SEARCH", rows[i].in, "\r\n", NULL);
        g_autoptr(GPtrArray) responses = read_all(line, strlen(line), 100, 100, &error);
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        bool well = imap_read_search(responses->pdata[0], 5, uids, &error);
        g_assert_true(well == (rows[i].n != 99));
        if (well)
            g_assert_cmpuint(uids->len, ==, rows[i].n);
    }
}

static void test_folders(void)
{
    static const char *const rows[][2] = {
        {"INBOX", "\"INBOX\""},
        {"Erledigte Vorg\u00e4nge", "\"Erledigte Vorg&AOQ-nge\""},
        {"\u53f0\u5317", "\"&U,BTFw-\""}, /* RFC 3501 §5.1.3 */
        {"a&b", "\"a&-b\""},
        {"q\"\\", "\"q\\\"\\\\\""},
        {"x\r\nT9 DELETE INBOX", "\"x&AA0ACg-T9 DELETE INBOX\""},
        {"\U0001F600", "\"&2D3eAA-\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *quoted = imap_quote_folder(rows[i][0]);
        g_assert_cmpstr(quoted, ==, rows[i][1]);
    }
}

static void test_sets(void)
{
    const uint32_t uids[] = {2, 5, 6, 7, 9, 4294967295U};
    g_autofree char *all = imap_write_set(uids, G_N_ELEMENTS(uids));
    g_autofree char *one = imap_write_set(uids, 1);
    g_autofree char *none = imap_write_set(uids, 0);
    g_assert_cmpstr(all, ==, "2,5:7,9,4294967295");
    g_assert_cmpstr(one, ==, "2");
    g_assert_cmpstr(none, ==, "");
}

static void test_times(void)
{
    static const char *const bad[] = {"",
                                      "17-Jul-1996",
                                      "17-Xyz-1996 02:44:25 -0700",
                                      "99-Jul-1996 02:44:25 -0700",
                                      "17-Jul-1996 02:44:25 0700x",
                                      "17-Jul-1996 25:44:25 -0700",
                                      "17-Jul-0096 02:44:25 -0700"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(imap_read_time(bad[i]), ==, 0);
    g_autofree char *day = imap_write_day(INT64_C(837596665000000));
    g_assert_cmpstr(day, ==, "17-Jul-1996");
    g_assert_true(imap_has_word("IMAP4rev1 UIDPLUS move", "MOVE"));
    g_assert_false(imap_has_word("IMAP4rev1 MOVED", "MOVE"));
    uint32_t number = 0;
    g_assert_true(imap_code_number("UIDNEXT 5", "uidnext", &number) && number == 5);
    g_assert_false(imap_code_number("UIDNEXT", "UIDNEXT", &number));
    g_assert_false(imap_code_number("UIDNEXTS 5", "UIDNEXT", &number));
    g_assert_false(imap_code_number(NULL, "UIDNEXT", &number));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/mail/imap-reply/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fetches); i++) {
        g_autofree char *path = g_strdup_printf("/mail/imap-fetch/%s", fetches[i].name);
        g_test_add_data_func(path, &fetches[i], test_fetch);
    }
    g_test_add_func("/mail/imap/long-line", test_long_line);
    g_test_add_func("/mail/imap/nul", test_nul);
    g_test_add_func("/mail/imap/search", test_search);
    g_test_add_func("/mail/imap/folders", test_folders);
    g_test_add_func("/mail/imap/sets", test_sets);
    g_test_add_func("/mail/imap/times", test_times);
    return g_test_run();
}
