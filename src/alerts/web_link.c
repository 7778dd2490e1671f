/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/web_link.h"

#include "base/base32.h"
#include "base/json.h"
#include "mail/signed_address.h"

#include <string.h>

#define KEY_BYTES    2
#define TICKET_BYTES 6
#define TAG_BYTES    5
#define SIGNED_BYTES (KEY_BYTES + TICKET_BYTES + TAG_BYTES)
#define LINK_BYTES   (SIGNED_BYTES + SIGNING_MAC_BYTES)
#define PURPOSE      "tidings web link"
#define NOTE         "web_link"

G_STATIC_ASSERT(WEB_LINK_LETTERS == BASE32_LETTERS(LINK_BYTES));

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

char *web_link_letters(const SigningKey *key, int64_t ticket, const char *recipient_key)
{
    uint8_t link[LINK_BYTES];
    char letters[WEB_LINK_LETTERS + 1];
    put_number(link, KEY_BYTES, (uint64_t)key->id);
    put_number(link + KEY_BYTES, TICKET_BYTES, (uint64_t)ticket);
    put_number(link + KEY_BYTES + TICKET_BYTES, TAG_BYTES, signed_address_tag(key, recipient_key));
    signing_mac(key, PURPOSE, link, SIGNED_BYTES, link + SIGNED_BYTES);
    base32_encode(link, sizeof link, letters);
    return g_strdup(letters);
}

bool web_link_read(const SigningKeys *keys, const char *letters, WebLink *link)
{
    uint8_t bytes[LINK_BYTES];
    uint8_t mac[SIGNING_MAC_BYTES];
    if (strlen(letters) != WEB_LINK_LETTERS || !base32_decode(letters, bytes, sizeof bytes))
        return false;
    const SigningKey *key = signing_keys_find(keys, (int64_t)get_number(bytes, KEY_BYTES));
    if (key == NULL)
        return false;
    signing_mac(key, PURPOSE, bytes, SIGNED_BYTES, mac);
    if (!signing_mac_equal(mac, bytes + SIGNED_BYTES))
        return false;
    *link = (WebLink){.key = key->id,
                      .ticket = (int64_t)get_number(bytes + KEY_BYTES, TICKET_BYTES),
                      .recipient_tag = get_number(bytes + KEY_BYTES + TICKET_BYTES, TAG_BYTES)};
    return true;
}

bool web_link_is_for(const SigningKeys *keys, const WebLink *link, const char *email_key)
{
    const SigningKey *key = signing_keys_find(keys, link->key);
    return key != NULL && signed_address_tag(key, email_key) == link->recipient_tag;
}

void web_link_note(json_t *facts, const Settings *settings)
{
    if (settings->alerts.web_link && web_interface_has_links(&settings->web_interface))
        json_set_text(facts, NOTE, settings->web_interface.public_url);
}

static void set_link(json_t *facts, const char *letters)
{
    const char *url = json_get_text(facts, NOTE);
    json_t *fields = json_object_get(facts, "ticket");
    if (*url == '\0' || fields == NULL)
        return;
    g_autofree char *link = g_strconcat(url, WEB_LINK_PATH, letters, NULL);
    json_set_text(fields, "link", link);
}

void web_link_to_merge_field(json_t *facts, const SigningKey *key, int64_t ticket,
                             const char *recipient_key)
{
    if (key == NULL || *json_get_text(facts, NOTE) == '\0')
        return;
    g_autofree char *letters = web_link_letters(key, ticket, recipient_key);
    set_link(facts, letters);
}

void web_link_example(json_t *facts)
{
    set_link(facts, "example");
}
