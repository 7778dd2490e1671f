/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/mail/imap_server.h"

#include "base/monitor.h"

#include <string.h>

typedef struct {
    uint32_t uid;
    char *text;
    char *arrived;
    bool flagged, deleted;
} Mail;

struct ImapServer {
    ImapServerPlan plan;
    GSocketListener *listener;
    GCancellable *stop;
    GThread *thread;
    uint16_t port;
    Monitor lock; /* guards what follows */
    GPtrArray *threads;
    GPtrArray *sockets;
    GPtrArray *mails; /* of Mail *, by UID */
    GString *commands;
    GString *moved;
    uint32_t uidvalidity;
    uint32_t uidnext;
    bool seen;
    unsigned connections;
};

typedef struct {
    ImapServer *server;
    GSocketConnection *socket;
    GIOStream *stream;
    GDataInputStream *in;
    GString *out; /* the answer under way */
} Peer;

static void mail_free(void *data)
{
    Mail *mail = data;
    g_free(mail->text);
    g_free(mail->arrived);
    g_free(mail);
}

static bool write_bytes(Peer *peer, const char *data, gsize bytes)
{
    return g_output_stream_write_all(g_io_stream_get_output_stream(peer->stream), data, bytes, NULL,
                                     peer->server->stop, NULL);
}

static char *read_line(Peer *peer)
{
    gsize n;
    char *line = g_data_input_stream_read_line(peer->in, &n, peer->server->stop, NULL);
    return line != NULL ? g_strchomp(line) : NULL;
}

static void use(Peer *peer, GIOStream *stream)
{
    g_clear_object(&peer->in);
    g_set_object(&peer->stream, stream);
    peer->in = g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(peer->in), FALSE);
}

static bool start_tls(Peer *peer)
{
    g_autoptr(GIOStream) tls =
        g_tls_server_connection_new(peer->stream, peer->server->plan.certificate, NULL);
    if (tls == NULL || !g_tls_connection_handshake(G_TLS_CONNECTION(tls), peer->server->stop, NULL))
        return false;
    use(peer, tls);
    return true;
}

/* ---- faults ---- */

/* The fault of this stage, used up. */
static ImapFault take_fault(ImapServer *server, const char *stage)
{
    ImapFault fault = {0};
    monitor_lock(&server->lock);
    ImapFault *planned = &server->plan.fault;
    if (planned->kind != IMAP_FAULT_NONE && strcmp(planned->stage, stage) == 0) {
        fault = *planned;
        if (planned->times == 1)
            planned->kind = IMAP_FAULT_NONE;
        planned->times -= planned->times > 1;
    }
    monitor_unlock(&server->lock);
    return fault;
}

static bool be_silent(Peer *peer)
{
    g_autofree char *line = NULL;
    do
        g_free(g_steal_pointer(&line));
    while ((line = read_line(peer)) != NULL);
    return false;
}

static bool do_fault(Peer *peer, const ImapFault *fault, const char *tag, const GString *answer)
{
    g_autofree char *line = NULL;
    switch (fault->kind) {
    case IMAP_FAULT_GARBAGE:
        return write_bytes(peer, "\1\2 what?\r\n\r\n", 12);
    case IMAP_FAULT_LONG_LINE:
        line = g_strnfill((gsize)10 * 1024 * 1024, '*');
        return write_bytes(peer, line, strlen(line)) && be_silent(peer);
    case IMAP_FAULT_ENDLESS:
        while (write_bytes(peer, "* 1 EXISTS\r\n", 12))
            ;
        return false;
    case IMAP_FAULT_HALF:
        write_bytes(peer, answer->str, answer->len / 2);
        return false;
    case IMAP_FAULT_HALF_SILENT:
        return write_bytes(peer, answer->str, answer->len / 2) && be_silent(peer);
    case IMAP_FAULT_SILENCE:
        return be_silent(peer);
    case IMAP_FAULT_BYE:
        write_bytes(peer, "* BYE enough\r\n", 14);
        return false;
    case IMAP_FAULT_NO:
        line = g_strdup_printf("%s NO %s\r\n", tag, fault->words);
        return write_bytes(peer, line, strlen(line));
    default:
        return false;
    }
}

