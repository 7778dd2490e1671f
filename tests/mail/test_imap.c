/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a server that fails at every stage, in every way. */
#include "base/error.h"
#include "mail/imap.h"
#include "tests/mail/certificates.h"
#include "tests/mail/imap_server.h"

#include <string.h>

#define TIMEOUT_MS 2000
#define MAIL       "From: a@b.example\r\nSubject: x\r\n\r\nT1 OK not the end\r\n"

static Certificates *certificates;

static ImapTarget target_of(const ImapServer *server)
{
    return (ImapTarget){.host = "127.0.0.1",
                        .port = imap_server_port(server),
                        .security = "none",
                        .username = "desk",
                        .password = "secret",
                        .timeout_ms = TIMEOUT_MS};
}

/* All that the poller does with a mailbox. */
static bool do_all(const ImapTarget *target, GError **error)
{
    ImapFolder folder;
    g_autoptr(ImapSession) session = imap_open(target, NULL, error);
    if (session == NULL || !imap_select(session, "INBOX", &folder, NULL, error))
        return false;
    g_assert_cmpuint(folder.uidvalidity, ==, 17);
    g_autoptr(GArray) uids = imap_search(session, 5, 0, 0, NULL, error);
    if (uids == NULL)
        return false;
    const uint32_t *list = (const uint32_t *)uids->data;
    g_assert_cmpuint(uids->len, ==, 1);
    g_autoptr(GArray) mails = imap_list(session, list, uids->len, NULL, error);
    if (mails == NULL)
        return false;
    g_autoptr(GBytes) raw = NULL;
    g_autoptr(GBytes) headers = NULL;
    return imap_fetch(session, list[0], 1000, &raw, NULL, error) &&
           imap_fetch_headers(session, list[0], &headers, NULL, error) &&
           imap_flag(session, list, 1, NULL, error) &&
           imap_move(session, list, 1, "Done", NULL, error);
}

static void test_well(void)
{
    ImapServerPlan plan = {.folder_missing = true};
    g_autoptr(ImapServer) server = imap_server_start(&plan);
    g_autoptr(GError) error = NULL;
    imap_server_add(server, 3, MAIL, NULL);
    imap_server_add(server, 9, MAIL, "17-Jul-1996 02:44:25 -0700");
    ImapTarget target = target_of(server);
    g_autoptr(ImapSession) session = imap_open(&target, NULL, &error);
    g_assert_no_error(error);
    ImapFolder folder;
    g_assert_true(imap_select(session, "INBOX", &folder, NULL, &error));
    g_assert_cmpuint(folder.uidnext, ==, 10);
    g_assert_cmpuint(folder.exists, ==, 2);
    /* "10:*" names the last mail, too */
    g_autoptr(GArray) none = imap_search(session, 10, 0, 0, NULL, &error);
    g_assert_cmpuint(none->len, ==, 0);
    g_autoptr(GArray) mails = imap_list(session, (uint32_t[]){3, 4, 9}, 3, NULL, &error);
    g_assert_cmpuint(mails->len, ==, 2);
    const ImapMail *mail = &g_array_index(mails, ImapMail, 1);
    g_assert_cmpuint(mail->uid, ==, 9);
    g_assert_cmpint(mail->bytes, ==, strlen(MAIL));
    g_assert_cmpint(mail->arrived_us, ==, INT64_C(837596665000000));
    g_autoptr(GBytes) raw = NULL;
    g_assert_true(imap_fetch(session, 9, 1000, &raw, NULL, &error));
    g_assert_cmpmem(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw), MAIL, strlen(MAIL));
    g_assert_true(imap_flag(session, (uint32_t[]){3}, 1, NULL, &error));
    g_assert_true(imap_move(session, (uint32_t[]){9}, 1, "Done", NULL, &error));
    g_autofree char *flagged = imap_server_flagged(server);
    g_autofree char *moved = imap_server_moved(server);
    g_assert_cmpstr(flagged, ==, "3");
    g_assert_cmpstr(moved, ==, "9");
    g_assert_false(imap_server_was_seen(server));
    /* what is not there is a refusal, and the session goes on */
    g_autoptr(GBytes) gone = NULL;
    g_assert_false(imap_fetch(session, 77, 1000, &gone, NULL, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_INVALID);
    g_assert_false(imap_is_broken(session));
}

