/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the desk knows of one person, page by page: `type` says what an item is. The table below
 * is the whole of it; a query answers for one address, or for one contact, in the order of its ids.
 * What may be large comes one at a time.
 */
#include "privacy/person.h"

#include "alerts/mail_kind.h"
#include "api/input.h"
#include "api/resources.h"
#include "base/error.h"
#include "outbox/outbox.h"

#include <string.h>

typedef enum {
    BY_KEY,     /* $1: the compared form of an address */
    BY_PATTERN, /* $1: it between "%" */
    BY_CONTACT, /* $1: a contact's id */
} By;

/* Field types: i integer, s text, t time, b boolean, j JSON, x bytes (base64), m the id of the
 * outbox's row: the mail itself, as it left. The first column is the id, and is shown, too. */
typedef struct {
    const char *type;
    By by;
    int rows; /* of one page at most */
    const char *sql;
    const char *fields; /* "name:type name:type", the id left out */
} Section;

#define PAGE      " ORDER BY 1 LIMIT $3"
#define OF_OUTBOX "state:s state_reason:s attempts:i last_reply:s queued_at:t accepted_at:t mail:m"
#define OUTBOX_FIELDS                                                                              \
    "o.state, o.state_reason, o.attempts, o.last_reply, o.queued_at, o.accepted_at, o.id"
#define MESSAGE_COLUMNS                                                                            \
    "SELECT id, ticket, kind, visibility, author_name, channel, subject, body_text, quoted,"       \
    " body_html, from_address, message_id, at FROM ticket_message WHERE "
#define MESSAGE_FIELDS                                                                             \
    "ticket:i kind:s visibility:s author:s channel:s subject:s text:s quoted:s html:s from:s"      \
    " message_id:s at:t"
#define ATTACHMENT_COLUMNS                                                                         \
    "SELECT a.id AS id, a.message, m.ticket, a.name, a.content_type, a.bytes, a.content"           \
    " FROM attachment a JOIN ticket_message m ON m.id = a.message WHERE "
#define ATTACHMENT_FIELDS "message:i ticket:i name:s content_type:s bytes:i content:x"
#define SESSION_COLUMNS                                                                            \
    "SELECT id, created_at, seen_at, expires_at, peer, agent FROM session WHERE "
#define SESSION_FIELDS "created_at:t seen_at:t expires_at:t peer:s agent:s"
#define AUDIT_COLUMNS                                                                              \
    "SELECT id, at, actor_name, channel, action, target, request FROM audit WHERE "
#define AUDIT_FIELDS "at:t actor:s channel:s action:s target:s request:j"

