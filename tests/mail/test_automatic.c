/* SPDX-License-Identifier: Apache-2.0 */
/* What is automatic, and who gets an automatic response: header by header. */
#include "mail/automatic.h"

#include <string.h>

#define FROM "From: Anna <anna@customer.example>\n"

typedef struct {
    const char *name;
    const char *header;
    const char *kind;
    const char *sign;   /* NULL: a person */
    const char *reason; /* why there is no response; NULL: there may be one */
} Row;

static const Row rows[] = {
    {"person", FROM, "person", NULL, NULL},
    {"person with return path", "Return-Path: <anna@customer.example>\n" FROM, "person", NULL,
     NULL},
    {"auto-submitted no", FROM "Auto-Submitted: no\n", "person", NULL, NULL},
    {"auto-submitted No with comment", FROM "Auto-Submitted: No (really)\n", "person", NULL, NULL},
    {"auto-submitted empty", FROM "Auto-Submitted:\n", "person", NULL, NULL},
    {"suppress none", FROM "X-Auto-Response-Suppress: None\n", "person", NULL, NULL},
    {"precedence first-class", FROM "Precedence: first-class\n", "person", NULL, NULL},
    {"x-autoreply no", FROM "X-Autoreply: no\n", "person", NULL, NULL},
    {"subject about absence", FROM "Subject: Out of office message does not work\n", "person", NULL,
     NULL},
    {"answer to an absence", FROM "Subject: Re: Automatic reply: Printer\n", "person", NULL, NULL},

    {"auto-replied", FROM "Auto-Submitted: auto-replied\n", "auto_reply", "auto_submitted",
     "auto_submitted"},
    {"auto-replied with parameter",
     FROM "Auto-Submitted: AUTO-REPLIED; owner-email=\"x@y.example\"\n", "auto_reply",
     "auto_submitted", "auto_submitted"},
    {"auto-generated", FROM "Auto-Submitted: auto-generated\n", "machine", "auto_submitted",
     "auto_submitted"},
    {"auto-notified", FROM "Auto-Submitted: auto-notified\n", "machine", "auto_submitted",
     "auto_submitted"},
    {"auto-anything", FROM "Auto-Submitted: x-made-up\n", "machine", "auto_submitted",
     "auto_submitted"},
    {"x-autoreply", FROM "X-Autoreply: yes\n", "auto_reply", "auto_reply_header",
     "auto_reply_header"},
    {"x-autorespond", FROM "X-Autorespond: vacation\n", "auto_reply", "auto_reply_header",
     "auto_reply_header"},
    {"precedence auto_reply", FROM "Precedence: auto_reply\n", "auto_reply", "precedence",
     "precedence"},
    {"vacation of exchange",
     "Return-Path: <>\n" FROM "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"
     "Subject: Automatic reply: Printer\n",
     "auto_reply", "auto_reply_subject", "auto_reply_subject"},
    {"absence in german", FROM "Subject: Abwesenheitsnotiz: Drucker\n", "auto_reply",
     "auto_reply_subject", "auto_reply_subject"},
    {"absence in french", FROM "Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_Imprimante?=\n",
     "auto_reply", "auto_reply_subject", "auto_reply_subject"},
    {"absence in spanish", FROM "Subject: RESPUESTA AUTOM\u00c1TICA: Impresora\n", "auto_reply",
     "auto_reply_subject", "auto_reply_subject"},
    {"absence in japanese", FROM "Subject: \u81ea\u52d5\u5fdc\u7b54: \u5370\u5237\n", "auto_reply",
     "auto_reply_subject", "auto_reply_subject"},
    {"receipt",
     FROM "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n",
     "auto_reply", "report", "report"},

    {"report", FROM "Content-Type: multipart/report; report-type=\"Delivery-Status\"; boundary=b\n",
     "bounce", "report", "report"},
    {"complaint", FROM "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n",
     "bounce", "report", "report"},
    {"exim's bounce",
     "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: a@b.example\n",
     "bounce", "report", "report"},
    {"mailer-daemon", "From: MAILER-DAEMON@mx.example\n", "bounce", "daemon_sender",
     "daemon_sender"},
    {"null return path", "Return-Path: <>\n" FROM, "bounce", "null_return_path",
     "null_return_path"},
    {"null return path with space", "Return-Path: < >\n" FROM, "bounce", "null_return_path",
     "null_return_path"},
    {"vacation with null return path", "Return-Path: <>\n" FROM "Auto-Submitted: auto-replied\n",
     "auto_reply", "auto_submitted", "auto_submitted"},

    {"list", FROM "List-Id: <users.lists.example>\n", "list", "list_header", "list_header"},
    {"list-unsubscribe", FROM "List-Unsubscribe: <https://x.example/>\n", "list", "list_header",
     "list_header"},
    {"precedence list", FROM "Precedence: list\n", "list", "precedence", "precedence"},
    {"precedence bulk", FROM "Precedence: Bulk\n", "bulk", "precedence", "precedence"},
    {"precedence junk", FROM "Precedence: junk\n", "bulk", "precedence", "precedence"},
    {"suppress all", FROM "X-Auto-Response-Suppress: DR, OOF, AutoReply\n", "machine",
     "response_suppressed", "response_suppressed"},
    {"hop mark", FROM "X-Tidings-Hop: 1.abc\n", "machine", "hop_mark", "hop_mark"},
    {"no-reply", "From: No-Reply@shop.example\n", "machine", "no_reply_sender", "no_reply_sender"},
    {"no reply among words", "From: drive-shares-dm-noreply@x.example\n", "machine",
     "no_reply_sender", "no_reply_sender"},
    {"do.not_reply+x", "From: do.not_reply+x@x.example\n", "machine", "no_reply_sender",
     "no_reply_sender"},

    /* A person as far as can be seen, who is answered by people only. */
    {"postmaster", "From: postmaster@customer.example\n", "person", NULL, "daemon_sender"},
    {"root", "From: root@host.customer.example\n", "person", NULL, "daemon_sender"},
    {"list owner", "From: owner-users@lists.example\n", "person", NULL, "daemon_sender"},
    {"list request", "From: users-request@lists.example\n", "person", NULL, "daemon_sender"},
    {"return path of a list", "Return-Path: <users-bounces@lists.example>\n" FROM, "person", NULL,
     "daemon_sender"},
    {"x-loop", FROM "X-Loop: anna@customer.example\n", "person", NULL, "loop_header"},
    {"no from", "Subject: x\n", "person", NULL, "no_sender"},
    {"two in from", "From: a@x.example, b@x.example\n", "person", NULL, "many_senders"},
    {"two from fields", "From: a@x.example\nFrom: a@x.example\n", "person", NULL, "many_senders"},
    {"our own", "From: Support@desk.example\n", "person", NULL, "own_address"},
    {"our own sender", FROM "Sender: support@desk.example\n", "person", NULL, "own_address"},
    {"our own reply-to", FROM "Reply-To: x@x.example, support@desk.example\n", "person", NULL,
     "own_address"},
    {"our own return path", "Return-Path: <support@desk.example>\n" FROM, "person", NULL,
     "own_address"},
    {"names that look alike", "From: noel.replyson@x.example\n", "person", NULL, NULL},
    {"bouncer by name", "From: bouncy.castles@x.example\n", "person", NULL, NULL},
};

