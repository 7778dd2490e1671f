/* SPDX-License-Identifier: Apache-2.0 */
/* A sender's share, part by part: as many of its mails as may be in memory at one time, read in one
 * go and composed by what is registered for their kinds (alerts/mail_kind.h). */
#pragma once

#include "alerts/mail_kind.h"
#include "delivery/private.h"

typedef struct {
    Delivery *delivery;
    Job *const *jobs; /* the share; borrowed */
    size_t n;
    size_t from, to;                 /* the part: jobs[from] to jobs[to - 1] */
    const MailKind *kinds[PACE_MAX]; /* of each job; NULL: unknown to this program */
    void *sources[PACE_MAX];         /* of those of the part; NULL: there is no such mail */
} Part;

/* Begins a share of n jobs, with an empty part before its first. */
void part_begin(Part *part, Delivery *delivery, Job *const *jobs, size_t n);

/* Goes on to the next part; false at the end of the share. */
bool part_next(Part *part);

/* Reads what its mails are made from. Errors: those of the database. */
bool part_load(Part *part, GError **error);

/* Makes the mail of one of its jobs: message, envelope sender and recipient. On false *why (free
 * with g_free()) says why there is none. Then free `message` and, with g_free(), `envelope_from`;
 * the recipient is the job's. */
bool part_compose(const Part *part, size_t i, Envelope *envelope, char **why);

/* The ticket whose closing the mail of a job tells of; 0: of something else. */
int64_t part_closing(const Part *part, size_t i);

/* Frees what part_load() read. */
void part_forget(Part *part);
