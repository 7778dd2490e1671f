/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of checks, and running them side by side.
 *
 * A check that waits for another machine is given up when the time is over: what it asks by can be
 * cancelled, or has a limit of its own. So the answer comes, and says what is missing in it.
 */
#include "doctor/doctor.h"

#include "base/error.h"
#include "base/json.h"
#include "base/monitor.h"
#include "connector/mailboxes.h"
#include "doctor/private.h"

#include <string.h>

#define LOOK_MS 100 /* how often it is looked whether the server stops */

static const struct Row {
    const char *name;
    DoctorCheck check;
    bool settings; /* cannot be done without */
} rows[] = {
    {"configuration", doctor_check_configuration, false},
    {"database", doctor_check_database, false},
    {"disk", doctor_check_disk, false},
    {"clock", doctor_check_clock, false},
    {"dns", doctor_check_dns, true},
    {"relay", doctor_check_relay, true},
    {"mailboxes", doctor_check_mailboxes, true},
    {"queue", doctor_check_queue, true},
    {"certificates", doctor_check_certificates, true},
};

char *doctor_check_names(void)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", rows[i].name);
    return g_strdup(names->str);
}

/* ---- what the checks share ---- */

static bool read_settings(DbTx *tx, void *data, GError **error)
{
    Doctor *doctor = data;
    g_clear_pointer(&doctor->settings, settings_free);
    g_clear_pointer(&doctor->mailbox_states, json_decref);
    doctor->settings = settings_load(tx, error);
    if (doctor->settings != NULL)
        doctor->mailbox_states = mailboxes_status(tx, error);
    return doctor->mailbox_states != NULL;
}

static bool load(Doctor *doctor, GError **error)
{
    const DoctorSetup *setup = doctor->setup;
    DeliverySetup delivery = {.db = doctor_db(doctor),
                              .clock = setup->clock,
                              .maildir = setup->maildir,
                              .tokens = setup->tokens};
    MailboxDoor door = {setup->desk, setup->clock};
    if (!db_read_within(delivery.db, DOCTOR_STEP_MS, read_settings, doctor, error) ||
        !delivery_settings_load(&delivery, &doctor->delivery, error))
        return false;
    doctor->mailboxes = mailbox_door_list(&door, error);
    return doctor->mailboxes != NULL;
}

static void doctor_init(Doctor *doctor, const DoctorSetup *setup)
{
    *doctor = (Doctor){.setup = setup, .cancellable = g_cancellable_new()};
    doctor->now_us = clock_wall_us(setup->clock);
    g_autoptr(GError) failure = NULL;
    if (setup->desk != NULL && load(doctor, &failure))
        return;
    doctor->problem = g_strdup(setup->desk != NULL ? failure->message : setup->db_problem);
    doctor->away = setup->desk == NULL || error_try_again(failure);
    g_clear_pointer(&doctor->settings, settings_free);
}

static void doctor_clear(Doctor *doctor)
{
    g_clear_object(&doctor->cancellable);
    g_clear_pointer(&doctor->settings, settings_free);
    g_clear_pointer(&doctor->problem, g_free);
    delivery_settings_clear(&doctor->delivery);
    g_clear_pointer(&doctor->mailboxes, g_ptr_array_unref);
    g_clear_pointer(&doctor->mailbox_states, json_decref);
}

/* ---- side by side ---- */

typedef struct {
    Monitor lock; /* guards `running` */
    int running;
} Round;

typedef struct {
    const Doctor *doctor;
    Round *round;
    const struct Row *row;
    Findings findings;
    GThread *thread;
} Work;

static gpointer run_check(gpointer data)
{
    Work *work = data;
    if (work->row->settings && work->doctor->settings == NULL)
        finding_add(&work->findings, DOCTOR_SKIP, NULL, NULL,
                    "not looked at: the options cannot be read");
    else
        work->row->check(work->doctor, &work->findings);
    monitor_lock(&work->round->lock);
    work->round->running--;
    monitor_signal(&work->round->lock);
    monitor_unlock(&work->round->lock);
    return NULL;
}