/* Without MOVE it is copied, deleted and expunged; without UIDPLUS it stays, marked as deleted. */
static void test_move_otherwise(void)
{
    static const char *const rows[][2] = {
        {"IMAP4rev1 UIDPLUS", "UID COPY 9 \"Done\"\nUID STORE 9 +FLAGS.SILENT (\\Deleted)\nUID "
                              "EXPUNGE 9\n"},
        {"IMAP4rev1", "UID COPY 9 \"Done\"\nUID STORE 9 +FLAGS.SILENT (\\Deleted)\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ImapServerPlan plan = {.capabilities = rows[i][0]};
        g_autoptr(ImapServer) server = imap_server_start(&plan);
        g_autoptr(GError) error = NULL;
        imap_server_add(server, 9, MAIL, NULL);
        ImapTarget target = target_of(server);
        g_autoptr(ImapSession) session = imap_open(&target, NULL, &error);
        g_assert_no_error(error);
        imap_move(session, (uint32_t[]){9}, 1, "Done", NULL, &error);
        g_assert_no_error(error);
        g_autofree char *commands = imap_server_commands(server);
        g_assert_true(g_str_has_suffix(commands, rows[i][1]));
    }
}

/* ---- faults ---- */

static const char *const stages[] = {"greeting", "capability", "login",  "select", "search",
                                     "list",     "body",       "header", "store",  "move"};

typedef struct {
    ImapFaultKind kind;
    const char *name;
    TdErrorCode codes[4]; /* any of these; 0 ends them */
    int timeout_ms;       /* 0: 300. Where nothing but a timeout is wanted it may be short */
} Fault;

static const Fault faults[] = {
    {IMAP_FAULT_GARBAGE,
     "garbage",
     {TD_ERROR_MALFORMED, TD_ERROR_UNAVAILABLE, TD_ERROR_TIMEOUT},
     0},
    {IMAP_FAULT_LONG_LINE,
     "long-line",
     {TD_ERROR_LIMIT, TD_ERROR_TIMEOUT, TD_ERROR_UNAVAILABLE},
     0},
    {IMAP_FAULT_ENDLESS,
     "endless",
     {TD_ERROR_TIMEOUT, TD_ERROR_LIMIT, TD_ERROR_UNAVAILABLE, TD_ERROR_MALFORMED},
     50},
    {IMAP_FAULT_HALF, "half", {TD_ERROR_UNAVAILABLE, TD_ERROR_MALFORMED}, 0},
    {IMAP_FAULT_HALF_SILENT, "half-silent", {TD_ERROR_TIMEOUT}, 100},
    {IMAP_FAULT_SILENCE, "silence", {TD_ERROR_TIMEOUT}, 100},
    {IMAP_FAULT_CLOSE, "close", {TD_ERROR_UNAVAILABLE, TD_ERROR_MALFORMED}, 0},
    {IMAP_FAULT_BYE, "bye", {TD_ERROR_UNAVAILABLE, TD_ERROR_MALFORMED, TD_ERROR_DENIED}, 0},
};

static void test_fault(const char *stage, const Fault *fault)
{
    ImapServerPlan plan = {.fault = {stage, fault->kind, NULL, 0}};
    g_autoptr(ImapServer) server = imap_server_start(&plan);
    g_autoptr(GError) error = NULL;
    imap_server_add(server, 9, MAIL, NULL);
    ImapTarget target = target_of(server);
    target.timeout_ms = fault->timeout_ms > 0 ? fault->timeout_ms : 300;
    g_test_message("%s at %s", fault->name, stage);
    g_assert_false(do_all(&target, &error));
    g_test_message("%s", error->message);
    bool expected = false;
    for (size_t i = 0; i < G_N_ELEMENTS(fault->codes); i++)
        expected = expected || (fault->codes[i] != 0 && error_is(error, fault->codes[i]));
    g_assert_true(expected);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(strstr(error->message, "secret"));
}

static void test_faults(gconstpointer data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
        test_fault(stages[i], data);
}

/* A refusal leaves the session as it is, and says the server's words. */
static void test_refusals(void)
{
    for (size_t i = 3; i < G_N_ELEMENTS(stages); i++) {
        ImapServerPlan plan = {.fault = {stages[i], IMAP_FAULT_NO, "[CANNOT] not today", 0}};
        g_autoptr(ImapServer) server = imap_server_start(&plan);
        g_autoptr(GError) error = NULL;
        imap_server_add(server, 9, MAIL, NULL);
        ImapTarget target = target_of(server);
        g_assert_false(do_all(&target, &error));
        g_assert_error(error, TD_ERROR, TD_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, "not today"));
    }
}

