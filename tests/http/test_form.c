/* SPDX-License-Identifier: Apache-2.0 */
/* What forms send, as browsers write it and as nobody should. */
#include "http/form.h"

#include "base/error.h"
#include "http/cookie.h"

#include <string.h>

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART  "multipart/form-data; boundary=xx"

static HttpForm *read_form(const char *type, const char *body, size_t bytes, GError **error)
{
    g_autoptr(HttpRequest) request = http_request_new("POST", "/form", body, bytes);
    if (type != NULL)
        http_request_set_header(request, "Content-Type", type);
    return http_form_read(request, error);
}

/* "a=1 b=2 file:up=name.txt,text/plain,3" */
static char *describe(const HttpForm *form)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < http_form_n_texts(form); i++) {
        const char *name = http_form_name(form, i);
        g_autoptr(GPtrArray) all = http_form_all(form, name);
        g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", name,
                               all->len == 1 ? (const char *)all->pdata[0] : "several");
    }
    for (size_t i = 0; i < http_form_n_files(form); i++) {
        const HttpFormFile *file = http_form_file(form, i);
        g_string_append_printf(text, "%sfile:%s=%s,%s,%zu", text->len > 0 ? " " : "", file->name,
                               file->file_name, file->content_type,
                               g_bytes_get_size(file->content));
    }
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *name, *type, *body, *want; /* want NULL: refused */
} Case;

#define FIELD(name, value)                                                                         \
    "--xx\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define UPLOAD(name, file, type, value)                                                            \
    "--xx\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file                  \
    "\"\r\nContent-Type: " type "\r\n\r\n" value "\r\n"

static const Case cases[] = {
    {"nothing", NULL, "", ""},
    {"urlencoded/fields", URLENCODED, "a=1&b=two+words&c=%C3%A9", "a=1 b=two words c=é"},
    {"urlencoded/charset", URLENCODED "; charset=UTF-8", "a=1", "a=1"},
    {"urlencoded/letter-case", "Application/X-WWW-Form-Urlencoded", "a=1", "a=1"},
    {"urlencoded/empty-values", URLENCODED, "a=&b&=c", "a= b= =c"},
    {"urlencoded/twice", URLENCODED, "a=1&a=2", "a=several a=several"},
    {"urlencoded/ampersands", URLENCODED, "&&a=1&&", "a=1"},
    {"urlencoded/line-breaks", URLENCODED, "a=1%0D%0A2", "a=1\r\n2"},
    {"urlencoded/bad-hex", URLENCODED, "a=%zz", NULL},
    {"urlencoded/nul", URLENCODED, "a=%00", NULL},
    {"urlencoded/latin-1", URLENCODED, "a=%E9", NULL},
    {"type/none", NULL, "a=1", NULL},
    {"type/json", "application/json", "{}", NULL},
    {"type/longer", URLENCODED "x", "a=1", NULL},
    {"multipart/fields", MULTIPART, FIELD("a", "1") FIELD("b", "two\r\nlines") "--xx--\r\n",
     "a=1 b=two\r\nlines"},
    {"multipart/quoted-boundary", "multipart/form-data; boundary=\"xx\"", FIELD("a", "1") "--xx--",
     "a=1"},
    {"multipart/preamble", MULTIPART, "hello\r\n" FIELD("a", "1") "--xx--\r\nbye", "a=1"},
    {"multipart/file", MULTIPART, UPLOAD("up", "a.txt", "text/plain", "abc") "--xx--",
     "file:up=a.txt,text/plain,3"},
    {"multipart/no-file-chosen", MULTIPART,
     UPLOAD("up", "", "application/octet-stream", "") "--xx--", ""},
    {"multipart/file-of-nothing", MULTIPART, UPLOAD("up", "a", "text/plain", "") "--xx--",
     "file:up=a,text/plain,0"},
    {"multipart/quotes-in-name", MULTIPART,
     UPLOAD("up", "a\\\"b.txt", "text/plain", "abc") "--xx--", "file:up=a\"b.txt,text/plain,3"},
    {"multipart/name-with-semicolon", MULTIPART,
     UPLOAD("up", "a;name=b.txt", "text/plain", "abc") "--xx--",
     "file:up=a;name=b.txt,text/plain,3"},
    {"multipart/boundary-in-content", MULTIPART, UPLOAD("up", "a", "text/plain", "a--xx") "--xx--",
     "file:up=a,text/plain,5"},
    {"multipart/token-name", MULTIPART,
     "--xx\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--xx--", "a=1"},
    {"multipart/no-boundary", "multipart/form-data", FIELD("a", "1") "--xx--", NULL},
    {"multipart/other-boundary", "multipart/form-data; boundary=yy", FIELD("a", "1") "--xx--",
     NULL},
    {"multipart/long-boundary",
     "multipart/form-data; "
     "boundary=1234567890123456789012345678901234567890123456789012345678901234567890x",
     FIELD("a", "1"), NULL},
    {"multipart/cut-off", MULTIPART, FIELD("a", "1"), NULL},
    {"multipart/cut-in-part", MULTIPART,
     "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", NULL},
    {"multipart/no-name", MULTIPART, "--xx\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xx--",
     NULL},
    {"multipart/no-blank-line", MULTIPART,
     "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n--xx--", NULL},
    {"multipart/garbage-after-boundary", MULTIPART, "--xxyz\r\n\r\n", NULL},
    {"multipart/not-utf8", MULTIPART, FIELD("a", "\xe9") "--xx--", NULL},
};

