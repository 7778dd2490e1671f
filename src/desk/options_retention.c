/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "retention". */
#include "base/error.h"
#include "desk/options-private.h"

#define FOR_EVER 0

/* 0, or so many days as are the least. */
static void merge_days(JsonReader *reader, const struct RetainField *field, json_t *stored)
{
    int64_t days;
    if (!json_read_int(reader, field->name, FOR_EVER, RETAIN_MAX_DAYS, &days))
        return;
    if (days == FOR_EVER || days >= field->min_days) {
        json_set_int(stored, field->name, days);
        return;
    }
    g_autofree char *path = json_reader_path(reader, field->name);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "out-of-range", path,
                      "%s must be 0 (for ever) or at least %" G_GINT64_FORMAT " days", path,
                      field->min_days);
    json_reader_fail(reader, failure);
}

/* What a decision rests on does not outlive it, and a mail's bytes not the mail's row. */
static const struct {
    Retain shorter, longer;
} orders[] = {
    {RETAIN_RAW_MAILS, RETAIN_INBOX},
    {RETAIN_CONTENTS, RETAIN_DECISIONS},
    {RETAIN_ATTEMPTS, RETAIN_DECISIONS},
};

static bool check_order(const RetentionSettings *settings, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        const char *shorter = retain_fields[orders[i].shorter].name;
        const char *longer = retain_fields[orders[i].longer].name;
        int64_t less = settings->days[orders[i].shorter];
        int64_t more = settings->days[orders[i].longer];
        if (more == FOR_EVER || (less != FOR_EVER && less <= more))
            continue;
        g_autofree char *path = g_strconcat("/", shorter, NULL);
        error_set_problem(error, TD_ERROR_INVALID, "retention-order", path,
                          "%s cannot be kept longer than %s, which go after %" G_GINT64_FORMAT
                          " days: set it to at most as many. Nothing was changed.",
                          shorter, longer, more);
        return false;
    }
    return true;
}

bool option_merge_retention(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    for (int i = 0; i < RETAIN_N; i++)
        merge_days(&reader, &retain_fields[i], stored);
    if (!json_reader_end(&reader, error))
        return false;
    RetentionSettings settings;
    retention_settings_read(stored, &settings);
    return check_order(&settings, error);
}

json_t *option_show_retention(const json_t *stored)
{
    RetentionSettings settings;
    retention_settings_read(stored, &settings);
    return retention_settings_json(&settings);
}
