/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking GIO streams; every wait ends when the server is stopped, by one cancellable. A fault
 * ends its connection: after it the thread reads until the client has closed, so that the client
 * never meets a reset that the fault did not mean.
 */
#include "tests/mail/fault_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define LONG_LINE_BYTES (10 * 1024 * 1024)

struct FaultServer {
    FaultServerPlan plan;
    GSocketListener *listener;
    GCancellable *stop;
    GThread *thread;
    uint16_t port;
    GMutex lock;
    GCond changed;
    GPtrArray *threads; /* of the connections */
    unsigned connections;
    unsigned ended;
    unsigned accepted;
    GPtrArray *mails;
    GString *clear_text;
    GString *commands;
};

typedef struct {
    FaultServer *server;
    GSocketConnection *socket;
    GIOStream *stream; /* the socket's, or TLS over it */
    GDataInputStream *in;
    unsigned number;
    unsigned message; /* the present one, from 1 */
    bool tls;
    bool signed_in;
    bool from_well;
    bool to_well;
    FaultMail *mail;
    bool is_one_too_many;
} Peer;

static void mail_free(FaultMail *mail)
{
    g_free(mail->from);
    g_free(mail->to);
    g_string_free(mail->body, TRUE);
    g_free(mail);
}

static FaultMail *mail_new(void)
{
    FaultMail *mail = g_new0(FaultMail, 1);
    mail->body = g_string_new(NULL);
    return mail;
}

static bool peer_write(Peer *peer, const char *data, size_t bytes)
{
    GOutputStream *out = g_io_stream_get_output_stream(peer->stream);
    size_t step = peer->server->plan.dribble ? 1 : bytes;
    for (size_t at = 0; at < bytes; at += step)
        if (!g_output_stream_write_all(out, data + at, step, NULL, peer->server->stop, NULL))
            return false;
    return true;
}

static bool peer_reply(Peer *peer, const char *text)
{
    g_autofree char *line = g_strconcat(text, "\r\n", NULL);
    return peer_write(peer, line, strlen(line));
}

/* One line without its CRLF; NULL when the client has closed. A line that ends in a lone LF keeps
 * that, as "<LF>". */
static char *peer_read(Peer *peer)
{
    gsize n;
    g_autofree char *raw = g_data_input_stream_read_line(peer->in, &n, peer->server->stop, NULL);
    if (raw == NULL)
        return NULL;
    bool crlf = n > 0 && raw[n - 1] == '\r';
    char *line = crlf ? g_strndup(raw, n - 1) : g_strconcat(raw, "<LF>", NULL);
    g_mutex_lock(&peer->server->lock);
    if (!peer->tls)
        g_string_append_printf(peer->server->clear_text, "%s\n", line);
    g_mutex_unlock(&peer->server->lock);
    return line;
}

static void peer_listen(Peer *peer)
{
    g_clear_object(&peer->in);
    peer->in = g_data_input_stream_new(g_io_stream_get_input_stream(peer->stream));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(peer->in), FALSE);
    g_data_input_stream_set_newline_type(peer->in, G_DATA_STREAM_NEWLINE_TYPE_LF);
}

static void write_long_line(Peer *peer)
{
    g_autofree char *piece = g_strnfill(64 * 1024, 'x');
    GOutputStream *out = g_io_stream_get_output_stream(peer->stream);
    bool well = peer_write(peer, "250-", 4);
    for (size_t n = 0; well && n < LONG_LINE_BYTES; n += 64 * 1024)
        well = g_output_stream_write_all(out, piece, 64 * 1024, NULL, peer->server->stop, NULL);
}

static void wait_for_close(Peer *peer)
{
    char *line;
    while ((line = peer_read(peer)) != NULL)
        g_free(line);
}

/* Does what the plan has for this stage. True: the connection is over. *answered where the reply
 * was given. */
static bool peer_fault(Peer *peer, const char *stage, bool *answered)
{
    g_mutex_lock(&peer->server->lock);
    const Fault now = peer->server->plan.fault;
    g_mutex_unlock(&peer->server->lock);
    const Fault *fault = &now;
    *answered = false;
    if (fault->kind == FAULT_NONE || strcmp(fault->stage, stage) != 0 ||
        (fault->message != 0 && fault->message != peer->message) ||
        (fault->connection != 0 && fault->connection != peer->number) ||
        (fault->until != 0 && peer->number > fault->until))
        return false;
    switch (fault->kind) {
    case FAULT_REPLY:
        *answered = true;
        return !peer_reply(peer, fault->reply);
    case FAULT_CLOSE_AFTER:
        peer_reply(peer, fault->reply);
        return true;
    case FAULT_GARBAGE:
        peer_reply(peer, "HTTP/1.1 400 Bad Request");
        break;
    case FAULT_LONG_LINE:
        write_long_line(peer);
        break;
    case FAULT_HALF_LINE:
        peer_write(peer, "250 ha", 6);
        break;
    case FAULT_SILENCE:
        break;
    default:
        return true;
    }
    wait_for_close(peer);
    return true;
}

