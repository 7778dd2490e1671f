/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTH (RFC 4954): PLAIN, LOGIN, and XOAUTH2, which takes an access token instead of a password.
 *
 * A password or token travels only over TLS, or to this machine itself. A trace shows that it was
 * sent, never what it was.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "mail/oauth.h"
#include "mail/smtp-private.h"

#include <string.h>

#define COMMAND_BYTES 510 /* RFC 5321 §4.5.3.1.4, without CRLF */

static void wipe(GString *text)
{
    if (text->str != NULL)
        explicit_bzero(text->str, text->allocated_len);
    g_string_truncate(text, 0);
}

/* Queues a line with a secret in base64, behind `verb`, and wipes its copies. */
static void queue_secret(SmtpSession *session, const char *verb, const char *secret, size_t bytes)
{
    char *base64 = g_base64_encode((const guchar *)secret, bytes);
    char *line = g_strconcat(verb, base64, NULL);
    /* so that it does not move and leave a copy; after the secret it is wiped */
    gsize queued = session->out->len;
    g_string_set_size(session->out, queued + strlen(line) + 2);
    g_string_truncate(session->out, queued);
    g_autofree char *shown = g_strconcat(verb, "********", NULL);
    smtp_queue(session, SMTP_AUTH, line, shown);
    secret_free(base64);
    secret_free(line);
}

/* Sends a mechanism's first response: with the command where it fits, else when asked for it (RFC
 * 4954 §4). */
static bool send_first(SmtpSession *session, const char *mechanism, const GString *secret,
                       GCancellable *cancellable, DeliveryOutcome *outcome)
{
    g_autofree char *command = g_strconcat("AUTH ", mechanism, NULL);
    if (strlen(command) + 1 + (secret->len + 2) / 3 * 4 <= COMMAND_BYTES) {
        g_autofree char *verb = g_strconcat(command, " ", NULL);
        queue_secret(session, verb, secret->str, secret->len);
        return true;
    }
    smtp_queue(session, SMTP_AUTH, command, NULL);
    if (!smtp_expect(session, SMTP_AUTH, 334, cancellable, outcome))
        return false;
    queue_secret(session, "", secret->str, secret->len);
    return true;
}

/* RFC 4616 */
static bool auth_plain(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    const TransportSettings *settings = &session->link->settings;
    const char *password = settings->password != NULL ? settings->password : "";
    GString *secret = g_string_sized_new(strlen(settings->username) + strlen(password) + 3);
    g_string_append_c(secret, '\0');
    g_string_append(secret, settings->username);
    g_string_append_c(secret, '\0');
    g_string_append(secret, password);
    bool well = send_first(session, "PLAIN", secret, cancellable, outcome);
    wipe(secret);
    g_string_free(secret, TRUE);
    return well && smtp_expect(session, SMTP_AUTH, 235, cancellable, outcome);
}

static bool auth_login(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    const TransportSettings *settings = &session->link->settings;
    const char *password = settings->password != NULL ? settings->password : "";
    smtp_queue(session, SMTP_AUTH, "AUTH LOGIN", NULL);
    if (!smtp_expect(session, SMTP_AUTH, 334, cancellable, outcome))
        return false;
    queue_secret(session, "", settings->username, strlen(settings->username));
    if (!smtp_expect(session, SMTP_AUTH, 334, cancellable, outcome))
        return false;
    queue_secret(session, "", password, strlen(password));
    return smtp_expect(session, SMTP_AUTH, 235, cancellable, outcome);
}

/* ---- XOAUTH2 ---- */

bool smtp_get_token(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    OAuthSource *source = session->link->settings.oauth;
    if (source == NULL)
        return true;
    g_autoptr(GError) error = NULL;
    char *token = oauth_token(source, session->token, cancellable, &error);
    transport_say(session->link, smtp_stage_name(SMTP_TOKEN), oauth_source_host(source),
                  token != NULL ? "an access token is at hand" : error->message);
    if (token == NULL)
        return smtp_down(session, SMTP_TOKEN, error, outcome);
    secret_free(session->token);
    session->token = token;
    return true;
}

static void add_word(GString *words, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return;
    g_autofree char *text =
        json_is_string(value) ? g_strdup(json_string_value(value)) : json_text(value);
    g_string_append_printf(words, "%s%s %s", words->len > 0 ? ", " : "", name, text);
}

