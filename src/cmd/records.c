/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/records.h"

#include "base/json.h"

#include <string.h>

void print_items(const Job *job, const json_t *collection, const Shown *columns, const char *none)
{
    if (job_print_json(job, collection))
        return;
    const json_t *items = json_object_get(collection, "items");
    if (json_array_size(items) == 0) {
        command_print("%s\n", none);
        return;
    }
    print_table(items, columns);
    if (*json_get_text(collection, "next_cursor") != '\0')
        command_print("\nThere are more; --limit N shows more.\n");
}

bool list_records(const Job *job, const char *target, const Shown *columns, const char *none,
                  GError **error)
{
    json_auto_t *collection = job_collect(job, target, error);
    if (collection == NULL)
        return false;
    print_items(job, collection, columns, none);
    return true;
}

static bool print_and_free(const Job *job, json_t *record, PrintRecord print)
{
    if (record == NULL)
        return false;
    print(job, record);
    json_decref(record);
    return true;
}

static json_t *call_one(Job *job, const char *collection, const char *method, const json_t *body,
                        GError **error)
{
    g_autofree char *prefix = g_strconcat(collection, "/", NULL);
    g_autofree char *target = job_target(job, prefix, error);
    return target != NULL ? client_call(job_client(job), method, target, body, error) : NULL;
}

bool show_record(Job *job, const char *collection, PrintRecord print, GError **error)
{
    return print_and_free(job, call_one(job, collection, "GET", NULL, error), print);
}

bool change_record(Job *job, const char *collection, PrintRecord print, GError **error)
{
    return job_has_body(job, error) &&
           print_and_free(job, call_one(job, collection, "PATCH", job_body(job), error), print);
}

bool add_record(Job *job, const char *collection, const char *done, const char *id_field,
                GError **error)
{
    json_auto_t *record = client_call(job_client(job), "POST", collection, job_body(job), error);
    if (record == NULL)
        return false;
    g_autofree char *name = plain_line(json_get_text(record, "name"));
    if (!job_print_json(job, record))
        command_print("%s %" G_GINT64_FORMAT ": %s\n", done, json_get_int(record, id_field), name);
    return true;
}

static char *number_and_name(const Job *job, int64_t number, const char *prefix)
{
    g_autofree char *target = g_strdup_printf("%s%" G_GINT64_FORMAT, prefix, number);
    json_auto_t *record = client_call(job_client(job), "GET", target, NULL, NULL);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", number, json_get_text(record, "name"));
}

void add_name(const Job *job, json_t *object, const char *field, const char *name_field,
              const char *prefix)
{
    int64_t number = json_get_int(object, field);
    if (number == 0)
        return;
    g_autofree char *text = number_and_name(job, number, prefix);
    json_set_text(object, name_field, text);
}

void add_names(const Job *job, json_t *items, const char *field, const char *name_field,
               const char *prefix)
{
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        int64_t number = json_get_int(item, field);
        if (number == 0)
            continue;
        const char *text = g_hash_table_lookup(known, &number);
        if (text == NULL) {
            char *made = number_and_name(job, number, prefix);
            g_hash_table_insert(known, g_memdup2(&number, sizeof number), made);
            text = made;
        }
        json_set_text(item, name_field, text);
    }
}

void print_alerts(const json_t *alerts)
{
    size_t i;
    json_t *alert;
    json_array_foreach(alerts, i, alert)
    {
        g_autofree char *recipient = plain_line(json_get_text(alert, "recipient"));
        g_autofree char *explanation = plain_line(json_get_text(alert, "explanation"));
        command_print("  %s: %s\n", *recipient != '\0' ? recipient : "Customers", explanation);
    }
}

static bool waits(const json_t *alert)
{
    static const char *const waiting[] = {"queued", "deferred", "uncertain", NULL};
    return g_strv_contains(waiting, json_get_text(alert, "state"));
}

void note_nobody_serves(const Job *job)
{
    if (client_nobody_serves(job_client(job)))
        job_note(job, "Nobody serves this desk now: mail leaves when `tidings serve` runs.\n");
}

void note_unserved(const Job *job, const json_t *alerts)
{
    size_t i;
    json_t *alert;
    json_array_foreach(alerts, i, alert)
    {
        if (waits(alert)) {
            note_nobody_serves(job);
            return;
        }
    }
}
