/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One address, from any bytes. What must hold: what is accepted can stand in a command and a header
 * as it is, reads back as itself, and has the key of its own key; what is refused is refused in
 * printable words.
 */
#include "fuzz.h"

#include "base/error.h"
#include "base/limits.h"
#include "mail/address.h"

#include <string.h>

static void check_accepted(const char *address, const char *key)
{
    FUZZ_CHECK(strlen(address) <= LIMIT_ADDRESS_BYTES);
    FUZZ_CHECK(g_utf8_validate(address, -1, NULL) && g_utf8_validate(key, -1, NULL));
    FUZZ_CHECK(strpbrk(address, " \t\r\n<>()[]\",;:\\\x7f") == NULL);
    for (const char *p = address_domain(address); *p != '\0'; p++)
        FUZZ_CHECK(g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '-' || *p == '.');
    g_autofree char *again = NULL;
    g_autofree char *key_again = NULL;
    FUZZ_CHECK(address_parse(address, NULL, &again, &key_again, NULL));
    FUZZ_CHECK(strcmp(again, address) == 0 && strcmp(key_again, key) == 0);
    /* folding may lengthen a local part beyond what an address may have: then there is nothing to
     * compare */
    g_autofree char *key_of_key = NULL;
    if (address_parse(key, NULL, NULL, &key_of_key, NULL))
        FUZZ_CHECK(strcmp(key_of_key, key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(data != NULL ? (const char *)data : "", size);
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    g_autoptr(GError) error = NULL;
    if (address_parse(text, "/email", &address, &key, &error)) {
        check_accepted(address, key);
        return 0;
    }
    FUZZ_CHECK(address == NULL && key == NULL);
    FUZZ_CHECK(error_is(error, TD_ERROR_INVALID));
    FUZZ_CHECK(g_utf8_validate(error->message, -1, NULL));
    for (const char *p = error->message; *p != '\0'; p++)
        FUZZ_CHECK(!g_ascii_iscntrl(*p));
    return 0;
}