/* What a server says in a challenge about a token it does not take: base64 of a JSON object with
 * "status", "schemes" and "scope". "" where it says nothing of the kind. */
static char *challenge_words(const SmtpReply *reply)
{
    gsize bytes;
    g_autofree guchar *decoded = g_base64_decode(reply->text->str, &bytes);
    json_auto_t *object = json_loadb((const char *)decoded, bytes, 0, NULL);
    GString *words = g_string_new(NULL);
    add_word(words, object, "status");
    add_word(words, object, "schemes");
    add_word(words, object, "scope");
    return g_string_free(words, FALSE);
}

static bool send_token(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    const char *username = session->link->settings.username;
    GString *secret = g_string_sized_new(strlen(username) + strlen(session->token) + 32);
    g_string_append(secret, "user=");
    g_string_append(secret, username);
    g_string_append(secret, "\1auth=Bearer ");
    g_string_append(secret, session->token);
    g_string_append(secret, "\1\1");
    bool well = send_first(session, "XOAUTH2", secret, cancellable, outcome);
    wipe(secret);
    g_string_free(secret, TRUE);
    return well;
}

/* True: signed in. *refused: the server does not take this token; *outcome has its words. */
static bool present_token(SmtpSession *session, bool *refused, GCancellable *cancellable,
                          DeliveryOutcome *outcome)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *words = NULL;
    *refused = false;
    if (!send_token(session, cancellable, outcome))
        return false;
    if (!smtp_ask(session, SMTP_AUTH, cancellable, &error))
        return smtp_down(session, SMTP_AUTH, error, outcome);
    if (session->reply.code == 235)
        return true;
    if (session->reply.code == 334) {
        /* the refusal itself comes when its reason was read */
        words = challenge_words(&session->reply);
        smtp_queue(session, SMTP_AUTH, "", NULL);
        if (!smtp_ask(session, SMTP_AUTH, cancellable, &error))
            return smtp_down(session, SMTP_AUTH, error, outcome);
    }
    *refused = session->reply.code / 100 == 5;
    smtp_outcome_reply(session, DELIVERY_RELAY_DOWN, SMTP_AUTH, outcome);
    if (words != NULL && *words != '\0') {
        g_autofree char *reply = g_steal_pointer(&outcome->reply);
        g_autofree char *all = g_strdup_printf("%s (%s)", reply, words);
        outcome->reply = smtp_text_shown(all, strlen(all));
    }
    return false;
}

/* A token that is refused may have been revoked before its time: one new one is tried, in the same
 * session where the server goes on with it. */
static bool auth_xoauth2(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    bool refused;
    if (present_token(session, &refused, cancellable, outcome))
        return true;
    if (!refused || !smtp_get_token(session, cancellable, outcome) || session->broken)
        return false;
    DeliveryOutcome second = {0};
    bool well = present_token(session, &refused, cancellable, &second);
    if (!well && second.reply_code == 0) {
        delivery_outcome_clear(&second); /* it had no words for us: the first ones say more */
        return false;
    }
    delivery_outcome_clear(outcome);
    *outcome = second;
    return well;
}

bool smtp_sign_in(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    const TransportSettings *settings = &session->link->settings;
    if (settings->username == NULL || settings->username[0] == '\0')
        return true;
    if (!channel_is_tls(session->channel) && !channel_is_loopback(session->channel))
        return smtp_down_because(session, SMTP_AUTH, outcome,
                                 "a password or access token is never sent without TLS; set the "
                                 "security to starttls or tls, or remove the user name");
    const SmtpOffer *offer = &session->offer;
    if (settings->oauth != NULL ? !offer->auth_xoauth2 : !offer->auth_plain && !offer->auth_login)
        return smtp_down_because(session, SMTP_AUTH, outcome,
                                 settings->oauth != NULL
                                     ? "the server does not offer AUTH XOAUTH2"
                                     : "the server offers neither AUTH PLAIN nor AUTH LOGIN");
    bool well = settings->oauth != NULL ? auth_xoauth2(session, cancellable, outcome)
                : offer->auth_plain     ? auth_plain(session, cancellable, outcome)
                                        : auth_login(session, cancellable, outcome);
    wipe(session->out);
    return well;
}
