/* SPDX-License-Identifier: Apache-2.0 */
/* The transports that need no network: Maildir, the sendmail command, memory; and what is common to
 * all. */
#include "base/error.h"
#include "mail/transport.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define BODY      "Subject: x\r\n\r\n.dot\r\nFrom here\r\n"
#define BODY_UNIX "Subject: x\n\n.dot\nFrom here\n"

static char *folder; /* of this run */

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static TransportLink *link_of(const char *kind, const char *path, int cap_ms)
{
    TransportSettings settings = {
        .kind = (char *)kind, .path = (char *)path, .timeout_cap_ms = cap_ms};
    g_autoptr(GError) error = NULL;
    TransportLink *link = transport_link_new(&settings, clock_system(), &error);
    g_assert_no_error(error);
    return link;
}

static DeliveryOutcomeKind send_to(TransportLink *link, const char *from, const char *to,
                                   GCancellable *cancellable, DeliveryOutcome *outcome)
{
    g_autoptr(GBytes) message = g_bytes_new_static(BODY, strlen(BODY));
    Envelope envelope = {from, to, message, 0};
    transport_send(link, &envelope, cancellable, outcome);
    g_test_message("%s", outcome->reply);
    g_assert_nonnull(outcome->stage);
    return outcome->kind;
}

static void test_unknown_kind(void)
{
    static const char *const kinds[] = {NULL, "", "SMTP", "pigeon"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        TransportSettings settings = {.kind = (char *)kinds[i]};
        g_autoptr(GError) error = NULL;
        g_assert_null(transport_link_new(&settings, clock_system(), &error));
        g_assert_true(error_is(error, TD_ERROR_INVALID));
    }
}

static void test_memory(void)
{
    g_autoptr(TransportLink) a = link_of("memory", NULL, 0);
    g_autoptr(TransportLink) b = link_of("memory", NULL, 0);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(a, "b@e.org", "one@e.org", NULL, &outcome), ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_assert_cmpint(send_to(b, "", "two@e.org", NULL, &outcome), ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 2);
    const MemoryMail *second = mails->pdata[1];
    g_assert_cmpstr(second->envelope_from, ==, "");
    g_assert_cmpstr(second->envelope_to, ==, "two@e.org");
    g_assert_cmpuint(g_bytes_get_size(second->message), ==, strlen(BODY));
    g_autoptr(GPtrArray) rest = transport_memory_take();
    g_assert_cmpuint(rest->len, ==, 0);
}

static unsigned count_files(const char *root, const char *name, char **last)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_assert_nonnull(dir);
    unsigned n = 0;
    for (const char *file; (file = g_dir_read_name(dir)) != NULL; n++) {
        if (last != NULL) {
            g_free(*last);
            *last = g_build_filename(path, file, NULL);
        }
    }
    return n;
}

static void test_maildir(void)
{
    g_autofree char *root = g_build_filename(folder, "deep", "maildir", NULL);
    g_autoptr(TransportLink) link = link_of("maildir", root, 0);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(link, "b+1@e.org", "ann@e.org", NULL, &outcome), ==, DELIVERY_SENT);
    g_autofree char *first = NULL;
    g_assert_cmpuint(count_files(root, "new", &first), ==, 1);
    g_autofree char *base = g_path_get_basename(first);
    g_assert_cmpstr(outcome.remote_queue_id, ==, base);
    delivery_outcome_clear(&outcome);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(first, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "Return-Path: <b+1@e.org>\nDelivered-To: ann@e.org\n" BODY_UNIX);
    for (int i = 0; i < 50; i++) {
        g_assert_cmpint(send_to(link, "", "ann@e.org", NULL, &outcome), ==, DELIVERY_SENT);
        delivery_outcome_clear(&outcome);
    }
    g_assert_cmpuint(count_files(root, "new", NULL), ==, 51);
    g_assert_cmpuint(count_files(root, "tmp", NULL), ==, 0);
    g_assert_cmpuint(count_files(root, "cur", NULL), ==, 0);
}

static gpointer deliver_many(gpointer data)
{
    g_autoptr(TransportLink) link = link_of("maildir", data, 0);
    for (int i = 0; i < 20; i++) {
        DeliveryOutcome outcome;
        g_assert_cmpint(send_to(link, "b@e.org", "ann@e.org", NULL, &outcome), ==, DELIVERY_SENT);
        delivery_outcome_clear(&outcome);
    }
    return NULL;
}

static void test_maildir_from_threads(void)
{
    g_autofree char *root = path_of("shared");
    GThread *threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("maildir", deliver_many, root);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(count_files(root, "new", NULL), ==, 80);
}

