/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens are of a fixed length, so where one begins is known without a separator, and what
 * stands before it is free: a desk that changes its address still reads what was sent before.
 *
 * In a token: key id, number, tag (reply only), MAC; all big-endian. The MAC is over everything
 * before it; its purpose keeps replies and bounces apart. The tag is keyed as well, or somebody
 * could look for an address of their own with the tag of an employee's.
 */
#include "mail/signed_address.h"

#include "base/base32.h"

#include <string.h>

#define KEY_BYTES       2
#define NUMBER_BYTES    6
#define TAG_BYTES       5
#define REPLY_BYTES     (KEY_BYTES + NUMBER_BYTES + TAG_BYTES + SIGNING_MAC_BYTES)
#define BOUNCE_BYTES    (KEY_BYTES + NUMBER_BYTES + SIGNING_MAC_BYTES)
#define LOCAL_OCTETS    64
#define SEPARATOR_CHARS 1

G_STATIC_ASSERT(SIGNED_REPLY_OCTETS == SEPARATOR_CHARS + 1 + BASE32_LETTERS(REPLY_BYTES));
G_STATIC_ASSERT(SIGNED_BOUNCE_OCTETS == SEPARATOR_CHARS + 1 + BASE32_LETTERS(BOUNCE_BYTES));

static const struct {
    char letter;
    size_t bytes;
    size_t octets;
    const char *purpose;
} kinds[] = {
    [SIGNED_REPLY] = {'r', REPLY_BYTES, SIGNED_REPLY_OCTETS, "tidings reply address"},
    [SIGNED_BOUNCE] = {'b', BOUNCE_BYTES, SIGNED_BOUNCE_OCTETS, "tidings bounce address"},
};

static size_t local_octets(const char *address)
{
    const char *at = strrchr(address, '@');
    return at != NULL ? (size_t)(at - address) : 0;
}

bool signed_address_fits(const char *address, SignedKind kind)
{
    size_t local = local_octets(address);
    return local > 0 && local + kinds[kind].octets <= LOCAL_OCTETS;
}

static void put_number(uint8_t *out, size_t bytes, uint64_t value)
{
    for (size_t i = bytes; i > 0; i--, value >>= 8)
        out[i - 1] = (uint8_t)(value & 0xff);
}

static uint64_t get_number(const uint8_t *in, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | in[i];
    return value;
}

uint64_t signed_address_tag(const SigningKey *key, const char *email_key)
{
    uint8_t mac[SIGNING_MAC_BYTES];
    signing_mac(key, "tidings recipient", email_key, strlen(email_key), mac);
    return get_number(mac, TAG_BYTES);
}

/* `tag` is used in a reply address alone. */
static char *make(const SigningKey *key, SignedKind kind, const char *address,
                  const char *separator, int64_t number, uint64_t tag)
{
    if (!signed_address_fits(address, kind) || number < 0 || number >> (8 * NUMBER_BYTES) != 0)
        return NULL;
    uint8_t token[REPLY_BYTES];
    char letters[BASE32_LETTERS(REPLY_BYTES) + 1];
    size_t at = KEY_BYTES + NUMBER_BYTES;
    put_number(token, KEY_BYTES, (uint64_t)key->id);
    put_number(token + KEY_BYTES, NUMBER_BYTES, (uint64_t)number);
    if (kind == SIGNED_REPLY) {
        put_number(token + at, TAG_BYTES, tag);
        at += TAG_BYTES;
    }
    signing_mac(key, kinds[kind].purpose, token, at, token + at);
    base32_encode(token, kinds[kind].bytes, letters);
    return g_strdup_printf("%.*s%s%c%s%s", (int)local_octets(address), address, separator,
                           kinds[kind].letter, letters, strrchr(address, '@'));
}

char *signed_address_reply(const SigningKey *key, const char *address, const char *separator,
                           int64_t ticket, const char *recipient_key)
{
    return make(key, SIGNED_REPLY, address, separator, ticket,
                signed_address_tag(key, recipient_key));
}

char *signed_address_bounce(const SigningKey *key, const char *address, const char *separator,
                            int64_t outbox)
{
    return make(key, SIGNED_BOUNCE, address, separator, outbox, 0);
}

/* Where the token of this kind would begin, its letter included; NULL where the local part is too
 * short, or has another letter there. */
static const char *token_at(const char *address, SignedKind kind)
{
    size_t local = local_octets(address);
    size_t letters = BASE32_LETTERS(kinds[kind].bytes);
    if (local <= letters)
        return NULL;
    const char *token = address + local - letters - 1;
    return g_ascii_tolower(*token) == kinds[kind].letter ? token : NULL;
}

static bool check(const SigningKeys *keys, const char *address, SignedKind kind, SignedAddress *out)
{
    const char *at = token_at(address, kind);
    uint8_t token[REPLY_BYTES];
    if (at == NULL || !base32_decode(at + 1, token, kinds[kind].bytes))
        return false;
    const SigningKey *key = signing_keys_find(keys, (int64_t)get_number(token, KEY_BYTES));
    if (key == NULL)
        return false;
    uint8_t mac[SIGNING_MAC_BYTES];
    size_t before = kinds[kind].bytes - SIGNING_MAC_BYTES;
    signing_mac(key, kinds[kind].purpose, token, before, mac);
    if (!signing_mac_equal(mac, token + before))
        return false;
    int64_t number = (int64_t)get_number(token + KEY_BYTES, NUMBER_BYTES);
    *out = (SignedAddress){.kind = kind, .key = key->id};
    if (kind == SIGNED_BOUNCE) {
        out->outbox = number;
    } else {
        out->ticket = number;
        out->recipient_tag = get_number(token + KEY_BYTES + NUMBER_BYTES, TAG_BYTES);
    }
    return true;
}

bool signed_address_check(const SigningKeys *keys, const char *address, SignedAddress *out)
{
    return check(keys, address, SIGNED_REPLY, out) || check(keys, address, SIGNED_BOUNCE, out);
}

bool signed_address_is_for(const SigningKeys *keys, const SignedAddress *address,
                           const char *email_key)
{
    const SigningKey *key =
        address->kind == SIGNED_REPLY ? signing_keys_find(keys, address->key) : NULL;
    return key != NULL && signed_address_tag(key, email_key) == address->recipient_tag;
}

static bool looks_own(const char *own_key, const char *email_key, SignedKind kind)
{
    size_t own_local = local_octets(own_key);
    const char *token = token_at(email_key, kind);
    uint8_t ignored[REPLY_BYTES];
    if (token == NULL || own_local == 0 || strncmp(own_key, email_key, own_local) != 0 ||
        strcmp(strrchr(own_key, '@'), strrchr(email_key, '@')) != 0 ||
        !base32_decode(token + 1, ignored, kinds[kind].bytes))
        return false;
    const char *behind = email_key + own_local;
    return behind == token || (behind + 1 == token && (*behind == '+' || *behind == '-'));
}

bool signed_address_looks_own(const char *own_key, const char *email_key)
{
    return looks_own(own_key, email_key, SIGNED_REPLY) ||
           looks_own(own_key, email_key, SIGNED_BOUNCE);
}