static const Section sections[] = {
    {"contact", BY_CONTACT, 50,
     "SELECT c.id AS id, c.account, a.name, c.name, c.email, c.emails, c.on_every_ticket,"
     " c.language, c.active, c.created_at FROM contact c JOIN account a ON a.number = c.account"
     " WHERE c.id = $1 AND c.id > $2" PAGE,
     "account:i account_name:s name:s email:s emails:j on_every_ticket:b language:s active:b"
     " created_at:t"},
    {"employee", BY_KEY, 50,
     "SELECT id, name, login, email, email2, role, language, active, created_at FROM employee"
     " WHERE (email_key = $1 OR email2_key = $1) AND id > $2" PAGE,
     "name:s login:s email:s email2:s role:s language:s active:b created_at:t"},
    {"recipient", BY_KEY, 200,
     "SELECT r.id AS id, r.ticket, t.title, r.email, r.name, r.muted, r.left_at, r.added_at"
     " FROM recipient r JOIN ticket t ON t.number = r.ticket"
     " WHERE r.email_key = $1 AND r.id > $2" PAGE,
     "ticket:i title:s email:s name:s muted:b left_at:t added_at:t"},
    {"decision", BY_KEY, 50,
     "SELECT a.id AS id, a.ticket, a.kind, a.recipient, a.recipient_name, a.decision, a.reason,"
     " a.decided_at, " OUTBOX_FIELDS
     " FROM alert a LEFT JOIN outbox o ON o.kind = 'alert' AND o.ref = a.id"
     " WHERE a.recipient_key = $1 AND a.id > $2" PAGE,
     "ticket:i kind:s recipient:s name:s decision:s reason:s decided_at:t " OF_OUTBOX},
    {"copy", BY_KEY, 4,
     "SELECT c.id AS id, c.ticket, c.message, c.recipient, c.recipient_name, c.decision, c.reason,"
     " c.decided_at, " OUTBOX_FIELDS
     " FROM message_copy c LEFT JOIN outbox o ON o.kind IN ('message', 'auto_response')"
     " AND o.ref = c.id WHERE c.recipient_key = $1 AND c.id > $2" PAGE,
     "ticket:i message:i recipient:s name:s decision:s reason:s decided_at:t " OF_OUTBOX},
    {"attempt", BY_KEY, 200,
     "SELECT t.id AS id, o.kind, o.ref, t.at, t.outcome, t.stage, t.reply"
     " FROM outbox_attempt t JOIN outbox o ON o.id = t.outbox"
     " WHERE lower(o.recipient) = $1 AND t.id > $2" PAGE,
     "of:s ref:i at:t outcome:s stage:s reply:s"},
    {"message", BY_KEY, 20, MESSAGE_COLUMNS "from_key = $1 AND id > $2" PAGE, MESSAGE_FIELDS},
    {"message", BY_CONTACT, 20,
     MESSAGE_COLUMNS "author_kind = 'customer' AND author_id = $1 AND from_key IS NULL"
                     " AND id > $2" PAGE,
     MESSAGE_FIELDS},
    {"attachment", BY_KEY, 1, ATTACHMENT_COLUMNS "m.from_key = $1 AND a.id > $2" PAGE,
     ATTACHMENT_FIELDS},
    {"attachment", BY_CONTACT, 1,
     ATTACHMENT_COLUMNS "m.author_kind = 'customer' AND m.author_id = $1 AND m.from_key IS NULL"
                        " AND a.id > $2" PAGE,
     ATTACHMENT_FIELDS},
    {"mail", BY_KEY, 1,
     "SELECT m.id AS id, m.source, m.message_id, m.from_email, m.from_name, m.subject,"
     " m.received_at, m.state, m.reason, m.ticket, m.steps, r.content FROM inbound_mail m"
     " LEFT JOIN inbound_raw r ON r.mail = m.id WHERE m.from_key = $1 AND m.id > $2" PAGE,
     "source:s message_id:s from:s name:s subject:s received_at:t state:s reason:s ticket:i"
     " steps:j content:x"},
    {"auto_response", BY_KEY, 200,
     "SELECT id, mail, ticket, decision, reason, at FROM auto_response"
     " WHERE recipient_key = $1 AND id > $2" PAGE,
     "mail:i ticket:i decision:s reason:s at:t"},
    {"suppression", BY_KEY, 1,
     "SELECT since AS id, email, reason, evidence, since FROM suppression"
     " WHERE email_key = $1 AND since > $2" PAGE,
     "email:s reason:s evidence:j since:t"},
    {"session", BY_KEY, 200, SESSION_COLUMNS "email = $1 AND id > $2" PAGE, SESSION_FIELDS},
    {"sign_in_link", BY_KEY, 200,
     "SELECT id, purpose, email, created_at, expires_at, used_at FROM one_time_link"
     " WHERE typed_key = $1 AND id > $2" PAGE,
     "purpose:s email:s created_at:t expires_at:t used_at:t"},
    {"sign_in_failure", BY_KEY, 200,
     "SELECT id, name, peer, at FROM sign_in_failure WHERE lower(name) = $1 AND id > $2" PAGE,
     "name:s peer:s at:t"},
    {"audit", BY_PATTERN, 50,
     AUDIT_COLUMNS "(lower(request) LIKE $1 ESCAPE '!' OR lower(target) LIKE $1 ESCAPE '!')"
                   " AND id > $2" PAGE,
     AUDIT_FIELDS},
    {"audit", BY_CONTACT, 50,
     AUDIT_COLUMNS "target = '/api/v1/contacts/' || CAST($1 AS TEXT) AND id > $2" PAGE,
     AUDIT_FIELDS},
    {"audit", BY_KEY, 50,
     AUDIT_COLUMNS "actor_kind = 'employee' AND actor_id IN (SELECT id FROM employee"
                   " WHERE email_key = $1 OR email2_key = $1) AND id > $2" PAGE,
     AUDIT_FIELDS},
};

