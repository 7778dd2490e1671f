/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/fields.h"

#include <string.h>

/* tools/make-docs reads this table. */
const MergeField merge_fields[] = {
    {"ticket.number", FIELD_LINE, true, "The ticket's number.", "1042"},
    {"ticket.title", FIELD_LINE, false, "Its title.", "Reception printer prints blank pages"},
    {"ticket.description", FIELD_BLOCK, false,
     "What was written when it was opened; cut after 64 KiB.",
     "Since this morning.\nWe have changed the toner."},
    {"ticket.status", FIELD_LINE, true,
     "Its status, in the mail's language; as the desk calls it where the desk has renamed it.",
     "In-House Service"},
    {"ticket.priority", FIELD_LINE, true, "Its priority, in the mail's language.", "High"},
    {"ticket.type", FIELD_LINE, false, "Its type.", "Incident"},
    {"ticket.resolution", FIELD_BLOCK, false, "How it was resolved; cut after 64 KiB.",
     "The drum was worn out and has been replaced."},
    {"ticket.opened", FIELD_TIME, true, "When it was opened.", "23 November 2026, 18:32 GMT"},
    {"ticket.closed", FIELD_TIME, false, "When it was closed.", "24 November 2026, 09:10 GMT"},
    {"ticket.due", FIELD_TIME, false, "When it is due.", "27 November 2026, 17:00 GMT"},
    {"ticket.link", FIELD_LINK, false,
     "Where this recipient can see it online, in a mail to a customer; empty while the Web "
     "Interface"
     " or its links are off.",
     "https://support.example.com/portal/t/aabqaaaaaaqqs2xzd4t7nq3q6v5kfyxwcm7ra"},
    {"ticket.correspondence", FIELD_LIST, false,
     "What desk and customer wrote to each other, at most the newest five, oldest first; only in a"
     " template of the kind \"ticket\". Without internal notes, what machines wrote, and mails "
     "whose"
     " sender's check failed.",
     "{{#ticket.correspondence}}{{entry.author}}: {{entry.text}}{{/ticket.correspondence}}"},
    {"entry.author", FIELD_LINE, true, "Within that list: who wrote it.", "Anna Field"},
    {"entry.written", FIELD_TIME, true, "Within that list: when.", "24 November 2026, 08:55 GMT"},
    {"entry.text", FIELD_BLOCK, true, "Within that list: what; cut after 8 KiB.",
     "It works again.\nThank you!"},
    {"message.text", FIELD_BLOCK, false,
     "What was written; only in a template of the kind \"reply\", as the next one.",
     "We have ordered the part.\nIt should be here on Thursday."},
    {"message.left_out", FIELD_BLOCK, false,
     "The names of the attachments that are too large for a mail, one a line.",
     "scan.tiff\nrecording.mp4"},
    {"sign_in.link", FIELD_LINK, true,
     "The link that works once; only in a template of the kind \"sign_in\", as the next one.",
     "https://support.example.com/portal/sign-in/4qyd2k6tbnv3x5ol7ruj"},
    {"sign_in.minutes", FIELD_LINE, true, "For how many minutes it works.", "15"},
    {"account.name", FIELD_LINE, true, "The customer.", "Bluebird Dental Practice"},
    {"contact.name", FIELD_LINE, false, "The ticket's contact.", "Anna Field"},
    {"recipient.name", FIELD_LINE, false, "Who gets this mail.", "Anna Field"},
    {"recipient.email", FIELD_ADDRESS, true, "The address that it goes to.",
     "anna.field@bluebird-dental.example"},
    {"manager.name", FIELD_LINE, false, "The employee who manages the ticket.", "Robin Keeper"},
    {"actor.name", FIELD_LINE, true, "The current user: who opened or closed it.", "Robin Keeper"},
    {"desk.name", FIELD_LINE, false,
     "The desk; options of the section \"desk\", as the next three.", "Harbour IT"},
    {"desk.phone", FIELD_LINE, false, "Its telephone number.", "+44 20 7946 0123"},
    {"desk.hours", FIELD_LINE, false, "When it is open.", "Monday to Friday, 8:00 to 18:00"},
    {"desk.address", FIELD_BLOCK, false, "Its postal address.",
     "Harbour IT Ltd\n12 Quay Street\nLondon"},
};
const size_t merge_fields_n = G_N_ELEMENTS(merge_fields);