static void test_too_large(void)
{
    ImapServerPlan plan = {.lies = true};
    g_autoptr(ImapServer) server = imap_server_start(&plan);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = NULL;
    imap_server_add(server, 9, MAIL, NULL);
    ImapTarget target = target_of(server);
    g_autoptr(ImapSession) session = imap_open(&target, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(imap_fetch(session, 9, strlen(MAIL) - 1, &raw, NULL, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_LIMIT);
    g_assert_true(imap_is_broken(session));
}

/* ---- signing in ---- */

static void test_password(void)
{
    ImapServerPlan plan = {0};
    g_autoptr(ImapServer) server = imap_server_start(&plan);
    static const char *const wrong[] = {"wrong", "a\r\nT9 LOGOUT", "\"", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ImapTarget target = target_of(server);
        target.password = wrong[i];
        g_assert_null(imap_open(&target, NULL, &error));
        g_assert_error(error, TD_ERROR, TD_ERROR_DENIED);
        g_test_message("%s", error->message);
    }
}

/* Neither goes anywhere in clear but to this machine itself. */
static void test_clear(void)
{
    ImapTarget target = {.host = "192.0.2.1",
                         .port = 143,
                         .security = "none",
                         .username = "desk",
                         .password = "secret",
                         .timeout_ms = TIMEOUT_MS};
    g_autoptr(GError) error = NULL;
    g_assert_null(imap_open(&target, NULL, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_DENIED);
    g_assert_nonnull(strstr(error->message, "without TLS"));
}

typedef struct {
    const char *name;
    const char *security;
    bool implicit;
    int certificate; /* 0: good, 1: of another name, 2: expired, 3: self-signed, 4: none */
    bool other_ca;
    TdErrorCode code;
} Tls;

static const Tls tls[] = {
    {"tls", "tls", true, 0, false, 0},
    {"starttls", "starttls", false, 0, false, 0},
    {"wrong-name", "tls", true, 1, false, TD_ERROR_DENIED},
    {"expired", "starttls", false, 2, false, TD_ERROR_DENIED},
    {"self-signed", "tls", true, 3, false, TD_ERROR_DENIED},
    {"other-authority", "tls", true, 0, true, TD_ERROR_DENIED},
    {"no-starttls", "starttls", false, 4, false, TD_ERROR_DENIED},
};

static void test_tls(gconstpointer data)
{
    const Tls *c = data;
    if (certificates == NULL) {
        g_test_skip("there is no openssl command");
        return;
    }
    GTlsCertificate *all[] = {certificates->good, certificates->wrong_name, certificates->expired,
                              certificates->self_signed, NULL};
    ImapServerPlan plan = {.certificate = all[c->certificate], .implicit_tls = c->implicit};
    g_autoptr(ImapServer) server = imap_server_start(&plan);
    g_autoptr(GError) error = NULL;
    imap_server_add(server, 9, MAIL, NULL);
    ImapTarget target = target_of(server);
    target.security = c->security;
    target.host = "localhost";
    target.ca_file = c->other_ca ? certificates->other_ca_file : certificates->ca_file;
    bool well = do_all(&target, &error);
    g_test_message("%s", well ? "well" : error->message);
    g_assert_true(well == (c->code == 0));
    if (!well)
        g_assert_true(error_is(error, c->code));
    g_autofree char *commands = imap_server_commands(server);
    g_assert_true(well || strstr(commands, "LOGIN") == NULL);
}

static bool fetch_token(const OAuthRequest *request, int *status, GString *body,
                        GCancellable *cancellable, void *data, GError **error)
{
    int *n = data;
    *status = 200;
    g_string_append_printf(body, "{\"access_token\":\"token-%d\",\"expires_in\":3600}", ++*n);
    return true;
}

/* A token that was revoked is replaced by a new one, once. */
static void test_token(void)
{
    ImapServerPlan plan = {.access_token = "token-2"};
    g_autoptr(ImapServer) server = imap_server_start(&plan);
    g_autoptr(GError) error = NULL;
    int asked = 0;
    OAuthSetup setup = {.token_url = "https://login.example/token",
                        .client_id = "tidings",
                        .clock = clock_system(),
                        .fetch = fetch_token,
                        .fetch_data = &asked};
    g_autoptr(OAuthSource) source = oauth_source_new(&setup);
    imap_server_add(server, 9, MAIL, NULL);
    ImapTarget target = target_of(server);
    target.password = NULL;
    target.oauth = source;
    do_all(&target, &error);
    g_assert_no_error(error);
    g_assert_cmpint(asked, ==, 2);
}

static gpointer cancel_soon(gpointer data)
{
    g_usleep(100 * 1000);
    g_cancellable_cancel(data);
    return NULL;
}

/* A call that waits ends when it is cancelled, long before its timeout. */
static void test_cancel(void)
{
    static const char *const where[] = {"greeting", "select"};
    for (size_t i = 0; i < G_N_ELEMENTS(where); i++) {
        ImapServerPlan plan = {.fault = {where[i], IMAP_FAULT_SILENCE, NULL, 0}};
        g_autoptr(ImapServer) server = imap_server_start(&plan);
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autoptr(GError) error = NULL;
        ImapFolder folder;
        ImapTarget target = target_of(server);
        target.timeout_ms = 100 * 1000;
        GThread *thread = g_thread_new("cancel", cancel_soon, cancellable);
        g_autoptr(ImapSession) session = imap_open(&target, cancellable, &error);
        if (session != NULL)
            imap_select(session, "INBOX", &folder, cancellable, &error);
        g_thread_join(thread);
        g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(error->message, "stopped on this side"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    certificates = certificates_make();
    g_test_add_func("/mail/imap/well", test_well);
    g_test_add_func("/mail/imap/move-otherwise", test_move_otherwise);
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *path = g_strdup_printf("/mail/imap/fault/%s", faults[i].name);
        g_test_add_data_func(path, &faults[i], test_faults);
    }
    g_test_add_func("/mail/imap/refusals", test_refusals);
    g_test_add_func("/mail/imap/too-large", test_too_large);
    g_test_add_func("/mail/imap/password", test_password);
    g_test_add_func("/mail/imap/clear", test_clear);
    for (size_t i = 0; i < G_N_ELEMENTS(tls); i++) {
        g_autofree char *path = g_strdup_printf("/mail/imap/tls/%s", tls[i].name);
        g_test_add_data_func(path, &tls[i], test_tls);
    }
    g_test_add_func("/mail/imap/token", test_token);
    g_test_add_func("/mail/imap/cancel", test_cancel);
    int failed = g_test_run();
    if (certificates != NULL)
        certificates_free(certificates);
    return failed;
}
