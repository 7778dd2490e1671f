/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signing.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

struct SigningKeys {
    int users;
    size_t n;
    SigningKey keys[];
};

G_STATIC_ASSERT(SIGNING_SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN &&
                SIGNING_SECRET_BYTES <= crypto_generichash_KEYBYTES_MAX);

char *signing_secret_new(Random *random)
{
    uint8_t secret[SIGNING_SECRET_BYTES];
    random_fill(random, secret, sizeof secret);
    char *text = text_hex(secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return text;
}

bool signing_secret_read(const char *text, uint8_t secret[SIGNING_SECRET_BYTES])
{
    size_t bytes = 0;
    return text != NULL && strlen(text) == 2 * SIGNING_SECRET_BYTES &&
           sodium_hex2bin(secret, SIGNING_SECRET_BYTES, text, strlen(text), NULL, &bytes, NULL) ==
               0 &&
           bytes == SIGNING_SECRET_BYTES;
}

SigningKeys *signing_keys_new(const SigningKey *keys, size_t n)
{
    SigningKeys *made = g_malloc0(sizeof *made + n * sizeof *keys);
    made->users = 1;
    made->n = n;
    if (n > 0)
        memcpy(made->keys, keys, n * sizeof *keys);
    return made;
}

SigningKeys *signing_keys_ref(SigningKeys *keys)
{
    g_atomic_int_inc(&keys->users);
    return keys;
}

void signing_keys_unref(SigningKeys *keys)
{
    if (keys == NULL || !g_atomic_int_dec_and_test(&keys->users))
        return;
    sodium_memzero(keys->keys, keys->n * sizeof *keys->keys);
    g_free(keys);
}

const SigningKey *signing_keys_find(const SigningKeys *keys, int64_t id)
{
    for (size_t i = 0; i < keys->n; i++)
        if (keys->keys[i].id == id)
            return &keys->keys[i];
    return NULL;
}

const SigningKey *signing_keys_current(const SigningKeys *keys)
{
    for (size_t i = keys->n; i > 0; i--)
        if (keys->keys[i - 1].retired_at == 0)
            return &keys->keys[i - 1];
    return NULL;
}

/* libsodium takes output of 16 bytes or more; of a keyed BLAKE2b any part is as good. */
void signing_mac(const SigningKey *key, const char *purpose, const void *data, size_t bytes,
                 uint8_t mac[SIGNING_MAC_BYTES])
{
    uint8_t whole[crypto_generichash_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->secret, sizeof key->secret, sizeof whole);
    crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&state, data, bytes);
    crypto_generichash_final(&state, whole, sizeof whole);
    memcpy(mac, whole, SIGNING_MAC_BYTES);
}

bool signing_mac_equal(const uint8_t a[SIGNING_MAC_BYTES], const uint8_t b[SIGNING_MAC_BYTES])
{
    return sodium_memcmp(a, b, SIGNING_MAC_BYTES) == 0;
}
