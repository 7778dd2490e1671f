/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/breaker.h"

#include <string.h>

void breaker_init(Breaker *breaker)
{
    *breaker = (Breaker){
        .refused = g_ptr_array_new_with_free_func(g_free),
        .domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
}

void breaker_clear(Breaker *breaker)
{
    g_free(breaker->status);
    g_ptr_array_unref(breaker->refused);
    g_hash_table_unref(breaker->domains);
}

void breaker_reset(Breaker *breaker)
{
    g_clear_pointer(&breaker->status, g_free);
    g_ptr_array_set_size(breaker->refused, 0);
    g_hash_table_remove_all(breaker->domains);
    breaker->tripped = false;
}

static char *status_of(const DeliveryOutcome *outcome)
{
    return *outcome->enhanced_status != '\0' ? g_strdup(outcome->enhanced_status)
                                             : g_strdup_printf("%d", outcome->reply_code);
}

static void add(Breaker *breaker, const char *recipient)
{
    const char *at = strrchr(recipient, '@');
    g_hash_table_add(breaker->domains, g_utf8_strdown(at != NULL ? at + 1 : recipient, -1));
    g_ptr_array_add(breaker->refused, g_strdup(recipient));
}

bool breaker_see(Breaker *breaker, const DeliveryOutcome *outcome, const char *recipient,
                 int64_t now_us)
{
    if (breaker->tripped || outcome->kind == DELIVERY_RELAY_DOWN ||
        outcome->kind == DELIVERY_UNCERTAIN)
        return false;
    /* Without a reply it was refused on this side, for what is wrong with this one alone. */
    if (outcome->kind != DELIVERY_REJECTED || outcome->reply_code == 0) {
        breaker_reset(breaker);
        return false;
    }
    g_autofree char *status = status_of(outcome);
    if (g_strcmp0(breaker->status, status) != 0) {
        breaker_reset(breaker);
        breaker->status = g_steal_pointer(&status);
        breaker->began_at = now_us;
    }
    add(breaker, recipient);
    breaker->tripped = breaker->refused->len >= BREAKER_RECIPIENTS &&
                       g_hash_table_size(breaker->domains) >= BREAKER_DOMAINS;
    return breaker->tripped;
}
