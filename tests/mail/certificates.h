/* SPDX-License-Identifier: Apache-2.0 */
/* A private certification authority for one test run, made with the openssl command. */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *folder;
    char *ca_file;               /* trusted by the tests */
    char *other_ca_file;         /* an authority that signed nothing */
    GTlsCertificate *good;       /* for localhost and 127.0.0.1 */
    GTlsCertificate *wrong_name; /* for other.example */
    GTlsCertificate *expired;
    GTlsCertificate *self_signed;
} Certificates;

/* NULL where there is no openssl command. */
Certificates *certificates_make(void);
void certificates_free(Certificates *certificates);
