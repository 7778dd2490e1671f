/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/hop.h"

#include "base/base32.h"
#include "base/text.h"

#include <string.h>

#define PURPOSE     "tidings hop mark"
#define KEY_BYTES   2
#define TOKEN_BYTES (KEY_BYTES + SIGNING_MAC_BYTES)
#define LETTERS     BASE32_LETTERS(TOKEN_BYTES)

static void sign(const SigningKey *key, int count, const char *message_id, uint8_t *mac)
{
    g_autofree char *signed_text = g_strdup_printf("%d %s", count, message_id);
    signing_mac(key, PURPOSE, signed_text, strlen(signed_text), mac);
}

char *hop_mark(const SigningKey *key, int count, const char *message_id)
{
    uint8_t token[TOKEN_BYTES];
    char letters[LETTERS + 1];
    count = CLAMP(count, 1, HOP_COUNT_MAX);
    token[0] = (uint8_t)(key->id >> 8 & 0xff);
    token[1] = (uint8_t)(key->id & 0xff);
    sign(key, count, message_id, token + KEY_BYTES);
    base32_encode(token, TOKEN_BYTES, letters);
    return g_strdup_printf("%d.%s", count, letters);
}

static bool is_own(const SigningKeys *keys, int count, const char *letters, const char *message_id)
{
    uint8_t token[TOKEN_BYTES];
    uint8_t mac[SIGNING_MAC_BYTES];
    if (message_id == NULL || strlen(letters) != LETTERS ||
        !base32_decode(letters, token, TOKEN_BYTES))
        return false;
    const SigningKey *key = signing_keys_find(keys, token[0] << 8 | token[1]);
    if (key == NULL)
        return false;
    sign(key, count, message_id, mac);
    return signing_mac_equal(mac, token + KEY_BYTES);
}

Hop hop_read(const SigningKeys *keys, const char *value, const char *message_id)
{
    Hop hop = {0};
    if (value == NULL)
        return hop;
    g_autofree char *text = g_strndup(value, 64);
    g_strstrip(text);
    char *dot = strchr(text, '.');
    if (dot != NULL)
        *dot = '\0';
    /* "+2" is a number, but no count. */
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0')
        return hop;
    int64_t count;
    if (!text_to_int(text, 1, HOP_COUNT_MAX, &count)) {
        hop.count = strspn(text, "0") == digits ? 0 : HOP_COUNT_MAX;
        return hop;
    }
    hop.count = (int)count;
    hop.own = dot != NULL && is_own(keys, hop.count, dot + 1, message_id);
    return hop;
}
