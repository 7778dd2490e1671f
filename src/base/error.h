/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error domain. Every code has its HTTP status, its exit code and its answer to "is it
 * worth trying again?" in one table (error.c). Foreign errors are converted once, in the adapter
 * that meets them.
 *
 * An error also carries a problem (a stable short name, the last part of problem+json's "type", RFC
 * 9457) and, where one input is to blame, its place in the request as a JSON Pointer (RFC 6901),
 * such as "/recipients/2/email".
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TD_ERROR_INTERNAL,
    TD_ERROR_MALFORMED, /* not what it claims to be: broken JSON, not UTF-8 */
    TD_ERROR_INVALID,   /* readable and refused */
    TD_ERROR_NOT_FOUND,
    TD_ERROR_CONFLICT,
    TD_ERROR_UNAUTHENTICATED,
    TD_ERROR_DENIED,
    TD_ERROR_LIMIT,       /* larger than a stated maximum of the transport */
    TD_ERROR_BUSY,        /* come back soon */
    TD_ERROR_UNAVAILABLE, /* something we depend on is not there */
    TD_ERROR_TIMEOUT,
    TD_ERROR_UNCERTAIN, /* it may or may not have been committed */
    TD_ERROR_CORRUPT,
    TD_ERROR_N_CODES,
} TdErrorCode;

#define TD_ERROR (td_error_quark())
GQuark td_error_quark(void);

/* Sets *error with the code's own problem name and no field. `error` may be NULL. */
void error_set(GError **error, TdErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* As error_set(), with a problem name (a string literal; NULL: the code's own) and a field (copied;
 * may be NULL). */
void error_set_problem(GError **error, TdErrorCode code, const char *problem, const char *field,
                       const char *format, ...) G_GNUC_PRINTF(5, 6);

/* All of these accept an error of any domain; one that is not ours counts as TD_ERROR_INTERNAL. */
TdErrorCode error_code(const GError *error);
const char *error_problem(const GError *error); /* never NULL */
const char *error_field(const GError *error);   /* NULL where no single input is to blame */
int error_http_status(const GError *error);
int error_exit_code(const GError *error);
bool error_try_again(const GError *error);

/* True for an error of our domain with this code. */
bool error_is(const GError *error, TdErrorCode code);

/* Row `code` of the table, for documentation and its check. */
typedef struct {
    const char *problem;
    const char *title; /* problem+json "title": the same for every occurrence */
    int http_status;
    int exit_code;
    bool try_again;
} ErrorInfo;
const ErrorInfo *error_info(TdErrorCode code);