static void start(Work *work)
{
    monitor_lock(&work->round->lock);
    work->round->running++;
    monitor_unlock(&work->round->lock);
    work->thread = g_thread_try_new("doctor", run_check, work, NULL);
    if (work->thread == NULL)
        run_check(work);
}

/* Until all are done, or the time is over, or the server stops: then what is under way ends soon.
 */
static void wait_for(Round *round, const Doctor *doctor)
{
    int64_t end_us = g_get_monotonic_time() + DOCTOR_TOTAL_MS * US_PER_MS;
    const gint *stop = doctor->setup->stop;
    monitor_lock(&round->lock);
    while (round->running > 0) {
        int64_t now_us = g_get_monotonic_time();
        if (now_us >= end_us || (stop != NULL && g_atomic_int_get(stop) != 0))
            break;
        monitor_wait_until(&round->lock, MIN(end_us, now_us + LOOK_MS * US_PER_MS));
    }
    monitor_unlock(&round->lock);
    g_cancellable_cancel(doctor->cancellable);
}

/* ---- the answer ---- */

static json_t *summarize(json_t *list, double seconds)
{
    int64_t counts[DOCTOR_FAIL + 1] = {0};
    size_t i;
    json_t *finding;
    json_array_foreach(list, i, finding) for (int level = 0; level <= DOCTOR_FAIL; level++)
    {
        counts[level] +=
            strcmp(json_get_text(finding, "status"), doctor_level_name((DoctorLevel)level)) == 0;
    }
    DoctorLevel worst = counts[DOCTOR_FAIL] > 0   ? DOCTOR_FAIL
                        : counts[DOCTOR_WARN] > 0 ? DOCTOR_WARN
                                                  : DOCTOR_OK;
    json_t *answer = json_object();
    json_set_text(answer, "status", doctor_level_name(worst));
    json_object_set(answer, "checks", list);
    json_set_int(answer, "ok", counts[DOCTOR_OK]);
    json_set_int(answer, "skipped", counts[DOCTOR_SKIP]);
    json_set_int(answer, "warnings", counts[DOCTOR_WARN]);
    json_set_int(answer, "failures", counts[DOCTOR_FAIL]);
    json_object_set_new(answer, "seconds", json_real(seconds));
    return answer;
}

static bool check_name(const char *only, GError **error)
{
    bool known = only == NULL;
    for (size_t i = 0; !known && i < G_N_ELEMENTS(rows); i++)
        known = strcmp(rows[i].name, only) == 0;
    if (!known) {
        g_autofree char *names = doctor_check_names();
        error_set_problem(error, TD_ERROR_INVALID, "unknown-check", "/only",
                          "There is no check of this name; the checks are %s", names);
    }
    return known;
}

json_t *doctor_run(const DoctorSetup *setup, const char *only, GError **error)
{
    if (!check_name(only, error))
        return NULL;
    int64_t start_us = g_get_monotonic_time();
    Doctor doctor;
    Round round = {.running = 0};
    Work works[G_N_ELEMENTS(rows)] = {0};
    monitor_init(&round.lock);
    doctor_init(&doctor, setup);
    doctor.thorough = only != NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        works[i] = (Work){&doctor, &round, &rows[i], {rows[i].name, json_array()}, NULL};
        if (only == NULL || strcmp(rows[i].name, only) == 0)
            start(&works[i]);
    }
    wait_for(&round, &doctor);
    json_auto_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (works[i].thread != NULL)
            g_thread_join(works[i].thread);
        json_array_extend(list, works[i].findings.list);
        json_decref(works[i].findings.list);
    }
    doctor_clear(&doctor);
    monitor_clear(&round.lock);
    return summarize(list, (double)(g_get_monotonic_time() - start_us) / US_PER_SECOND);
}

json_t *doctor_unreadable(const char *why)
{
    json_auto_t *list = json_array();
    Findings findings = {"configuration", list};
    finding_add(&findings, DOCTOR_FAIL, "file",
                "Correct the line or the file's permissions; `man tidings`, FILES, lists what may"
                " stand there. Nothing else can be looked at before",
                "%s", why);
    return summarize(list, 0);
}
