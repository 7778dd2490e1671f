/* SPDX-License-Identifier: Apache-2.0 */
#include "records/retention.h"

#include "base/json.h"
#include "records/option.h"

/* Mails are asked for again for 30 days (the same mail twice, INBOX_SAME_US); an inbox row stands
 * for its mail somewhat longer. A quarter of a year is what a complaint about a mail may take. */
const struct RetainField retain_fields[RETAIN_N] = {
    [RETAIN_RAW_MAILS] = {"raw_mails", 30},
    [RETAIN_INBOX] = {"inbox", 60},
    [RETAIN_CONTENTS] = {"contents", 30},
    [RETAIN_ATTEMPTS] = {"attempts", 30},
    [RETAIN_SERVICE_MAILS] = {"service_mails", 30},
    [RETAIN_DECISIONS] = {"decisions", 90},
    [RETAIN_AUDIT] = {"audit", 90},
};

void retention_settings_read(const json_t *stored, RetentionSettings *settings)
{
    for (int i = 0; i < RETAIN_N; i++)
        settings->days[i] = json_get_int(stored, retain_fields[i].name);
}

json_t *retention_settings_json(const RetentionSettings *settings)
{
    json_t *value = json_object();
    for (int i = 0; i < RETAIN_N; i++)
        json_set_int(value, retain_fields[i].name, settings->days[i]);
    return value;
}

bool retention_settings_load(DbTx *tx, RetentionSettings *settings, GError **error)
{
    int64_t version;
    json_auto_t *stored = option_load(tx, OPTIONS_RETENTION, &version, error);
    if (stored == NULL)
        return false;
    retention_settings_read(stored, settings);
    return true;
}