/* A file where a folder should be: the relay is down, nobody is refused. */
static void test_maildir_unusable(void)
{
    g_autofree char *file = path_of("a-file");
    g_assert_true(g_file_set_contents(file, "x", 1, NULL));
    static const char *const unset[] = {NULL, ""};
    for (size_t i = 0; i < 3; i++) {
        g_autoptr(TransportLink) link = link_of("maildir", i < 2 ? unset[i] : file, 0);
        DeliveryOutcome outcome;
        g_assert_cmpint(send_to(link, "b@e.org", "a@e.org", NULL, &outcome), ==,
                        DELIVERY_RELAY_DOWN);
        delivery_outcome_clear(&outcome);
    }
}

/* A command that writes its arguments and input down, and then does `then`. */
static char *fake_sendmail(const char *name, const char *then)
{
    char *path = path_of(name);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\nprintf '%%s\\n' \"$@\" > %s.args\n"
                                              "cat > %s.input\n%s\n",
                                              path, path, then);
    g_assert_true(g_file_set_contents(path, script, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0700), ==, 0);
    return path;
}

static char *read_beside(const char *path, const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(name, &text, NULL, NULL));
    return text;
}

static void test_sendmail_arguments(void)
{
    g_autofree char *command = fake_sendmail("arguments", "exit 0");
    g_autoptr(TransportLink) link = link_of("sendmail", command, 0);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(link, "b@e.org", "-oQ/tmp;`id`$(id)@e.org", NULL, &outcome), ==,
                    DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_autofree char *args = read_beside(command, ".args");
    g_assert_cmpstr(args, ==, "-i\n-f\nb@e.org\n--\n-oQ/tmp;`id`$(id)@e.org\n");
    g_autofree char *input = read_beside(command, ".input");
    g_assert_cmpstr(input, ==, BODY_UNIX);
    g_assert_cmpint(send_to(link, "", "a@e.org", NULL, &outcome), ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_autofree char *null_args = read_beside(command, ".args");
    g_assert_cmpstr(null_args, ==, "-i\n-f\n<>\n--\na@e.org\n");
}

typedef struct {
    const char *name;
    const char *then;
    DeliveryOutcomeKind kind;
    const char *words;
} ExitCase;

static const ExitCase exits[] = {
    {"ok", "exit 0", DELIVERY_SENT, "exit code 0"},
    {"data-error", "exit 65", DELIVERY_REJECTED, "65"},
    {"no-user", "echo no such user >&2; exit 67", DELIVERY_REJECTED, "67: no such user"},
    {"no-host", "exit 68", DELIVERY_REJECTED, "68"},
    {"try-again", "exit 75", DELIVERY_DEFERRED, "75"},
    {"other", "exit 1", DELIVERY_DEFERRED, "1"},
    {"usage", "exit 64", DELIVERY_RELAY_DOWN, "64"},
    {"unavailable", "echo mail system is down; exit 69", DELIVERY_RELAY_DOWN,
     "mail system is down"},
    {"config", "exit 78", DELIVERY_RELAY_DOWN, "78"},
    {"not-found", "exit 127", DELIVERY_RELAY_DOWN, "127"},
    {"killed", "kill -9 $$", DELIVERY_UNCERTAIN, "stopped"},
    {"talkative", "yes 'a long line of words' | head -c 3000000; exit 67", DELIVERY_REJECTED,
     "a long line"},
    {"closes-its-output", "exec >&- 2>&-; exit 75", DELIVERY_DEFERRED, "75"},
    {"leaves-a-child", "sleep 100 & echo $! > \"$0.pid\"; exit 0", DELIVERY_SENT, "0"},
};

static void test_exit(gconstpointer data)
{
    const ExitCase *c = data;
    g_autofree char *command = fake_sendmail(c->name, c->then);
    g_autoptr(TransportLink) link = link_of("sendmail", command, 0);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(link, "b@e.org", "a@e.org", NULL, &outcome), ==, c->kind);
    g_assert_nonnull(strstr(outcome.reply, c->words));
    g_assert_cmpuint(strlen(outcome.reply), <=, 512);
    delivery_outcome_clear(&outcome);
    if (strcmp(c->name, "leaves-a-child") == 0) {
        g_autofree char *pid = read_beside(command, ".pid");
        kill((pid_t)g_ascii_strtoll(pid, NULL, 10), SIGKILL);
    }
}

static void test_sendmail_reads_nothing(void)
{
    g_autofree char *path = path_of("reads-nothing");
    g_assert_true(g_file_set_contents(path, "#!/bin/sh\nexit 75\n", -1, NULL));
    g_assert_cmpint(g_chmod(path, 0700), ==, 0);
    g_autoptr(TransportLink) link = link_of("sendmail", path, 0);
    g_autofree char *text = g_strnfill(4 * 1024 * 1024, 'x');
    g_autoptr(GBytes) message = g_bytes_new(text, strlen(text));
    Envelope envelope = {"b@e.org", "a@e.org", message, 0};
    DeliveryOutcome outcome;
    transport_send(link, &envelope, NULL, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_DEFERRED);
    delivery_outcome_clear(&outcome);
}

