/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ticket's correspondence: messages, their attachments, and for each message who gets a copy of
 * it and why (not). A message never changes: mails are made from it. All functions here run inside
 * the caller's transaction.
 */
#pragma once

#include "base/limits.h"
#include "db/db.h"
#include "records/actor.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    MESSAGE_ANSWER,        /* a person wrote it: an employee, a customer, a program with a token */
    MESSAGE_AUTO_RESPONSE, /* ours, to a customer whose mail opened the ticket; its words are those
                              of its template, so its text is "" */
    MESSAGE_AUTOMATIC,     /* another machine's (out of office): filed, and goes to nobody */
    MESSAGE_N_KINDS,
} MessageKind;

typedef enum {
    MESSAGE_PUBLIC,   /* correspondence with the customer */
    MESSAGE_INTERNAL, /* among the desk's people */
    MESSAGE_N_VISIBILITIES,
} MessageVisibility;

typedef enum {
    MESSAGE_SENDER_UNKNOWN, /* it did not come by mail, or nobody looked */
    MESSAGE_SENDER_VERIFIED,
    MESSAGE_SENDER_NOT_VERIFIED, /* the address in From is only a claim */
    MESSAGE_N_SENDERS,
} MessageSender;

/* Stored names: "answer", "auto_response", "automatic"; "public", "internal"; "unknown",
 * "verified", "not_verified". Reading an unknown one gives false. */
const char *message_kind_name(MessageKind kind);
const char *message_visibility_name(MessageVisibility visibility);
bool message_visibility_from_name(const char *name, MessageVisibility *visibility);
const char *message_sender_name(MessageSender sender);

typedef struct {
    int64_t id;
    int64_t ticket;
    int64_t event;   /* EVENT_MESSAGE_ADDED */
    int64_t version; /* the event's: its place in the ticket's story */
    MessageKind kind;
    MessageVisibility visibility;
    Actor author;  /* who wrote it, and through which door */
    bool incoming; /* it came to the desk by mail; else it was written here */
    char *subject; /* NULL: the ticket's */
    char *text;    /* what is new in it */
    char *quoted;  /* the folded history of a mail; NULL: none */
    char *html;    /* as the author gave it, checked; NULL: none. Never of an incoming mail */
    char *from, *from_key; /* incoming: the address that it says it is from; NULL: none */
    MessageSender sender;
    char *message_id;  /* incoming: without angle brackets; NULL: none */
    char *in_reply_to; /* the mail that it answers, without angle brackets; NULL: not known */
    int hops;          /* of the mail's hop mark (mail/hop.h); 0: none */
    int64_t at;
} TicketMessage;

void ticket_message_free(TicketMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TicketMessage, ticket_message_free)

/* Sets message->id. `version` is not written: it is the event's. */
bool ticket_message_insert(DbTx *tx, TicketMessage *message, GError **error);

/* Errors: NOT_FOUND (problem "unknown-message"; also where it is another ticket's; `ticket` 0:
 * any).
 */
TicketMessage *ticket_message_load(DbTx *tx, int64_t ticket, int64_t id, GError **error);

/* A ticket's messages in their order, those with an id above `after`. */
GPtrArray *ticket_message_list(DbTx *tx, int64_t ticket, int64_t after, int limit, GError **error);

/* As the next one, of those with an id below `before` (0: of all). */
GPtrArray *ticket_message_list_public(DbTx *tx, int64_t ticket, int64_t before, int limit,
                                      GError **error);

/* What desk and customer wrote to each other: the newest `limit` answers that are public, oldest
 * first, without mails whose sender's check failed. */
GPtrArray *ticket_message_list_recent(DbTx *tx, int64_t ticket, int limit, GError **error);

/* ---- attachments ---- */

#define ATTACHMENTS_MAX      LIMIT_ATTACHMENTS       /* a message */
#define ATTACHMENT_NAME_MAX  LIMIT_NAME_CHARS        /* characters */
#define ATTACHMENT_BYTES_MAX LIMIT_ATTACHMENTS_BYTES /* all of a message together */

