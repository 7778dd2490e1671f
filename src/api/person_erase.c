/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erasing a person (privacy/erase.h). A request works on the job for some seconds; where that is
 * not enough its answer says so, the same request goes on, and so does the housekeeping.
 */
#include "privacy/erase.h"

#include "api/input.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/error.h"

#define WORK_US (10 * US_PER_SECOND)

typedef struct {
    char *email, *email_key;
    bool dry_run, keep_tickets;
    Person *person;
    int64_t id;
    bool done;
} Erase;

static void erase_clear(Erase *erase)
{
    g_free(erase->email);
    g_free(erase->email_key);
    person_free(erase->person);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Erase, erase_clear)

static bool read_body(ApiCall *call, Erase *erase, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "email");
    input_address(&reader, "email", &erase->email, &erase->email_key);
    json_read_bool(&reader, "dry_run", &erase->dry_run);
    json_read_bool(&reader, "keep_tickets", &erase->keep_tickets);
    return json_reader_end(&reader, error);
}

static json_t *texts(const GPtrArray *list)
{
    json_t *array = json_array();
    for (guint i = 0; i < list->len; i++)
        json_array_append_new(array, json_string(list->pdata[i]));
    return array;
}

static json_t *ids(const GArray *list)
{
    json_t *array = json_array();
    for (guint i = 0; i < list->len; i++)
        json_array_append_new(array, json_integer(g_array_index(list, int64_t, i)));
    return array;
}

static json_t *dry_run(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Erase *erase = data;
    g_autoptr(Settings) settings = settings_load(tx, error);
    g_autoptr(Person) person =
        settings != NULL ? person_load(tx, erase->email, erase->email_key, error) : NULL;
    if (person == NULL || !person_check_erasable(person, settings, error))
        return NULL;
    json_t *counts = person_counts(tx, person, error);
    if (counts == NULL)
        return NULL;
    json_t *value = json_object();
    json_set_text(value, "state", "dry_run");
    json_object_set_new(value, "addresses", texts(person->addresses));
    json_object_set_new(value, "names", texts(person->names));
    json_object_set_new(value, "contacts", ids(person->contacts));
    json_object_set_new(value, "counts", counts);
    return value;
}

static bool begin(DeskTx *tx, void *data, GError **error)
{
    Erase *erase = data;
    const Settings *settings = desk_settings(tx, error);
    g_clear_pointer(&erase->person, person_free);
    if (settings == NULL)
        return false;
    erase->person = person_load(tx->db, erase->email, erase->email_key, error);
    return erase->person != NULL && person_check_erasable(erase->person, settings, error) &&
           erasure_begin(tx->db, erase->person, erase->keep_tickets, tx->actor->name, tx->now_us,
                         &erase->id, error);
}

static bool step(DeskTx *tx, void *data, GError **error)
{
    Erase *erase = data;
    tx->made.queued = true; /* what is cancelled may let another go */
    return erasure_step(tx->db, erase->id, tx->now_us, &erase->done, error);
}

static bool show(DbTx *tx, void *data, GError **error)
{
    json_t **value = ((void **)data)[0];
    const Erase *erase = ((void **)data)[1];
    json_t *shown = erasure_show(tx, erase->id, error);
    if (shown == NULL)
        return false;
    json_decref(*value);
    *value = shown;
    return true;
}

static bool work_on(ApiCall *call, Erase *erase, GError **error)
{
    gint64 until = g_get_monotonic_time() + WORK_US;
    while (!erase->done && g_get_monotonic_time() < until &&
           !g_atomic_int_get(&call->api->stopping)) {
        g_autoptr(GError) failure = NULL;
        if (desk_write(call->api->desk, &call->actor, step, erase, &failure))
            continue;
        /* A mail to them is in the relay's hands: later. */
        if (g_strcmp0(error_problem(failure), ERASURE_BEING_SENT) == 0)
            return true;
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    return true;
}

static json_t *run(ApiCall *call, void *data, GError **error)
{
    Erase *erase = data;
    json_t *value = NULL;
    if (!desk_write(call->api->desk, &call->actor, begin, erase, error))
        return NULL;
    /* Who was erased stands nowhere, here neither. */
    call->fingerprint = g_strdup_printf("{\"erasure\":%" G_GINT64_FORMAT "}", erase->id);
    if (!work_on(call, erase, error) ||
        !db_read(desk_db(call->api->desk), show, (void *[]){&value, erase}, error))
        return NULL;
    return value;
}

HttpResponse *people_erase(ApiCall *call, GError **error)
{
    g_auto(Erase) erase = {0};
    if (!read_body(call, &erase, error))
        return NULL;
    if (!erase.dry_run)
        return api_work(call, run, &erase, error);
    call->noted = true; /* nothing is changed */
    return api_read(call, dry_run, &erase, error);
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *id = data;
    return erasure_show(tx, *id, error);
}

HttpResponse *people_erasure(ApiCall *call, GError **error)
{
    int64_t id;
    return api_param_id(call, "id", "unknown-erasure", &id, error)
               ? api_read(call, get_one, &id, error)
               : NULL;
}
