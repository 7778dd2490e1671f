/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/smtp_reply.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *in;
    SmtpReplyStatus status;
    int code;
    const char *enhanced;
    const char *shown;
} Case;

static const Case cases[] = {
    {"simple", "250 2.0.0 Ok\r\n", SMTP_REPLY_DONE, 250, "2.0.0", "250 2.0.0 Ok"},
    {"bare-code", "250\r\n", SMTP_REPLY_DONE, 250, "", "250"},
    {"code-and-space", "250 \r\n", SMTP_REPLY_DONE, 250, "", "250"},
    {"bare-lf", "354 go\n", SMTP_REPLY_DONE, 354, "", "354 go"},
    {"multi-line", "550-5.1.1 No such\r\n550-5.1.1\r\n550 5.1.1 user here\r\n", SMTP_REPLY_DONE,
     550, "5.1.1", "550 5.1.1 No such user here"},
    {"no-enhanced", "451 try again\r\n", SMTP_REPLY_DONE, 451, "", "451 try again"},
    {"enhanced-of-other-class", "550 4.7.1 hm\r\n", SMTP_REPLY_DONE, 550, "", "550 4.7.1 hm"},
    {"enhanced-long", "550 5.123.456 x\r\n", SMTP_REPLY_DONE, 550, "5.123.456", "550 5.123.456 x"},
    {"enhanced-too-long", "550 5.1234.1 x\r\n", SMTP_REPLY_DONE, 550, "", "550 5.1234.1 x"},
    {"enhanced-not-a-word", "550 5.1.1x\r\n", SMTP_REPLY_DONE, 550, "", "550 5.1.1x"},
    {"control-characters", "250 a\tb\x01\x1b[31mc\r\n", SMTP_REPLY_DONE, 250, "", "250 a b  [31mc"},
    {"not-utf8", "250 caf\xe9\r\n", SMTP_REPLY_DONE, 250, "", "250 caf\ufffd"},
    {"utf8", "250 gr\u00fc\u00dfe\r\n", SMTP_REPLY_DONE, 250, "", "250 gr\u00fc\u00dfe"},
    {"half", "250 hal", SMTP_REPLY_MORE, 0, "", NULL},
    {"half-of-two", "250-one\r\n250", SMTP_REPLY_MORE, 250, "", NULL},
    {"empty-line", "\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"words", "HELLO THERE\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"two-digits", "25 ok\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"four-digits", "2500 ok\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"class-1", "150 ok\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"class-6", "650 ok\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"no-separator", "250ok\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
    {"mixed-codes", "250-a\r\n550 b\r\n", SMTP_REPLY_GARBAGE, 250, "", NULL},
    {"html", "HTTP/1.1 400 Bad Request\r\n", SMTP_REPLY_GARBAGE, 0, "", NULL},
};

/* Feeds `in` in pieces of `piece` bytes. */
static SmtpReplyStatus feed(SmtpReply *reply, const char *in, size_t n, size_t piece, size_t *total)
{
    SmtpReplyStatus status = SMTP_REPLY_MORE;
    *total = 0;
    while (*total < n && status == SMTP_REPLY_MORE) {
        size_t used;
        status = smtp_reply_feed(reply, in + *total, MIN(piece, n - *total), &used);
        *total += used;
    }
    return status;
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    size_t n = strlen(c->in);
    for (size_t piece = 1; piece <= n; piece++) {
        SmtpReply reply;
        smtp_reply_init(&reply);
        size_t total;
        g_assert_cmpint(feed(&reply, c->in, n, piece, &total), ==, c->status);
        g_assert_cmpint(reply.code, ==, c->code);
        char enhanced[16];
        smtp_reply_enhanced(&reply, enhanced);
        g_assert_cmpstr(enhanced, ==, c->enhanced);
        if (c->shown != NULL) {
            g_autofree char *shown = smtp_reply_shown(&reply);
            g_assert_cmpstr(shown, ==, c->shown);
        }
        if (c->status == SMTP_REPLY_GARBAGE)
            g_assert_nonnull(reply.problem);
        smtp_reply_clear(&reply);
    }
}

/* What stands behind a reply is the next one's. */
static void test_back_to_back(void)
{
    static const char in[] = "250 one\r\n250-two\r\n250 more\r\n354 three\r\n";
    SmtpReply reply;
    smtp_reply_init(&reply);
    size_t at = 0;
    static const char *const texts[] = {"250 one", "250 two more", "354 three"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        smtp_reply_reset(&reply);
        size_t used;
        g_assert_cmpint(smtp_reply_feed(&reply, in + at, strlen(in) - at, &used), ==,
                        SMTP_REPLY_DONE);
        at += used;
        g_autofree char *shown = smtp_reply_shown(&reply);
        g_assert_cmpstr(shown, ==, texts[i]);
    }
    g_assert_cmpuint(at, ==, strlen(in));
    smtp_reply_clear(&reply);
}

static void check_limit(const char *in, size_t n, SmtpReplyStatus expected)
{
    SmtpReply reply;
    smtp_reply_init(&reply);
    size_t total;
    g_assert_cmpint(feed(&reply, in, n, 1000, &total), ==, expected);
    if (expected == SMTP_REPLY_GARBAGE) {
        size_t used;
        g_assert_cmpint(smtp_reply_feed(&reply, "250 ok\r\n", 8, &used), ==, SMTP_REPLY_GARBAGE);
        g_assert_cmpuint(used, ==, 0);
    }
    smtp_reply_clear(&reply);
}

static void test_limits(void)
{
    g_autoptr(GString) line = g_string_new("250 ");
    while (line->len < 2048)
        g_string_append_c(line, 'x');
    check_limit(line->str, line->len, SMTP_REPLY_MORE);
    g_string_append_c(line, 'x');
    check_limit(line->str, line->len, SMTP_REPLY_GARBAGE);

    g_autoptr(GString) many = g_string_new(NULL);
    for (int i = 1; i < SMTP_REPLY_LINES; i++)
        g_string_append(many, "250-x\r\n");
    g_string_append(many, "250 x\r\n");
    check_limit(many->str, many->len, SMTP_REPLY_DONE);
    g_string_prepend(many, "250-x\r\n");
    check_limit(many->str, many->len, SMTP_REPLY_GARBAGE);

    g_autoptr(GString) large = g_string_new(NULL);
    for (int i = 0; i < 40; i++) {
        g_string_append(large, "250-");
        for (int j = 0; j < 2000; j++)
            g_string_append_c(large, 'x');
        g_string_append(large, "\r\n");
    }
    check_limit(large->str, large->len, SMTP_REPLY_GARBAGE);
}

static void test_shown_is_bounded(void)
{
    g_autoptr(GString) in = g_string_new("550 ");
    for (int i = 0; i < 400; i++)
        g_string_append(in, "\u65e5");
    g_string_append(in, "\r\n");
    SmtpReply reply;
    smtp_reply_init(&reply);
    size_t used;
    g_assert_cmpint(smtp_reply_feed(&reply, in->str, in->len, &used), ==, SMTP_REPLY_DONE);
    g_autofree char *shown = smtp_reply_shown(&reply);
    g_assert_cmpuint(strlen(shown), <=, SMTP_REPLY_SHOWN_BYTES);
    g_assert_cmpuint(strlen(shown), >, SMTP_REPLY_SHOWN_BYTES - 8);
    g_assert_true(g_utf8_validate(shown, -1, NULL));
    smtp_reply_clear(&reply);
}

typedef struct {
    const char *name;
    const char *in;
    const char *id;
} IdCase;

static const IdCase ids[] = {
    {"postfix", "250 2.0.0 Ok: queued as 4XyZ12abC3z9\r\n", "4XyZ12abC3z9"},
    {"exim", "250 OK id=1pZy3q-0004Xc-2H\r\n", "1pZy3q-0004Xc-2H"},
    {"exchange",
     "250 2.6.0 <a@b> [InternalId=1234567, Hostname=AM0.example] 1500 bytes in 0.1, 9 KB/sec "
     "Queued "
     "mail for delivery\r\n",
     "1234567"},
    {"sendmail", "250 2.0.0 3AB1CdEf012345 Message accepted for delivery\r\n", "3AB1CdEf012345"},
    {"opensmtpd", "250 2.0.0 5d3c1b2a Message accepted for delivery\r\n", "5d3c1b2a"},
    {"gmail", "250 2.0.0 OK  1700000000 d2e1a72fcca58-6c4e7b8f0aa.12 - gsmtp\r\n",
     "d2e1a72fcca58-6c4e7b8f0aa.12"},
    {"qmail", "250 ok 1700000000 qp 12345\r\n", "12345"},
    {"ses", "250 Ok 0100018c1a2b3c4d-5e6f-000000\r\n", "0100018c1a2b3c4d-5e6f-000000"},
    {"haraka", "250 Message Queued (5E1C-77.1)\r\n", "5E1C-77.1"},
    {"none", "250 2.0.0 Ok\r\n", NULL},
    {"ok-word", "250 Ok thanks\r\n", NULL},
    {"postfix-empty", "250 2.0.0 Ok: queued as \r\n", NULL},
    {"refused", "550 5.7.1 not queued as ABC123\r\n", NULL},
};

static void test_id(gconstpointer data)
{
    const IdCase *c = data;
    SmtpReply reply;
    smtp_reply_init(&reply);
    size_t used;
    g_assert_cmpint(smtp_reply_feed(&reply, c->in, strlen(c->in), &used), ==, SMTP_REPLY_DONE);
    g_autofree char *id = smtp_reply_queue_id(&reply);
    g_assert_cmpstr(id, ==, c->id);
    smtp_reply_clear(&reply);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/mail/reply/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *path = g_strconcat("/mail/reply/queue-id/", ids[i].name, NULL);
        g_test_add_data_func(path, &ids[i], test_id);
    }
    g_test_add_func("/mail/reply/back-to-back", test_back_to_back);
    g_test_add_func("/mail/reply/limits", test_limits);
    g_test_add_func("/mail/reply/shown-is-bounded", test_shown_is_bounded);
    return g_test_run();
}