static bool peer_start_tls(Peer *peer)
{
    GIOStream *tls =
        g_tls_server_connection_new(peer->stream, peer->server->plan.certificate, NULL);
    peer->tls = true;
    g_object_unref(peer->stream);
    peer->stream = tls;
    peer_listen(peer);
    return g_tls_connection_handshake(G_TLS_CONNECTION(tls), peer->server->stop, NULL);
}

static bool do_ehlo(Peer *peer)
{
    const FaultServerPlan *plan = &peer->server->plan;
    if (plan->no_ehlo)
        return peer_reply(peer, "502 5.5.2 Only HELO here");
    g_autoptr(GString) offer = g_string_new("250-fault.example at your service\r\n");
    if (!plan->no_pipelining)
        g_string_append(offer, "250-PIPELINING\r\n");
    if (plan->certificate != NULL && !peer->tls)
        g_string_append(offer, "250-STARTTLS\r\n");
    g_auto(GStrv) more = g_strsplit(plan->offers != NULL ? plan->offers : "", "\n", -1);
    for (size_t i = 0; more[i] != NULL; i++)
        g_string_append_printf(offer, "250-%s\r\n", more[i]);
    g_string_append(offer, "250 ENHANCEDSTATUSCODES");
    return peer_reply(peer, offer->str);
}

static bool do_starttls(Peer *peer)
{
    g_autofree char *reply =
        g_strconcat("220 2.0.0 go ahead\r\n", peer->server->plan.injected, NULL);
    return peer_write(peer, reply, strlen(reply)) && peer_start_tls(peer);
}

static char *read_decoded(Peer *peer)
{
    g_autofree char *line = peer_read(peer);
    gsize n;
    return line != NULL ? (char *)g_base64_decode(line, &n) : NULL;
}

static bool finish_auth(Peer *peer, const char *user, const char *password)
{
    peer->signed_in =
        g_strcmp0(user, "desk") == 0 && g_strcmp0(password, peer->server->plan.password) == 0;
    return peer_reply(peer,
                      peer->signed_in ? "235 2.7.0 welcome" : "535 5.7.8 wrong name or password");
}

static bool refuse_token(Peer *peer)
{
    const char *challenge = peer->server->plan.challenge;
    if (challenge != NULL) {
        g_autofree char *base64 = g_base64_encode((const guchar *)challenge, strlen(challenge));
        g_autofree char *line = g_strconcat("334 ", base64, NULL);
        g_autofree char *answer = peer_reply(peer, line) ? peer_read(peer) : NULL;
        if (answer == NULL)
            return false;
        if (*answer != '\0')
            return peer_reply(peer, "501 5.5.4 an empty line was expected");
    }
    return peer_reply(peer, "535 5.7.8 Username and token not accepted") &&
           !peer->server->plan.close_on_refusal;
}

static bool do_xoauth2(Peer *peer, const char *line)
{
    g_autofree char *later = NULL;
    const char *given = line + MIN(strlen("AUTH XOAUTH2 "), strlen(line));
    if (*given == '\0') {
        if (!peer_reply(peer, "334 "))
            return false;
        given = later = peer_read(peer);
    }
    if (given == NULL)
        return false;
    gsize n;
    g_autofree guchar *decoded = g_base64_decode(given, &n);
    g_autofree char *text = g_strndup((char *)decoded, n);
    g_autofree char *wanted =
        g_strdup_printf("user=desk\1auth=Bearer %s\1\1", peer->server->plan.access_token);
    peer->signed_in = strcmp(text, wanted) == 0;
    return peer->signed_in ? peer_reply(peer, "235 2.7.0 Accepted") : refuse_token(peer);
}

static bool do_auth(Peer *peer, const char *line)
{
    if (peer->server->plan.access_token != NULL && g_str_has_prefix(line, "AUTH XOAUTH2"))
        return do_xoauth2(peer, line);
    if (g_str_has_prefix(line, "AUTH LOGIN")) {
        if (!peer_reply(peer, "334 VXNlcm5hbWU6"))
            return false;
        g_autofree char *user = read_decoded(peer);
        if (!peer_reply(peer, "334 UGFzc3dvcmQ6"))
            return false;
        g_autofree char *password = read_decoded(peer);
        return finish_auth(peer, user, password);
    }
    g_autofree char *later = NULL;
    const char *given = line + MIN(strlen("AUTH PLAIN "), strlen(line));
    if (given[0] == '\0') {
        if (!peer_reply(peer, "334 "))
            return false;
        given = later = peer_read(peer);
    }
    if (given == NULL)
        return false;
    gsize n;
    g_autofree guchar *secret = g_base64_decode(given, &n);
    g_autofree char *text = g_strndup((char *)secret + 1, n - 1);
    g_autofree char *password = g_strndup((char *)secret + 2 + strlen(text), n - 2 - strlen(text));
    return finish_auth(peer, text, password);
}