/* Sends the answer, or what the fault makes of it. False: the connection is over. */
static bool send_answer(Peer *peer, const char *stage, const char *tag)
{
    ImapFault fault = take_fault(peer->server, stage);
    bool on = fault.kind != IMAP_FAULT_NONE ? do_fault(peer, &fault, tag, peer->out)
                                            : write_bytes(peer, peer->out->str, peer->out->len);
    g_string_truncate(peer->out, 0);
    return on;
}

static void say(Peer *peer, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(Peer *peer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(peer->out, format, args);
    va_end(args);
    g_string_append(peer->out, "\r\n");
}

/* ---- the folder ---- */

/* Whether the set "3,5:9" or "5:*" has this UID. */
static bool has(const char *set, uint32_t uid, uint32_t last)
{
    g_auto(GStrv) parts = g_strsplit(set, ",", -1);
    for (char **part = parts; *part != NULL; part++) {
        char *colon = strchr(*part, ':');
        uint64_t from = g_ascii_strtoull(*part, NULL, 10);
        uint64_t to = colon == NULL              ? from
                      : strcmp(colon, ":*") == 0 ? MAX(last, from)
                                                 : g_ascii_strtoull(colon + 1, NULL, 10);
        bool star = colon != NULL && strcmp(colon, ":*") == 0;
        if ((uid >= from && uid <= to) || (star && uid == last))
            return true;
    }
    return false;
}

static uint32_t last_uid(const ImapServer *server)
{
    guint n = server->mails->len;
    return n > 0 ? ((const Mail *)server->mails->pdata[n - 1])->uid : 0;
}

static void do_select(Peer *peer, const char *tag)
{
    const ImapServer *server = peer->server;
    say(peer, "* %u EXISTS", server->mails->len);
    say(peer, "* FLAGS (\\Seen \\Flagged \\Deleted)");
    say(peer, "* OK [UIDVALIDITY %u] here", server->uidvalidity);
    if (!server->plan.no_uidnext)
        say(peer, "* OK [UIDNEXT %u] next", server->uidnext);
    say(peer, "%s OK [READ-WRITE] selected", tag);
}

static void do_search(Peer *peer, const char *tag, const char *set)
{
    const ImapServer *server = peer->server;
    g_autofree char *first = g_strndup(set, strcspn(set, " "));
    GString *found = g_string_new("* SEARCH");
    for (guint i = 0; i < server->mails->len; i++) {
        const Mail *mail = server->mails->pdata[i];
        if (has(first, mail->uid, last_uid(server)))
            g_string_append_printf(found, " %u", mail->uid);
    }
    say(peer, "%s", found->str);
    say(peer, "%s OK searched", tag);
    g_string_free(found, TRUE);
}

/* Of the header fields no more than 1,000 bytes. */
static void say_body(Peer *peer, guint number, const Mail *mail, const char *section)
{
    size_t bytes = strlen(mail->text);
    if (strstr(section, "HEADER") != NULL)
        bytes = MIN(bytes, 1000);
    g_string_append_printf(peer->out, "* %u FETCH (UID %u FLAGS (\\Recent) %s {%zu}\r\n", number,
                           mail->uid, section, bytes);
    g_string_append_len(peer->out, mail->text, (gssize)bytes);
    g_string_append(peer->out, ")\r\n");
}

static void do_fetch(Peer *peer, const char *tag, const char *set, const char *what)
{
    ImapServer *server = peer->server;
    server->seen = server->seen || strstr(what, "BODY[") != NULL;
    for (guint i = 0; i < server->mails->len; i++) {
        const Mail *mail = server->mails->pdata[i];
        if (!has(set, mail->uid, last_uid(server)))
            continue;
        if (strstr(what, "HEADER") != NULL)
            say_body(peer, i + 1, mail, "BODY[HEADER]<0>");
        else if (strstr(what, "BODY") != NULL)
            say_body(peer, i + 1, mail, "BODY[]");
        else
            say(peer, "* %u FETCH (UID %u RFC822.SIZE %zu INTERNALDATE \"%s\")", i + 1, mail->uid,
                server->plan.lies ? 10 : strlen(mail->text), mail->arrived);
    }
    say(peer, "%s OK fetched", tag);
}

static void remove_mails(ImapServer *server, const char *set, bool only_deleted)
{
    uint32_t last = last_uid(server);
    for (guint i = server->mails->len; i > 0; i--) {
        const Mail *mail = server->mails->pdata[i - 1];
        if (has(set, mail->uid, last) && (!only_deleted || mail->deleted))
            g_ptr_array_remove_index(server->mails, i - 1);
    }
}

static void note_moved(ImapServer *server, const char *set)
{
    g_string_append_printf(server->moved, "%s%s", server->moved->len > 0 ? "," : "", set);
}

static void do_store(Peer *peer, const char *tag, const char *set, const char *what)
{
    const ImapServer *server = peer->server;
    for (guint i = 0; i < server->mails->len; i++) {
        Mail *mail = server->mails->pdata[i];
        if (!has(set, mail->uid, last_uid(server)))
            continue;
        mail->flagged = mail->flagged || strstr(what, "\\Flagged") != NULL;
        mail->deleted = mail->deleted || strstr(what, "\\Deleted") != NULL;
    }
    say(peer, "%s OK stored", tag);
}

static void do_move(Peer *peer, const char *tag, const char *set, bool copy)
{
    ImapServer *server = peer->server;
    if (server->plan.folder_missing) {
        say(peer, "%s NO [TRYCREATE] no such folder", tag);
        return;
    }
    note_moved(server, set);
    if (!copy)
        remove_mails(server, set, false);
    say(peer, "%s OK done", tag);
}

/* ---- the dialogue ---- */

static bool sign_in(Peer *peer, const char *tag, char **words)
{
    const ImapServerPlan *plan = &peer->server->plan;
    const char *password = plan->password != NULL ? plan->password : "secret";
    bool well = false;
    if (g_ascii_strcasecmp(words[1], "LOGIN") == 0) {
        well = g_strv_length(words) == 4 && strcmp(words[2], "desk") == 0 &&
               strcmp(words[3], password) == 0;
    } else if (g_strv_length(words) >= 3 && plan->access_token != NULL) {
        g_autofree char *line = words[3] != NULL ? g_strdup(words[3]) : NULL;
        if (line == NULL && write_bytes(peer, "+ \r\n", 4))
            line = read_line(peer);
        gsize n;
        g_autofree guchar *decoded = g_base64_decode(line != NULL ? line : "", &n);
        g_autofree char *text = g_strndup((const char *)decoded, n);
        g_autofree char *wanted =
            g_strdup_printf("user=desk\1auth=Bearer %s\1\1", plan->access_token);
        well = strcmp(text, wanted) == 0;
    }
    if (well)
        say(peer, "%s OK welcome", tag);
    else
        say(peer, "%s NO [AUTHENTICATIONFAILED] not you", tag);
    return send_answer(peer, "login", tag);
}

static void do_capability(Peer *peer, const char *tag)
{
    const ImapServerPlan *plan = &peer->server->plan;
    say(peer, "* CAPABILITY %s%s%s",
        plan->capabilities != NULL ? plan->capabilities : "IMAP4rev1 UIDPLUS MOVE",
        plan->certificate != NULL && !plan->implicit_tls ? " STARTTLS" : "",
        plan->access_token != NULL ? " SASL-IR AUTH=XOAUTH2" : "");
    say(peer, "%s OK", tag);
}

static const char *uid_command(Peer *peer, const char *tag, char **words)
{
    ImapServer *server = peer->server;
    const char *verb = words[2];
    const char *set = words[3];
    g_autofree char *rest = words[4] != NULL ? g_strjoinv(" ", words + 4) : g_strdup("");
    const char *stage = "list";
    if (strcmp(verb, "SEARCH") == 0) {
        do_search(peer, tag, words[4]);
        stage = "search";
    } else if (strcmp(verb, "FETCH") == 0) {
        do_fetch(peer, tag, set, rest);
        stage = strstr(rest, "HEADER") != NULL ? "header"
                : strstr(rest, "BODY") != NULL ? "body"
                                               : "list";
    } else if (strcmp(verb, "STORE") == 0) {
        do_store(peer, tag, set, rest);
        stage = "store";
    } else if (strcmp(verb, "EXPUNGE") == 0) {
        remove_mails(server, set, true);
        say(peer, "%s OK", tag);
        stage = "expunge";
    } else {
        do_move(peer, tag, set, strcmp(verb, "COPY") == 0);
        stage = strcmp(verb, "COPY") == 0 ? "copy" : "move";
    }
    return stage;
}

static const char *run_command(Peer *peer, const char *tag, char **words)
{
    ImapServer *server = peer->server;
    const char *stage = "select";
    monitor_lock(&server->lock);
    if (strcmp(words[1], "SELECT") == 0) {
        do_select(peer, tag);
    } else if (strcmp(words[1], "UID") == 0) {
        stage = uid_command(peer, tag, words);
    } else if (strcmp(words[1], "CREATE") == 0) {
        server->plan.folder_missing = false;
        say(peer, "%s OK", tag);
        stage = "create";
    } else {
        say(peer, "%s BAD what?", tag);
    }
    monitor_unlock(&server->lock);
    return stage;
}

static bool do_command(Peer *peer, const char *line)
{
    ImapServer *server = peer->server;
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    const char *tag = words[0];
    if (words[0] == NULL || words[1] == NULL)
        return false;
    bool secret = strcmp(words[1], "LOGIN") == 0 || strcmp(words[1], "AUTHENTICATE") == 0;
    monitor_lock(&server->lock);
    g_string_append_printf(server->commands, "%s\n", secret ? words[1] : strchr(line, ' ') + 1);
    monitor_unlock(&server->lock);
    if (strcmp(words[1], "CAPABILITY") == 0) {
        do_capability(peer, tag);
        return send_answer(peer, "capability", tag);
    }
    if (strcmp(words[1], "STARTTLS") == 0) {
        say(peer, "%s OK go", tag);
        return send_answer(peer, "starttls", tag) && start_tls(peer);
    }
    if (secret)
        return sign_in(peer, tag, words);
    if (strcmp(words[1], "LOGOUT") == 0)
        return false;
    return send_answer(peer, run_command(peer, tag, words), tag);
}

static void talk(Peer *peer)
{
    if (peer->server->plan.implicit_tls && !start_tls(peer))
        return;
    say(peer, "* OK here");
    bool on = send_answer(peer, "greeting", "*");
    while (on) {
        g_autofree char *line = read_line(peer);
        on = line != NULL && do_command(peer, line);
    }
}

static gpointer peer_thread(gpointer data)
{
    Peer *peer = data;
    ImapServer *server = peer->server;
    use(peer, G_IO_STREAM(peer->socket));
    talk(peer);
    monitor_lock(&server->lock);
    g_ptr_array_remove(server->sockets, peer->socket);
    monitor_unlock(&server->lock);
    g_io_stream_close(G_IO_STREAM(peer->socket), NULL, NULL);
    g_clear_object(&peer->in);
    g_clear_object(&peer->stream);
    g_object_unref(peer->socket);
    g_string_free(peer->out, TRUE);
    g_free(peer);
    return NULL;
}

static gpointer accept_thread(gpointer data)
{
    ImapServer *server = data;
    for (;;) {
        GSocketConnection *socket =
            g_socket_listener_accept(server->listener, NULL, server->stop, NULL);
        if (socket == NULL)
            return NULL;
        Peer *peer = g_new0(Peer, 1);
        peer->server = server;
        peer->socket = socket;
        peer->out = g_string_new(NULL);
        monitor_lock(&server->lock);
        server->connections++;
        g_ptr_array_add(server->sockets, socket);
        g_ptr_array_add(server->threads, g_thread_new("imap-peer", peer_thread, peer));
        monitor_unlock(&server->lock);
    }
}

ImapServer *imap_server_start(const ImapServerPlan *plan)
{
    ImapServer *server = g_new0(ImapServer, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    server->plan = *plan;
    server->listener = g_socket_listener_new();
    server->stop = g_cancellable_new();
    server->threads = g_ptr_array_new();
    server->sockets = g_ptr_array_new();
    server->mails = g_ptr_array_new_with_free_func(mail_free);
    server->commands = g_string_new(NULL);
    server->moved = g_string_new(NULL);
    server->uidvalidity = 17;
    server->uidnext = 1;
    monitor_init(&server->lock);
    g_assert_true(g_socket_listener_add_address(server->listener, address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
    server->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    server->thread = g_thread_new("imap-accept", accept_thread, server);
    return server;
}

void imap_server_stop(ImapServer *server)
{
    g_cancellable_cancel(server->stop);
    g_thread_join(server->thread);
    for (guint i = 0; i < server->threads->len; i++)
        g_thread_join(server->threads->pdata[i]);
    g_socket_listener_close(server->listener);
    g_object_unref(server->listener);
    g_object_unref(server->stop);
    g_ptr_array_unref(server->threads);
    g_ptr_array_unref(server->sockets);
    g_ptr_array_unref(server->mails);
    g_string_free(server->commands, TRUE);
    g_string_free(server->moved, TRUE);
    monitor_clear(&server->lock);
    g_free(server);
}

uint16_t imap_server_port(const ImapServer *server)
{
    return server->port;
}

void imap_server_add(ImapServer *server, uint32_t uid, const char *text, const char *arrived)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int month = g_date_time_get_month(now);
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S +0000");
    Mail *mail = g_new0(Mail, 1);
    mail->uid = uid;
    mail->text = g_strdup(text);
    mail->arrived =
        arrived != NULL
            ? g_strdup(arrived)
            : g_strdup_printf("%2d-%.3s-%d %s", g_date_time_get_day_of_month(now),
                              months + 3 * (month - 1), g_date_time_get_year(now), time);
    monitor_lock(&server->lock);
    g_ptr_array_add(server->mails, mail);
    server->uidnext = MAX(server->uidnext, uid + 1);
    monitor_unlock(&server->lock);
}

void imap_server_remove(ImapServer *server, uint32_t uid)
{
    g_autofree char *set = g_strdup_printf("%u", uid);
    monitor_lock(&server->lock);
    remove_mails(server, set, false);
    monitor_unlock(&server->lock);
}

void imap_server_set_uidvalidity(ImapServer *server, uint32_t uidvalidity)
{
    monitor_lock(&server->lock);
    server->uidvalidity = uidvalidity;
    monitor_unlock(&server->lock);
}

void imap_server_set_fault(ImapServer *server, const ImapFault *fault)
{
    monitor_lock(&server->lock);
    server->plan.fault = *fault;
    monitor_unlock(&server->lock);
}

void imap_server_drop(ImapServer *server)
{
    monitor_lock(&server->lock);
    for (guint i = 0; i < server->sockets->len; i++)
        g_socket_shutdown(g_socket_connection_get_socket(server->sockets->pdata[i]), TRUE, TRUE,
                          NULL);
    monitor_unlock(&server->lock);
}

char *imap_server_commands(ImapServer *server)
{
    monitor_lock(&server->lock);
    char *copy = g_strdup(server->commands->str);
    monitor_unlock(&server->lock);
    return copy;
}

char *imap_server_flagged(ImapServer *server)
{
    GString *list = g_string_new(NULL);
    monitor_lock(&server->lock);
    for (guint i = 0; i < server->mails->len; i++) {
        const Mail *mail = server->mails->pdata[i];
        if (mail->flagged)
            g_string_append_printf(list, "%s%u", list->len > 0 ? "," : "", mail->uid);
    }
    monitor_unlock(&server->lock);
    return g_string_free(list, FALSE);
}

char *imap_server_moved(ImapServer *server)
{
    monitor_lock(&server->lock);
    char *copy = g_strdup(server->moved->str);
    monitor_unlock(&server->lock);
    return copy;
}

bool imap_server_was_seen(ImapServer *server)
{
    monitor_lock(&server->lock);
    bool seen = server->seen;
    monitor_unlock(&server->lock);
    return seen;
}

unsigned imap_server_connections(ImapServer *server)
{
    monitor_lock(&server->lock);
    unsigned n = server->connections;
    monitor_unlock(&server->lock);
    return n;
}