static void test_case(gconstpointer data)
{
    const Case *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpForm) form = read_form(row->type, row->body, strlen(row->body), &error);
    if (row->want == NULL) {
        g_assert_null(form);
        g_assert_true(error_is(error, TD_ERROR_MALFORMED));
        return;
    }
    g_assert_no_error(error);
    g_autofree char *got = describe(form);
    g_assert_cmpstr(got, ==, row->want);
}

static void test_bytes(void)
{
    static const char body[] = UPLOAD("up", "a", "x/y", "\0\xff\r\n--x\r\n") "--xx--";
    g_autoptr(HttpForm) form = read_form(MULTIPART, body, sizeof body - 1, NULL);
    g_assert_nonnull(form);
    size_t bytes;
    const void *content = g_bytes_get_data(http_form_file(form, 0)->content, &bytes);
    g_assert_cmpmem(content, bytes, "\0\xff\r\n--x\r\n", 9);
}

static void test_maxima(void)
{
    g_autoptr(GString) body = g_string_new(NULL);
    for (int i = 0; i < HTTP_FORM_FIELDS_MAX; i++)
        g_string_append(body, "a=1&");
    g_autoptr(HttpForm) most = read_form(URLENCODED, body->str, body->len, NULL);
    g_assert_nonnull(most);
    g_string_append(body, "a=1");
    g_assert_null(read_form(URLENCODED, body->str, body->len, NULL));
    g_string_truncate(body, 0);
    for (int i = 0; i <= HTTP_FORM_FILES_MAX; i++)
        g_string_append(body, UPLOAD("up", "a", "text/plain", "1"));
    g_string_append(body, "--xx--");
    g_assert_null(read_form(MULTIPART, body->str, body->len, NULL));
}

static void test_absent(void)
{
    g_autoptr(HttpForm) form = read_form(URLENCODED, "a=1&a=2", 7, NULL);
    g_assert_cmpstr(http_form_text(form, "a"), ==, "1");
    g_assert_null(http_form_text(form, "b"));
    g_autoptr(GPtrArray) all = http_form_all(form, "a");
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpstr(all->pdata[1], ==, "2");
}

static const struct {
    const char *name, *header, *cookie, *want;
} cookies[] = {
    {"none", NULL, "a", NULL},
    {"one", "a=1", "a", "1"},
    {"second", "b=2; a=1", "a", "1"},
    {"no-space", "b=2;a=1", "a", "1"},
    {"longer-name", "xa=2; a=1", "a", "1"},
    {"name-is-prefix", "ab=2", "a", NULL},
    {"first-of-two", "a=1; a=2", "a", "1"},
    {"equals-in-value", "a=1=2", "a", "1=2"},
    {"empty", "a=", "a", ""},
    {"semicolons", ";;; a=1;;", "a", "1"},
    {"no-equals", "a; b", "a", NULL},
};

static void test_cookies(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cookies); i++) {
        g_test_message("%s", cookies[i].name);
        g_autofree char *value = http_cookie_find(cookies[i].header, cookies[i].cookie);
        g_assert_cmpstr(value, ==, cookies[i].want);
    }
    g_autofree char *made = http_cookie_make("a", "1", 60, true);
    g_assert_cmpstr(made, ==, "a=1; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
    g_autofree char *ended = http_cookie_make("a", "", -1, false);
    g_assert_cmpstr(ended, ==, "a=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/form/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/form/bytes", test_bytes);
    g_test_add_func("/form/maxima", test_maxima);
    g_test_add_func("/form/absent", test_absent);
    g_test_add_func("/cookies", test_cookies);
    return g_test_run();
}