static bool do_mail(Peer *peer, const char *line)
{
    g_clear_pointer(&peer->mail, mail_free);
    peer->mail = mail_new();
    peer->mail->from = g_strdup(line);
    peer->mail->under_tls = peer->tls;
    peer->from_well = true;
    peer->to_well = false;
    return peer_reply(peer, "250 2.1.0 sender ok");
}

static bool do_rcpt(Peer *peer, const char *line)
{
    if (!peer->from_well)
        return peer_reply(peer, "503 5.5.1 MAIL first");
    g_free(peer->mail->to);
    peer->mail->to = g_strdup(line);
    peer->to_well = true;
    return peer_reply(peer, "250 2.1.5 recipient ok");
}

/* Reads up to the final dot; false when the client closed before. */
static bool read_body(Peer *peer)
{
    for (;;) {
        g_autofree char *line = peer_read(peer);
        if (line == NULL)
            return false;
        if (strcmp(line, ".") == 0)
            return true;
        if (peer->mail != NULL)
            g_string_append_printf(peer->mail->body, "%s\r\n", line);
    }
}

static void keep_mail(Peer *peer)
{
    FaultServer *server = peer->server;
    g_mutex_lock(&server->lock);
    server->accepted++;
    g_ptr_array_add(server->mails, g_steal_pointer(&peer->mail));
    g_mutex_unlock(&server->lock);
}

static bool do_data(Peer *peer)
{
    bool well = peer->from_well && peer->to_well;
    bool answered;
    if (!well && !peer->server->plan.always_354)
        return peer_reply(peer, "503 5.5.1 RCPT first");
    if (!peer_reply(peer, "354 go on") || peer_fault(peer, "body", &answered))
        return false;
    if (peer->server->plan.reads_slowly)
        g_usleep(300 * 1000); /* what is tested is that the client can wait, not for how long */
    if (!read_body(peer))
        return false;
    if (peer_fault(peer, "dot", &answered))
        return false;
    peer->from_well = peer->to_well = false;
    if (answered)
        return true;
    if (!well)
        return peer_reply(peer, "554 5.5.1 no valid recipients");
    keep_mail(peer);
    return peer_reply(peer, "250 2.0.0 Ok: queued as Q1234567");
}

static const char *stage_of(const char *line)
{
    static const struct {
        const char *verb;
        const char *stage;
    } verbs[] = {{"EHLO", "ehlo"}, {"HELO", "ehlo"}, {"STARTTLS", "starttls"},
                 {"AUTH", "auth"}, {"MAIL", "mail"}, {"RCPT", "rcpt"},
                 {"DATA", "data"}, {"RSET", "rset"}, {"QUIT", "quit"}};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_str_has_prefix(line, verbs[i].verb))
            return verbs[i].stage;
    return "unknown";
}

/* One command. False: the connection is over. */
static bool peer_command(Peer *peer, const char *line)
{
    const FaultServerPlan *plan = &peer->server->plan;
    const char *stage = stage_of(line);
    bool answered;
    if (strcmp(stage, "mail") == 0) {
        if (plan->close_after_messages > 0 && peer->message == plan->close_after_messages)
            return false;
        peer->message++;
    }
    if (peer_fault(peer, stage, &answered))
        return false;
    if (answered)
        return true;
    if (strcmp(stage, "ehlo") == 0)
        return line[0] == 'E' ? do_ehlo(peer) : peer_reply(peer, "250 hello");
    if (strcmp(stage, "starttls") == 0 && plan->certificate != NULL)
        return do_starttls(peer);
    if (strcmp(stage, "auth") == 0 && (plan->password != NULL || plan->access_token != NULL))
        return do_auth(peer, line);
    if (strcmp(stage, "mail") == 0)
        return do_mail(peer, line);
    if (strcmp(stage, "rcpt") == 0)
        return do_rcpt(peer, line);
    if (strcmp(stage, "data") == 0)
        return do_data(peer);
    if (strcmp(stage, "rset") == 0) {
        peer->from_well = peer->to_well = false;
        return peer_reply(peer, "250 2.0.0 reset");
    }
    if (strcmp(stage, "quit") == 0) {
        peer_reply(peer, "221 2.0.0 bye");
        return false;
    }
    return peer_reply(peer, "500 5.5.2 what?");
}

