/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks share. */
#pragma once

#include "delivery/settings.h"
#include "doctor/doctor.h"
#include "doctor/finding.h"
#include "records/settings.h"

/* Read once, before the checks begin; the checks only read it. */
typedef struct {
    const DoctorSetup *setup;
    GCancellable *cancellable; /* cancelled when the time is over */
    Settings *settings;        /* NULL: they cannot be read; */
    char *problem;             /* then: why */
    bool away;                 /* and nobody has to ask the database again */
    DeliverySettings delivery; /* with `settings` */
    GPtrArray *mailboxes;      /* of PollerMailbox *; with `settings` */
    json_t *mailbox_states;    /* mailboxes_status(); with `settings` */
    int64_t now_us;
    bool thorough; /* one check was asked for alone: it may take longer */
} Doctor;

static inline Db *doctor_db(const Doctor *doctor)
{
    return doctor->setup->desk != NULL ? desk_db(doctor->setup->desk) : NULL;
}

typedef void (*DoctorCheck)(const Doctor *doctor, Findings *findings);

void doctor_check_configuration(const Doctor *doctor, Findings *findings);
void doctor_check_database(const Doctor *doctor, Findings *findings);
void doctor_check_disk(const Doctor *doctor, Findings *findings);
void doctor_check_clock(const Doctor *doctor, Findings *findings);
/* These have `settings`: */
void doctor_check_dns(const Doctor *doctor, Findings *findings);
void doctor_check_relay(const Doctor *doctor, Findings *findings);
void doctor_check_mailboxes(const Doctor *doctor, Findings *findings);
void doctor_check_queue(const Doctor *doctor, Findings *findings);
void doctor_check_certificates(const Doctor *doctor, Findings *findings);
