/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket email templates as rows: a name and kind, and versions that never change. A version holds
 * the texts of all its languages. A deleted template keeps its rows, because mails were made from
 * them; it is no longer listed, and its name is free.
 */
#pragma once

#include "db/db.h"
#include "records/actor.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *language; /* BCP 47 */
    char *subject;
    char *text; /* "": made from the HTML part */
    char *html; /* NULL: none */
} TemplateText;

/* Copies all four. */
TemplateText *template_text_new(const char *language, const char *subject, const char *text,
                                const char *html);
void template_text_free(TemplateText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TemplateText, template_text_free)
bool template_text_equal(const TemplateText *a, const TemplateText *b);

typedef struct {
    int64_t id;
    char *name;
    char *kind;       /* "ticket", "auto_response", "reply", "sign_in" */
    char *builtin;    /* "new_ticket", "ticket_closed"; NULL: made here */
    int64_t version;  /* the version loaded */
    GPtrArray *texts; /* of TemplateText *; the first is in the template's own language, the others
                         are sorted by theirs */
} TicketTemplate;

TicketTemplate *ticket_template_new(void);
void ticket_template_free(TicketTemplate *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TicketTemplate, ticket_template_free)

/* NULL where it has none in this language. */
TemplateText *ticket_template_text(const TicketTemplate *record, const char *language);

/* Whether all texts are the same. */
bool ticket_template_same_texts(const TicketTemplate *a, const TicketTemplate *b);

/* `version` 0 is the newest, of a template that is not deleted. Errors: NOT_FOUND (problems
 * "unknown-template", "unknown-version"). */
TicketTemplate *ticket_template_load(DbTx *tx, int64_t id, int64_t version, GError **error);

/* The same, deleted or not, with one text alone: that in `language`, or in the template's own where
 * there is none. */
TicketTemplate *ticket_template_load_text(DbTx *tx, int64_t id, int64_t version,
                                          const char *language, GError **error);

/* What an event needs to choose from. */
typedef struct {
    int64_t id;
    int64_t version;  /* the newest */
    char **languages; /* the template's own first */
} TemplateOffer;
void template_offer_free(TemplateOffer *offer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TemplateOffer, template_offer_free)

/* `id` 0: the built-in one. A deleted template is found, too: an option that still names it must
 * not silence an alert. Errors: NOT_FOUND. */
TemplateOffer *ticket_template_offer(DbTx *tx, int64_t id, const char *builtin, GError **error);

/* The built-in one's id, 0 where there is none. */
bool ticket_template_find_builtin(DbTx *tx, const char *builtin, int64_t *id, GError **error);

/* How a version came about. */
typedef struct {
    const Actor *author;
    int64_t at;
    int64_t restored_from; /* the version whose texts it has; 0: none */
    bool built_in;         /* it has the program's own words */
} TemplateSave;

/* Writes the template and its version 1; sets record->id and record->version. Errors: CONFLICT
 * (problem "name-taken"). */
bool ticket_template_insert(DbTx *tx, TicketTemplate *record, const TemplateSave *save,
                            GError **error);

/* Writes the next version after record->version, and the name. Sets record->version. Errors:
 * CONFLICT (problems "template-changed": record->version is not the newest any more, or it was
 * deleted; "name-taken"). */
bool ticket_template_save(DbTx *tx, TicketTemplate *record, const TemplateSave *save,
                          GError **error);

/* Its versions stay. Errors: NOT_FOUND. */
bool ticket_template_delete(DbTx *tx, int64_t id, int64_t now_us, GError **error);

/* The newest version of each, by id. */
GPtrArray *ticket_template_list(DbTx *tx, int64_t after, int limit, GError **error);

typedef struct {
    int64_t version;
    Actor author; /* without a channel */
    int64_t at;
    int64_t restored_from; /* 0: none */
    bool built_in;
} TemplateVersion;
void template_version_free(TemplateVersion *version);

/* Newest first, those below `before` (0: from the newest). */
GPtrArray *ticket_template_versions(DbTx *tx, int64_t id, int64_t before, int limit,
                                    GError **error);
