/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/part.h"

void part_begin(Part *part, Delivery *delivery, Job *const *jobs, size_t n)
{
    *part = (Part){.delivery = delivery, .jobs = jobs, .n = n};
    for (size_t i = 0; i < n; i++)
        part->kinds[i] = composer_find(delivery->setup.composer, jobs[i]->message->kind);
}

bool part_next(Part *part)
{
    size_t large = 0;
    part->from = part->to;
    for (; part->to < part->n; part->to++) {
        const MailKind *kind = part->kinds[part->to];
        if (kind == NULL || kind->at_once == 0)
            continue;
        if (large == kind->at_once)
            break;
        large++;
    }
    return part->from < part->n;
}

/* Those of the kind that jobs[first] has, of which it is the first of the part. */
static bool load_kind(DbTx *tx, Part *part, size_t first, GError **error)
{
    int64_t refs[PACE_MAX] = {0};
    void *sources[PACE_MAX] = {NULL};
    size_t n = 0;
    const MailKind *kind = part->kinds[first];
    for (size_t i = first; i < part->to; i++)
        if (part->kinds[i] == kind)
            refs[n++] = part->jobs[i]->message->ref;
    bool ok = kind->load(tx, part->delivery->setup.composer, refs, n, sources, error);
    n = 0;
    for (size_t i = first; i < part->to; i++)
        if (part->kinds[i] == kind)
            part->sources[i] = sources[n++];
    return ok;
}

static bool load_all(DbTx *tx, void *data, GError **error)
{
    Part *part = data;
    part_forget(part);
    if (!composer_load_keys(part->delivery->setup.composer, tx, error))
        return false;
    for (size_t i = part->from; i < part->to; i++) {
        bool first = part->kinds[i] != NULL;
        for (size_t j = part->from; j < i && first; j++)
            first = part->kinds[j] != part->kinds[i];
        if (first && !load_kind(tx, part, i, error))
            return false;
    }
    return true;
}

bool part_load(Part *part, GError **error)
{
    return db_read(part->delivery->setup.db, load_all, part, error);
}

void part_forget(Part *part)
{
    for (size_t i = part->from; i < part->to; i++)
        if (part->sources[i] != NULL)
            part->kinds[i]->free_source(g_steal_pointer(&part->sources[i]));
}

static char *make_envelope_from(const Part *part, size_t i, GError **error)
{
    Composer *composer = part->delivery->setup.composer;
    const OutboxMessage *message = part->jobs[i]->message;
    char *envelope_from = NULL;
    if (part->kinds[i]->null_sender)
        return g_strdup("");
    g_autoptr(SenderIdentity) identity = composer_sender(composer, message->sender, error);
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    return identity != NULL && sender_envelope(identity, keys, message->id, &envelope_from, error)
               ? envelope_from
               : NULL;
}

bool part_compose(const Part *part, size_t i, Envelope *envelope, char **why)
{
    g_autoptr(GError) error = NULL;
    const OutboxMessage *message = part->jobs[i]->message;
    if (part->sources[i] == NULL) {
        *why = part->kinds[i] != NULL
                   ? g_strdup("There is no such mail")
                   : g_strdup_printf("This program makes no mails of kind \"%s\"", message->kind);
        return false;
    }
    g_autoptr(GBytes) bytes =
        part->kinds[i]->compose(part->delivery->setup.composer, part->sources[i], message->sender,
                                message->dated_at, &error);
    char *envelope_from = bytes != NULL ? make_envelope_from(part, i, &error) : NULL;
    if (envelope_from == NULL) {
        *why = g_strdup(error->message);
        return false;
    }
    *envelope = (Envelope){.envelope_from = envelope_from,
                           .envelope_to = message->recipient,
                           .message = g_steal_pointer(&bytes)};
    return true;
}

int64_t part_closing(const Part *part, size_t i)
{
    const MailKind *kind = part->kinds[i];
    return kind->closing != NULL ? kind->closing(part->sources[i]) : 0;
}
