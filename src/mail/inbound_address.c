/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and Message-IDs in the fields of a stranger's mail. */
#include "mail/inbound-private.h"

#include "mail/address.h"

#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(InternetAddressList, g_object_unref)

/* GMime reads groups in groups by recursion; no mail has so many colons in its addresses. */
#define MAX_COLONS  64
#define GROUP_DEPTH 8

static void address_free(gpointer data)
{
    InboundAddress *address = data;
    g_free(address->email);
    g_free(address->key);
    g_free(address->name);
    g_free(address);
}

GPtrArray *inbound_addresses_new(void)
{
    return g_ptr_array_new_with_free_func(address_free);
}

static bool add_mailbox(InboundMail *mail, GPtrArray *list, InternetAddress *from)
{
    const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(from));
    g_autofree char *email = NULL;
    g_autofree char *key = NULL;
    if (text == NULL || !address_parse(text, NULL, &email, &key, NULL)) {
        inbound_defect(mail, "bad-address");
        return false;
    }
    if (list->len >= INBOUND_ADDRESSES) {
        inbound_defect(mail, "too-many-addresses");
        return false;
    }
    const char *name = internet_address_get_name(from);
    InboundAddress *address = g_new0(InboundAddress, 1);
    address->email = g_steal_pointer(&email);
    address->key = g_steal_pointer(&key);
    g_autofree char *decoded = mime_decode_words(name != NULL ? name : "");
    address->name = g_utf8_substring(decoded, 0, MIN(g_utf8_strlen(decoded, -1), LIMIT_NAME_CHARS));
    g_ptr_array_add(list, address);
    return true;
}

static bool add_list(InboundMail *mail, GPtrArray *list, InternetAddressList *from, int depth)
{
    int n = internet_address_list_length(from);
    bool all = true;
    for (int i = 0; i < n; i++) {
        InternetAddress *address = internet_address_list_get_address(from, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(address))
            all = add_mailbox(mail, list, address) && all;
        else if (INTERNET_ADDRESS_IS_GROUP(address) && depth < GROUP_DEPTH)
            all = add_list(mail, list,
                           internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)),
                           depth + 1) &&
                  all;
    }
    return all;
}

bool inbound_add_addresses(InboundMail *mail, GPtrArray *list, const char *value)
{
    int colons = 0;
    for (const char *p = value; *p != '\0'; p++)
        colons += *p == ':' ? 1 : 0;
    g_autoptr(InternetAddressList) parsed =
        colons <= MAX_COLONS ? internet_address_list_parse(NULL, value) : NULL;
    if (parsed != NULL)
        return add_list(mail, list, parsed, 0);
    if (*value != '\0')
        inbound_defect(mail, "bad-address");
    return *value == '\0';
}

static bool is_message_id(const char *p, size_t n)
{
    if (n == 0 || n > INBOUND_MESSAGE_ID_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strchr(" \t<>", p[i]) != NULL)
            return false;
    return true;
}

char **inbound_message_ids(InboundMail *mail, const char *value)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (const char *p = value, *end; (p = strchr(p, '<')) != NULL; p = end) {
        end = p + 1 + strcspn(p + 1, "<>");
        if (*end == '>' && is_message_id(p + 1, (size_t)(end - p - 1))) {
            g_ptr_array_add(ids, g_strndup(p + 1, (gsize)(end - p - 1)));
            if (ids->len > INBOUND_REFERENCES) { /* the first is the thread's root */
                g_ptr_array_remove_index(ids, 1);
                inbound_defect(mail, "too-many-references");
            }
        }
    }
    if (ids->len == 0 && is_message_id(value, strlen(value)) && strchr(value, '@') != NULL)
        g_ptr_array_add(ids, g_strdup(value));
    g_ptr_array_add(ids, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}