/* Where a page begins: the section, which of the person's addresses or contacts, and the id behind
 * which it goes on. */
typedef struct {
    char *email, *email_key;
    guint section, which;
    int64_t after;
} Export;

static void export_clear(Export *export)
{
    g_free(export->email);
    g_free(export->email_key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

/* ---- one row ---- */

/* The mail as it left; null where it has not, or cannot be made again. */
static json_t *mail_of(ApiCall *call, DbTx *tx, int64_t id)
{
    Composer *composer = call->api->composer;
    g_autoptr(OutboxMessage) message = outbox_load(tx, id, NULL);
    const MailKind *kind = message != NULL ? composer_find(composer, message->kind) : NULL;
    void *source = NULL;
    if (kind == NULL || message->message_hash == NULL || !composer_load_keys(composer, tx, NULL) ||
        !kind->load(tx, composer, &message->ref, 1, &source, NULL) || source == NULL)
        return json_null();
    g_autoptr(GBytes) bytes =
        kind->compose(composer, source, message->sender, message->dated_at, NULL);
    kind->free_source(source);
    g_autofree char *hash = bytes != NULL ? compose_hash(bytes) : NULL;
    if (g_strcmp0(hash, message->message_hash) != 0)
        return json_null();
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    json_t *text = json_stringn(data, size); /* mails of ours are ASCII */
    return text != NULL ? text : json_null();
}

static json_t *bytes_of(const DbRows *rows, int column)
{
    size_t bytes;
    const void *content = db_rows_blob(rows, column, &bytes);
    g_autofree char *text = g_base64_encode(content != NULL ? content : (const guchar *)"", bytes);
    return json_string(text);
}

static json_t *value_of(const DbRows *rows, int column, char type)
{
    json_t *value;
    switch (type) {
    case 'i':
        return json_integer(db_rows_int(rows, column));
    case 'b':
        return json_boolean(db_rows_int(rows, column) != 0);
    case 'j':
        value = json_loads(db_rows_text(rows, column), JSON_DECODE_ANY, NULL);
        return value != NULL ? value : json_string(db_rows_text(rows, column));
    case 'x':
        return bytes_of(rows, column);
    default:
        return json_string(db_rows_text(rows, column));
    }
}

static json_t *render_row(const Section *section, const DbRows *rows)
{
    json_t *item = json_object();
    json_set_text(item, "type", section->type);
    json_set_int(item, "id", db_rows_int(rows, 0));
    g_auto(GStrv) fields = g_strsplit(section->fields, " ", 0);
    for (int i = 0; fields[i] != NULL; i++) {
        char *colon = strchr(fields[i], ':');
        *colon = '\0';
        int column = i + 1;
        if (colon[1] == 't')
            json_set_time(item, fields[i], db_rows_int(rows, column));
        else if (colon[1] == 'm') /* asked for when these rows are read */
            json_set_id(item, fields[i], db_rows_int(rows, column));
        else
            json_object_set_new(item, fields[i],
                                db_rows_is_null(rows, column) ? json_null()
                                                              : value_of(rows, column, colon[1]));
    }
    return item;
}

/* ---- one page ---- */

static guint n_of(const Section *section, const Person *person)
{
    return section->by == BY_CONTACT ? person->contacts->len : person->keys->len;
}

static char *pattern_of(const char *key)
{
    GString *pattern = g_string_new("%");
    for (const char *c = key; *c != '\0'; c++) {
        if (strchr("%_!", *c) != NULL)
            g_string_append_c(pattern, '!');
        g_string_append_c(pattern, *c);
    }
    g_string_append_c(pattern, '%');
    return g_string_free(pattern, FALSE);
}

static DbRows *query(DbTx *tx, const Section *section, const Person *person, const Export *at,
                     GError **error)
{
    if (section->by == BY_CONTACT)
        return db_query(tx, error, section->sql, "iii",
                        g_array_index(person->contacts, int64_t, at->which), at->after,
                        (int64_t)section->rows);
    const char *key = person->keys->pdata[at->which];
    g_autofree char *pattern = pattern_of(key);
    return db_query(tx, error, section->sql, "sii", section->by == BY_KEY ? key : pattern,
                    at->after, (int64_t)section->rows);
}

/* Moves on: behind the rows it got, or to the next address, contact, section. */
static void move(Export *at, const Person *person, int64_t last, int got)
{
    const Section *section = &sections[at->section];
    if (got == section->rows) {
        at->after = last;
        return;
    }
    at->after = 0;
    at->which++;
    while (at->section < G_N_ELEMENTS(sections) &&
           at->which >= n_of(&sections[at->section], person)) {
        at->section++;
        at->which = 0;
    }
}

/* One query; *got: how many rows it gave. */
static bool add_rows(ApiCall *call, DbTx *tx, const Person *person, Export *at, json_t *items,
                     int *got, GError **error)
{
    const Section *section = &sections[at->section];
    *got = 0;
    int64_t last = 0;
    size_t first = json_array_size(items);
    DbRows *rows = query(tx, section, person, at, error);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        last = db_rows_int(rows, 0);
        json_array_append_new(items, render_row(section, rows));
        (*got)++;
    }
    if (!db_rows_end(rows, error))
        return false;
    for (size_t i = first; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        int64_t message = json_get_int(item, "mail");
        if (strstr(section->fields, "mail:m") != NULL && message != 0)
            json_object_set_new(item, "mail", mail_of(call, tx, message));
    }
    move(at, person, last, *got);
    return true;
}

static json_t *describe(const Person *person)
{
    json_t *item = json_object();
    json_t *addresses = json_array();
    json_t *names = json_array();
    for (guint i = 0; i < person->addresses->len; i++)
        json_array_append_new(addresses, json_string(person->addresses->pdata[i]));
    for (guint i = 0; i < person->names->len; i++)
        json_array_append_new(names, json_string(person->names->pdata[i]));
    json_set_text(item, "type", "person");
    json_object_set_new(item, "addresses", addresses);
    json_object_set_new(item, "names", names);
    return item;
}

/* A page is the first query that gives something. */
static json_t *page(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Export *export = data;
    Export at = {.section = export->section, .which = export->which, .after = export->after};
    g_autoptr(Person) person = person_load(tx, export->email, export->email_key, error);
    if (person == NULL)
        return NULL;
    json_auto_t *items = json_array();
    if (at.section == 0 && at.which == 0 && at.after == 0)
        json_array_append_new(items, describe(person));
    while (at.section < G_N_ELEMENTS(sections) && at.which >= n_of(&sections[at.section], person)) {
        at.section++;
        at.which = 0;
    }
    int got = 0;
    while (got == 0 && at.section < G_N_ELEMENTS(sections))
        if (!add_rows(call, tx, person, &at, items, &got, error))
            return NULL;
    g_autofree char *next =
        at.section < G_N_ELEMENTS(sections)
            ? g_strdup_printf("%u.%u.%" G_GINT64_FORMAT, at.section, at.which, at.after)
            : NULL;
    json_t *value = json_object();
    json_object_set(value, "items", items);
    json_set_text(value, "next_cursor", next);
    return value;
}

static bool read_cursor(const char *text, Export *export, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 4);
    guint64 section, which;
    gint64 after;
    if (g_strv_length(parts) == 3 &&
        g_ascii_string_to_unsigned(parts[0], 10, 0, G_N_ELEMENTS(sections) - 1, &section, NULL) &&
        g_ascii_string_to_unsigned(parts[1], 10, 0, 1000, &which, NULL) &&
        g_ascii_string_to_signed(parts[2], 10, 0, G_MAXINT64, &after, NULL)) {
        export->section = (guint)section;
        export->which = (guint)which;
        export->after = after;
        return true;
    }
    error_set_problem(error, TD_ERROR_INVALID, "bad-cursor", "/cursor",
                      "The cursor must be the \"next_cursor\" of the page before");
    return false;
}

HttpResponse *people_export(ApiCall *call, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    g_auto(Export) export = {0};
    g_autofree char *cursor = NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "email");
    input_address(&reader, "email", &export.email, &export.email_key);
    json_read_optional_line(&reader, "cursor", 64, &cursor);
    if (!json_reader_end(&reader, error) ||
        (cursor != NULL && !read_cursor(cursor, &export, error)))
        return NULL;
    return api_read(call, page, &export, error);
}