static void peer_talk(Peer *peer)
{
    bool answered;
    if (peer->is_one_too_many) {
        peer_reply(peer, "421 4.7.0 too many connections");
        return;
    }
    if (peer->server->plan.implicit_tls && !peer_start_tls(peer))
        return;
    if (peer_fault(peer, "banner", &answered))
        return;
    bool on = answered || peer_reply(peer, "220 fault.example ESMTP");
    while (on) {
        g_autofree char *line = peer_read(peer);
        if (line == NULL)
            return;
        g_mutex_lock(&peer->server->lock);
        g_string_append_printf(peer->server->commands, "%s\n", line);
        g_mutex_unlock(&peer->server->lock);
        on = peer_command(peer, line);
    }
}

static gpointer peer_thread(gpointer data)
{
    Peer *peer = data;
    FaultServer *server = peer->server;
    peer_listen(peer);
    peer_talk(peer);
    g_io_stream_close(G_IO_STREAM(peer->socket), NULL, NULL);
    g_clear_pointer(&peer->mail, mail_free);
    g_object_unref(peer->in);
    g_object_unref(peer->stream);
    g_object_unref(peer->socket);
    g_free(peer);
    g_mutex_lock(&server->lock);
    server->ended++;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    return NULL;
}

static gpointer accept_thread(gpointer data)
{
    FaultServer *server = data;
    for (;;) {
        GSocketConnection *socket =
            g_socket_listener_accept(server->listener, NULL, server->stop, NULL);
        if (socket == NULL)
            return NULL;
        g_socket_set_option(g_socket_connection_get_socket(socket), IPPROTO_TCP, TCP_NODELAY, 1,
                            NULL);
        if (server->plan.reads_slowly)
            g_socket_set_option(g_socket_connection_get_socket(socket), SOL_SOCKET, SO_RCVBUF,
                                256 * 1024, NULL);
        Peer *peer = g_new0(Peer, 1);
        peer->server = server;
        peer->socket = socket;
        peer->stream = g_object_ref(G_IO_STREAM(socket));
        g_mutex_lock(&server->lock);
        peer->number = ++server->connections;
        unsigned open = server->connections - server->ended;
        peer->is_one_too_many = server->plan.max_open != 0 && open > server->plan.max_open;
        g_ptr_array_add(server->threads, g_thread_new("fault-peer", peer_thread, peer));
        g_mutex_unlock(&server->lock);
    }
}

static GSocketListener *listen_on_loopback(uint16_t *port)
{
    GSocketListener *listener = g_socket_listener_new();
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    g_assert_true(g_socket_listener_add_address(listener, address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    return listener;
}

FaultServer *fault_server_start(const FaultServerPlan *plan)
{
    FaultServer *server = g_new0(FaultServer, 1);
    server->plan = *plan;
    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->stop = g_cancellable_new();
    server->threads = g_ptr_array_new();
    server->mails = g_ptr_array_new_with_free_func((GDestroyNotify)mail_free);
    server->clear_text = g_string_new(NULL);
    server->commands = g_string_new(NULL);
    server->listener = listen_on_loopback(&server->port);
    server->thread = g_thread_new("fault-accept", accept_thread, server);
    return server;
}

void fault_server_stop(FaultServer *server)
{
    g_cancellable_cancel(server->stop);
    g_thread_join(server->thread);
    for (guint i = 0; i < server->threads->len; i++)
        g_thread_join(server->threads->pdata[i]);
    g_socket_listener_close(server->listener);
    g_object_unref(server->listener);
    g_object_unref(server->stop);
    g_ptr_array_unref(server->threads);
    g_ptr_array_unref(server->mails);
    g_string_free(server->clear_text, TRUE);
    g_string_free(server->commands, TRUE);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->changed);
    g_free(server);
}

uint16_t fault_server_port(const FaultServer *server)
{
    return server->port;
}

unsigned fault_server_connections(FaultServer *server)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);
    return server->connections;
}

void fault_server_set_fault(FaultServer *server, const Fault *fault)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);
    server->plan.fault = *fault;
}

unsigned fault_server_accepted(FaultServer *server)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);
    return server->accepted;
}

bool fault_server_wait_ended(FaultServer *server, unsigned connections)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);
    gint64 until = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;
    while (server->ended < connections)
        if (!g_cond_wait_until(&server->changed, &server->lock, until))
            return false;
    return true;
}

const GPtrArray *fault_server_mails(FaultServer *server)
{
    return server->mails;
}

char *fault_server_clear_text(FaultServer *server)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);
    return g_strdup(server->clear_text->str);
}

char *fault_server_commands(FaultServer *server)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);
    return g_strdup(server->commands->str);
}

uint16_t fault_server_unused_port(void)
{
    uint16_t port;
    g_autoptr(GSocketListener) listener = listen_on_loopback(&port);
    g_socket_listener_close(listener);
    return port;
}