typedef struct {
    int64_t id;
    int64_t message;
    char *name;         /* a file's name without any folder, one line; never empty */
    char *content_type; /* "type/subtype", lower-case, without parameters */
    char *content_id;   /* without angle brackets; NULL: none */
    int64_t bytes;
    char *hash;      /* secret_hash() of the content */
    GBytes *content; /* NULL where it was not asked for */
} Attachment;

void attachment_free(Attachment *attachment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Attachment, attachment_free)

/* A name that is safe to store, to show and to save under: the last part of a path of any system,
 * control and reserved characters become "_", no leading dots, cut to ATTACHMENT_NAME_MAX; "file"
 * where nothing is left. Pure. Free with g_free(). */
char *attachment_name_clean(const char *name);

/* "application/octet-stream" for what is no type (RFC 2045 §5.1), or one that would be a message's
 * structure (multipart, message). Pure. Free with g_free(). */
char *attachment_type_clean(const char *content_type);

/* Writes name, type, id, content (its bytes and hash are taken from it); sets attachment->id. */
bool attachment_insert(DbTx *tx, Attachment *attachment, GError **error);

/* A message's, in their order; without their contents unless `with_content`. */
GPtrArray *attachment_list(DbTx *tx, int64_t message, bool with_content, GError **error);

/* With its content. Errors: NOT_FOUND (problem "unknown-attachment"; also of another ticket). */
Attachment *attachment_load(DbTx *tx, int64_t ticket, int64_t id, GError **error);

/* ---- copies ---- */

/* Why somebody is or is not sent a copy. Only the first is a "send". */
typedef enum {
    COPY_ANSWERED,        /* sent */
    COPY_SERVER_INACTIVE, /* the Alerts Server is not activated: nothing leaves */
    COPY_NO_RECIPIENTS,   /* nobody is on the list; the copy's address is "" */
    COPY_OWN_ADDRESS,     /* an address of the desk itself */
    COPY_AUTHOR,          /* who wrote it */
    COPY_MUTED,
    COPY_LEFT_TICKET,
    COPY_ADDRESS_SUPPRESSED,
    COPY_EMPLOYEE_INACTIVE,
    COPY_N_REASONS,
} CopyReason;

/* "answered", "alerts_server_inactive", "no_recipients", "own_address", "author", "muted",
 * "left_ticket", "address_suppressed", "employee_inactive" */
const char *copy_reason_name(CopyReason reason);

typedef struct {
    int64_t id; /* `ref` of its outbox row */
    int64_t ticket;
    int64_t message;
    bool to_employee;
    char *recipient, *recipient_key;
    char *recipient_name; /* NULL: none */
    CopyReason reason;
    int64_t template_id, template_version; /* 0 where it is not sent */
    char *language;                        /* NULL where it is not sent */
    int64_t decided_at;
} MessageCopy;

void message_copy_free(MessageCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MessageCopy, message_copy_free)

/* Sets copy->id. */
bool message_copy_insert(DbTx *tx, MessageCopy *copy, GError **error);

/* Errors: NOT_FOUND (problem "unknown-copy"). */
MessageCopy *message_copy_load(DbTx *tx, int64_t id, GError **error);

/* A message's, by id. */
GPtrArray *message_copy_list(DbTx *tx, int64_t message, GError **error);

/* What a copy's References name: the mail of this ticket that its recipient has got, or has
 * written, before the event with this version. Oldest first, at most the last 20; decided long ago,
 * so always the same. An array of MessageReference; NULL on error. */
typedef enum {
    REFERENCE_ALERT = 1, /* `id` is an alert's */
    REFERENCE_COPY,      /* a message_copy's */
    REFERENCE_INCOMING,  /* a ticket_message's, and there is a message_id */
} MessageReferenceKind;
typedef struct {
    MessageReferenceKind kind;
    int64_t id;
    char *message_id; /* as it was in the mail, without angle brackets */
} MessageReference;
void message_reference_clear(MessageReference *reference);
GArray *message_references(DbTx *tx, const MessageCopy *copy, int64_t version, GError **error);