static bool is_own(const char *key, void *data)
{
    g_assert_cmpstr(data, ==, "data");
    return strcmp(key, "support@desk.example") == 0;
}

static void test_row(gconstpointer data)
{
    const Row *row = data;
    g_autofree char *text = g_strconcat(row->header, "\nText.\n", NULL);
    g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
    g_autoptr(GError) error = NULL;
    g_autoptr(InboundMail) mail = inbound_read(raw, &error);
    g_assert_no_error(error);
    InboundNature nature = inbound_nature(mail);
    g_assert_cmpstr(inbound_nature_name(nature.kind), ==, row->kind);
    g_assert_cmpstr(nature.sign, ==, row->sign);
    const char *reason = "unset";
    g_assert_true(automatic_may_respond(mail, is_own, (void *)"data", &reason) ==
                  (row->reason == NULL));
    g_assert_cmpstr(reason, ==, row->reason);
}

static void test_without_own(void)
{
    g_autoptr(GBytes) raw = g_bytes_new_static(FROM "\n", strlen(FROM) + 1);
    g_autoptr(InboundMail) mail = inbound_read(raw, NULL);
    const char *reason = "unset";
    g_assert_true(automatic_may_respond(mail, NULL, NULL, &reason));
    g_assert_null(reason);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/mail/automatic/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/mail/automatic/without own addresses", test_without_own);
    return g_test_run();
}
