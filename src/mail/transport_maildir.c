/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery into one local Maildir, whoever the recipient is: for a desk that tries Tidings without
 * a mail server.
 *
 * A mail is written and synced in tmp/, linked into new/ under the same name, and new/ is synced:
 * readers see a whole mail or none, and what was reported as sent survives a power cut. Until the
 * link nothing has happened; when only the last sync fails, nobody knows. Lines end in LF, as every
 * Maildir reader expects. Return-Path and Delivered-To say for whom it was.
 */
#include "mail/transport-private.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static TransportLink *maildir_new(void)
{
    return g_new0(TransportLink, 1);
}

static void maildir_close(TransportLink *link)
{
    (void)link;
}

static void maildir_free(TransportLink *link)
{
    g_free(link);
}

/* time.M<microseconds>P<process>Q<counter>.<host>: see maildir(5). */
static char *unique_name(const Clock *clock)
{
    static int counter;
    int64_t now_us = clock_wall_us(clock);
    g_autofree char *host = g_strdup(g_get_host_name());
    g_strdelimit(host, "/:", '_');
    return g_strdup_printf("%" G_GINT64_FORMAT ".M%" G_GINT64_FORMAT "P%dQ%d.%s",
                           now_us / US_PER_SECOND, now_us % US_PER_SECOND, (int)getpid(),
                           g_atomic_int_add(&counter, 1), host);
}

static void fail_errno(GError **error, const char *what, const char *path)
{
    error_set(error, TD_ERROR_UNAVAILABLE, "%s %s: %s", what, path, g_strerror(errno));
}

static bool make_folders(const char *root, GError **error)
{
    static const char *const folders[] = {"tmp", "new", "cur"};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(root, folders[i], NULL);
        if (g_mkdir_with_parents(path, 0700) != 0) {
            fail_errno(error, "Cannot make the folder", path);
            return false;
        }
    }
    return true;
}

static bool write_all(int fd, const GString *text)
{
    size_t done = 0;
    while (done < text->len) {
        ssize_t n = write(fd, text->str + done, text->len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

static bool write_file(const char *path, const GString *text, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        fail_errno(error, "Cannot create", path);
        return false;
    }
    bool written = write_all(fd, text);
    if (!written)
        fail_errno(error, "Cannot write", path);
    if (close(fd) != 0 && written) {
        fail_errno(error, "Cannot write", path);
        written = false;
    }
    if (!written)
        unlink(path);
    return written;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

/* Up to and with the link: when this fails, nothing was delivered. */
static bool deliver(const char *root, const char *name, const GString *text, GError **error)
{
    g_autofree char *tmp = g_build_filename(root, "tmp", name, NULL);
    g_autofree char *new = g_build_filename(root, "new", name, NULL);
    if (!make_folders(root, error) || !write_file(tmp, text, error))
        return false;
    bool linked = link(tmp, new) == 0;
    if (!linked)
        fail_errno(error, "Cannot move a mail to", new);
    unlink(tmp);
    return linked;
}

static void maildir_send_one(TransportLink *link, const Envelope *envelope,
                             GCancellable *cancellable, DeliveryOutcome *outcome)
{
    (void)cancellable;
    const char *root = link->settings.path;
    if (root == NULL || root[0] == '\0') {
        outcome_set(outcome, DELIVERY_RELAY_DOWN, "maildir", "No folder is set for the Maildir");
        return;
    }
    g_autofree char *lead = g_strdup_printf("Return-Path: <%s>\nDelivered-To: %s\n",
                                            envelope->envelope_from, envelope->envelope_to);
    g_autoptr(GString) text = envelope_unix_text(envelope, lead);
    g_autofree char *name = unique_name(link->clock);
    g_autoptr(GError) error = NULL;
    if (!deliver(root, name, text, &error)) {
        outcome_set(outcome, DELIVERY_RELAY_DOWN, "maildir", error->message);
        transport_say(link, "maildir", root, outcome->reply);
        return;
    }
    g_autofree char *folder = g_build_filename(root, "new", NULL);
    bool synced = sync_folder(folder);
    outcome_set(outcome, synced ? DELIVERY_SENT : DELIVERY_UNCERTAIN, "maildir",
                synced ? "250 Written to the Maildir"
                       : "Written to the Maildir, but the folder could not be synced to disk");
    outcome->reply_code = synced ? 250 : 0;
    outcome->remote_queue_id = g_steal_pointer(&name);
    transport_say(link, "maildir", root, outcome->reply);
}

static void maildir_send(TransportLink *link, const Envelope *envelopes, size_t n,
                         GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    transport_one_by_one(link, envelopes, n, cancellable, outcomes, maildir_send_one);
}

const TransportKind transport_maildir = {"maildir",    maildir_new, maildir_close,
                                         maildir_free, NULL,        maildir_send};