const char *merge_field_kind_name(MergeFieldKind kind)
{
    static const char *const names[] = {
        [FIELD_LINE] = "line",       [FIELD_BLOCK] = "text", [FIELD_TIME] = "time",
        [FIELD_ADDRESS] = "address", [FIELD_LINK] = "link",  [FIELD_LIST] = "list",
    };
    return names[kind];
}

/* tools/make-docs reads this table too. */
const char *merge_field_in_html(MergeFieldKind kind)
{
    static const char line[] = "& < > \" ' escaped; percent-encoded within a link";
    static const char *const words[] = {
        [FIELD_LINE] = line,
        [FIELD_BLOCK] = "escaped like a line; white-space: pre-line shows its lines",
        [FIELD_TIME] = line,
        [FIELD_ADDRESS] = line,
        [FIELD_LINK] = "a link where an attribute begins with it; else like a line",
        [FIELD_LIST] = "its section is written once for each entry",
    };
    return words[kind];
}

const MergeField *merge_field_find(const char *name)
{
    for (size_t i = 0; i < merge_fields_n; i++)
        if (strcmp(merge_fields[i].name, name) == 0)
            return &merge_fields[i];
    return NULL;
}

bool merge_field_fits(const MergeField *field, const char *template_kind)
{
    if (g_str_has_prefix(field->name, "message."))
        return strcmp(template_kind, "reply") == 0;
    if (g_str_has_prefix(field->name, "sign_in."))
        return strcmp(template_kind, "sign_in") == 0;
    if (field->kind == FIELD_LIST || g_str_has_prefix(field->name, "entry."))
        return strcmp(template_kind, "ticket") == 0;
    return strcmp(template_kind, "sign_in") != 0 || g_str_has_prefix(field->name, "account.") ||
           g_str_has_prefix(field->name, "recipient.") || g_str_has_prefix(field->name, "desk.");
}

/* ---- what was meant? ---- */

#define COMPARED_BYTES 64

static size_t smallest(size_t a, size_t b, size_t c)
{
    return MIN(a, MIN(b, c));
}

/* How many bytes must be added, taken away or replaced (Levenshtein). Only the first bytes count.
 */
static size_t distance(const char *a, const char *b)
{
    size_t row[COMPARED_BYTES + 1];
    size_t a_bytes = MIN(strlen(a), COMPARED_BYTES);
    size_t b_bytes = MIN(strlen(b), COMPARED_BYTES);
    for (size_t j = 0; j <= b_bytes; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_bytes];
}

/* "title" is as near to "ticket.title" as can be. */
static size_t distance_to_field(const char *typed, const char *name)
{
    size_t whole = 2 * distance(typed, name);
    size_t last = 2 * distance(typed, strchr(name, '.') + 1) + 1;
    return strchr(typed, '.') != NULL ? whole : MIN(whole, last);
}

const char *merge_field_nearest(const char *typed, const char *template_kind)
{
    g_autofree char *lower = g_utf8_strdown(typed, -1);
    const char *nearest = NULL;
    size_t best = 0;
    for (size_t i = 0; i < merge_fields_n; i++) {
        if (!merge_field_fits(&merge_fields[i], template_kind))
            continue;
        size_t found = distance_to_field(lower, merge_fields[i].name);
        if (nearest == NULL || found < best) {
            nearest = merge_fields[i].name;
            best = found;
        }
    }
    return nearest;
}

static bool check_tag(char kind, const char *name, int line, int column, void *data, GError **error)
{
    const char *template_kind = data;
    if (kind == '>') {
        template_error_set(error, "template-partial", line, column,
                           "{{>%s}} includes another template, which a customer's mail cannot;"
                           " write its text here. It stands",
                           name);
        return false;
    }
    const MergeField *field = merge_field_find(name);
    bool fits = field != NULL && merge_field_fits(field, template_kind);
    if (fits && field->kind == FIELD_LIST && kind != '#' && kind != '^') {
        template_error_set(error, "merge-field-list", line, column,
                           "\"%s\" is a list: write {{#%s}}, what shall stand for each entry, and"
                           " {{/%s}}. It stands",
                           name, name, name);
        return false;
    }
    if (fits)
        return true;
    template_error_set(error, "unknown-merge-field", line, column,
                       "There is no merge field \"%s\"%s; the nearest is \"%s\". It stands", name,
                       field != NULL ? " in a template of this kind" : "",
                       merge_field_nearest(name, template_kind));
    return false;
}

bool merge_fields_check(const Template *tmpl, const char *template_kind, GError **error)
{
    return template_check(tmpl, check_tag, (char *)template_kind, error);
}