static void test_sendmail_absent(void)
{
    g_autofree char *path = path_of("absent");
    g_autoptr(TransportLink) link = link_of("sendmail", path, 0);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(link, "b@e.org", "a@e.org", NULL, &outcome), ==, DELIVERY_RELAY_DOWN);
    delivery_outcome_clear(&outcome);
}

static void test_sendmail_hangs(void)
{
    g_autofree char *command = fake_sendmail("hangs", "exec sleep 100");
    g_autoptr(TransportLink) link = link_of("sendmail", command, 300);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(link, "b@e.org", "a@e.org", NULL, &outcome), ==, DELIVERY_UNCERTAIN);
    delivery_outcome_clear(&outcome);
}

static gpointer cancel_when_started(gpointer data)
{
    g_autofree char *mark = path_of("cancelled.input");
    while (!g_file_test(mark, G_FILE_TEST_EXISTS))
        g_usleep(2000);
    g_cancellable_cancel(data);
    return NULL;
}

static void test_sendmail_cancelled(void)
{
    g_autofree char *command = fake_sendmail("cancelled", "exec sleep 100");
    g_autoptr(TransportLink) link = link_of("sendmail", command, 0);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = g_thread_new("cancel", cancel_when_started, cancellable);
    DeliveryOutcome outcome;
    g_assert_cmpint(send_to(link, "b@e.org", "a@e.org", cancellable, &outcome), ==,
                    DELIVERY_UNCERTAIN);
    delivery_outcome_clear(&outcome);
    g_thread_join(thread);
}

/* Nothing is begun when the right to send has ended, by whichever way. */
static void test_lease(gconstpointer data)
{
    const char *kind = data;
    g_autofree char *path =
        strcmp(kind, "sendmail") == 0 ? fake_sendmail("lease", "exit 0") : path_of("lease-maildir");
    TransportSettings settings = {.kind = (char *)kind, .path = path};
    ManualClock clock;
    manual_clock_init(&clock, 1000);
    g_autoptr(TransportLink) link = transport_link_new(&settings, &clock.clock, NULL);
    g_autoptr(GBytes) message = g_bytes_new_static(BODY, strlen(BODY));
    int64_t later = 1001;
    int64_t now = 1000;
    Envelope envelopes[2] = {{"b@e.org", "a@e.org", message, &later},
                             {"b@e.org", "b@e.org", message, &now}};
    DeliveryOutcome outcomes[2];
    transport_send_many(link, envelopes, 2, NULL, outcomes);
    g_assert_cmpint(outcomes[0].kind, ==, DELIVERY_SENT);
    g_assert_cmpint(outcomes[1].kind, ==, DELIVERY_RELAY_DOWN);
    g_assert_cmpstr(outcomes[1].stage, ==, "lease");
    delivery_outcome_clear(&outcomes[0]);
    delivery_outcome_clear(&outcomes[1]);
    g_autoptr(GPtrArray) kept = transport_memory_take();
    g_assert_cmpuint(kept->len, ==, strcmp(kind, "memory") == 0 ? 1 : 0);
}

static void test_settings_copy(void)
{
    TransportSettings from = {
        .kind = (char *)"smtp", .host = (char *)"h", .port = 25, .password = (char *)"p"};
    TransportSettings to;
    transport_settings_copy(&from, &to);
    g_assert_cmpstr(to.password, ==, "p");
    g_assert_true(to.password != from.password);
    g_assert_null(to.username);
    transport_settings_clear(&to);
    g_assert_null(to.kind);
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_folder(child);
        else
            g_unlink(child);
    }
    g_rmdir(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("tidings-local-XXXXXX", NULL);
    g_test_add_func("/mail/local/unknown-kind", test_unknown_kind);
    g_test_add_func("/mail/local/settings-copy", test_settings_copy);
    static const char *const kinds[] = {"memory", "maildir", "sendmail"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = g_strconcat("/mail/local/lease/", kinds[i], NULL);
        g_test_add_data_func(path, kinds[i], test_lease);
    }
    g_test_add_func("/mail/local/memory", test_memory);
    g_test_add_func("/mail/local/maildir", test_maildir);
    g_test_add_func("/mail/local/maildir-from-threads", test_maildir_from_threads);
    g_test_add_func("/mail/local/maildir-unusable", test_maildir_unusable);
    g_test_add_func("/mail/local/sendmail-arguments", test_sendmail_arguments);
    for (size_t i = 0; i < G_N_ELEMENTS(exits); i++) {
        g_autofree char *path = g_strconcat("/mail/local/sendmail-exit/", exits[i].name, NULL);
        g_test_add_data_func(path, &exits[i], test_exit);
    }
    g_test_add_func("/mail/local/sendmail-reads-nothing", test_sendmail_reads_nothing);
    g_test_add_func("/mail/local/sendmail-absent", test_sendmail_absent);
    g_test_add_func("/mail/local/sendmail-hangs", test_sendmail_hangs);
    g_test_add_func("/mail/local/sendmail-cancelled", test_sendmail_cancelled);
    int result = g_test_run();
    remove_folder(folder);
    g_free(folder);
    return result;
}
