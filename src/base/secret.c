/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include "base/error.h"
#include "base/text.h"

#include <sodium.h>
#include <string.h>

#define TOKEN_LETTERS 52 /* 260 bits */

char *secret_new_token(Random *random)
{
    char *letters = random_base32(random, TOKEN_LETTERS);
    char *token = g_strconcat("td_", letters, NULL);
    secret_free(letters);
    return token;
}

char *secret_hash(const void *data, size_t bytes)
{
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, data, bytes, NULL, 0);
    return text_hex(hash, sizeof hash);
}

char *secret_hash_password(const char *password, GError **error)
{
    char hash[crypto_pwhash_STRBYTES];
    random_system(); /* makes sure that libsodium is ready */
    if (crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "There is not enough memory to hash a password (64 MiB are needed); nothing was "
                  "changed");
        return NULL;
    }
    return g_strdup(hash);
}

bool secret_check_password(const char *stored, const char *password)
{
    random_system();
    return crypto_pwhash_str_verify(stored, password, strlen(password)) == 0;
}

bool secret_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return false;
    size_t bytes = strlen(a);
    return strlen(b) == bytes && sodium_memcmp(a, b, bytes) == 0;
}

void secret_free(char *secret)
{
    if (secret != NULL)
        sodium_memzero(secret, strlen(secret));
    g_free(secret);
}
