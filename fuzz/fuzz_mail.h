/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of any text that was read of a mail. */
#pragma once

#include "fuzz.h"

#include "mail/address.h"
#include "mail/inbound.h"

#include <string.h>

static inline void check_text(const char *text)
{
    FUZZ_CHECK(text != NULL && g_utf8_validate(text, -1, NULL));
}

static inline void check_line(const char *text)
{
    if (text == NULL)
        return;
    check_text(text);
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        FUZZ_CHECK(c >= 0x20 && (c < 0x7f || c >= 0xa0) && c != 0x2028 && c != 0x2029);
    }
}

/* A key is one that address_parse() gives, in the form to compare. */
static inline void check_key(const char *key)
{
    if (key == NULL)
        return;
    check_line(key);
    FUZZ_CHECK(strchr(key, '@') != NULL);
    g_autofree char *again = NULL;
    if (address_parse(key, NULL, NULL, &again, NULL))
        FUZZ_CHECK(strcmp(again, key) == 0);
}

/* Reads the input as a mail; NULL where it is refused, which must be in words. */
static inline InboundMail *fuzz_mail(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) raw = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    InboundMail *mail = inbound_read(raw, &error);
    FUZZ_CHECK((mail == NULL) == (error != NULL));
    if (error != NULL)
        check_line(error->message);
    return mail;
}
