/* SPDX-License-Identifier: Apache-2.0 */
/* What waits, and for how long. */
#include "doctor/private.h"
#include "outbox/outbox.h"
#include "records/inbox.h"
#include "records/ticket.h"

#define LATE_US     (15 * US_PER_MINUTE)
#define TOO_LATE_US (4 * US_PER_HOUR)

typedef struct {
    int64_t counts[OUTBOX_N_STATES];
    int64_t waiting_since, held, held_since, not_told, unmatched, quarantined;
} Queue;

static bool count(DbTx *tx, void *data, GError **error)
{
    Queue *queue = data;
    return outbox_count(tx, queue->counts, error) &&
           outbox_oldest_waiting(tx, &queue->waiting_since, error) &&
           outbox_held(tx, NULL, &queue->held, &queue->held_since, error) &&
           ticket_count_not_told(tx, &queue->not_told, error) &&
           inbox_count(tx, &queue->unmatched, &queue->quarantined, error);
}

static void check_waiting(const Doctor *doctor, const Queue *queue, Findings *findings)
{
    int64_t n = queue->counts[OUTBOX_QUEUED] + queue->counts[OUTBOX_DEFERRED];
    int64_t age_us = doctor->now_us - queue->waiting_since;
    if (n == 0 || queue->waiting_since == 0) {
        finding_add(findings, DOCTOR_OK, "waiting", NULL, "no mail waits to be sent");
        return;
    }
    g_autofree char *age = finding_age(age_us);
    DoctorLevel level = age_us > TOO_LATE_US ? DOCTOR_FAIL
                        : age_us > LATE_US   ? DOCTOR_WARN
                                             : DOCTOR_OK;
    finding_add(findings, level, "waiting",
                level == DOCTOR_OK ? NULL
                                   : "tidings alerts status, and tidings alerts list --state"
                                     " queued: each says why it waits",
                "%" G_GINT64_FORMAT " mails wait, the oldest for %s", n, age);
}

static void check_held(const Doctor *doctor, const Queue *queue, Findings *findings)
{
    int64_t age_us = doctor->now_us - queue->held_since;
    g_autofree char *age = finding_age(age_us);
    if (queue->held == 0)
        finding_add(findings, DOCTOR_OK, "held", NULL, "no mail is held");
    else
        finding_add(findings, age_us > LATE_US ? DOCTOR_WARN : DOCTOR_OK, "held",
                    age_us > LATE_US ? "tidings alerts list --state held; then tidings alerts"
                                       " release or cancel"
                                     : NULL,
                    "%" G_GINT64_FORMAT " mails are held, the oldest for %s", queue->held, age);
}

static void check_uncertain(const Doctor *doctor, const Queue *queue, Findings *findings)
{
    int64_t n = queue->counts[OUTBOX_UNCERTAIN];
    bool asks = n > 0 && doctor->delivery.ask;
    finding_add(findings, asks ? DOCTOR_WARN : DOCTOR_OK, "uncertain",
                asks ? "tidings alerts list --state uncertain; then tidings alerts retry or cancel"
                     : NULL,
                n == 0 ? "no mail is uncertain"
                : asks ? "%" G_GINT64_FORMAT " mails may have left already and wait for a person"
                       : "%" G_GINT64_FORMAT " mails may have left already and are sent again soon",
                n);
}

static void check_people(const Queue *queue, Findings *findings)
{
    bool told = queue->not_told == 0;
    bool waits = queue->unmatched + queue->quarantined > 0;
    finding_add(findings, told ? DOCTOR_OK : DOCTOR_WARN, "not-told",
                told ? NULL : "tidings ticket list --customers-not-told; call them",
                "%" G_GINT64_FORMAT " closed tickets whose customers were not told",
                queue->not_told);
    finding_add(findings, queue->quarantined > 0 ? DOCTOR_WARN : DOCTOR_OK, "inbox",
                waits ? "tidings inbox list --state unmatched, and --state quarantined" : NULL,
                "%" G_GINT64_FORMAT " mails wait for a person, %" G_GINT64_FORMAT
                " could not be read",
                queue->unmatched, queue->quarantined);
}

void doctor_check_queue(const Doctor *doctor, Findings *findings)
{
    g_autoptr(GError) failure = NULL;
    Queue queue = {0};
    if (!db_read_within(doctor_db(doctor), DOCTOR_STEP_MS, count, &queue, &failure)) {
        finding_add(findings, DOCTOR_FAIL, NULL, "See the check of the database", "%s",
                    failure->message);
        return;
    }
    check_waiting(doctor, &queue, findings);
    check_held(doctor, &queue, findings);
    check_uncertain(doctor, &queue, findings);
    check_people(&queue, findings);
}
