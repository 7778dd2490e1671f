/* SPDX-License-Identifier: Apache-2.0 */
/* Signed addresses and hop marks: what is out there must be read for ever, and nothing else. */
#include "mail/hop.h"
#include "mail/signed_address.h"

#include <string.h>

#define ANNA "anna@bluebird.example"

static SigningKeys *make_keys(void)
{
    SigningKey keys[2] = {{.id = 1, .retired_at = 5}, {.id = 2}};
    memset(keys[0].secret, 1, sizeof keys[0].secret);
    memset(keys[1].secret, 2, sizeof keys[1].secret);
    return signing_keys_new(keys, G_N_ELEMENTS(keys));
}

static void test_keys(void)
{
    g_autoptr(SigningKeys) keys = make_keys();
    g_autoptr(SigningKeys) none = signing_keys_new(NULL, 0);
    g_assert_cmpint(signing_keys_current(keys)->id, ==, 2);
    g_assert_cmpint(signing_keys_find(keys, 1)->id, ==, 1);
    g_assert_null(signing_keys_find(keys, 3));
    g_assert_null(signing_keys_current(none));
    uint8_t secret[SIGNING_SECRET_BYTES];
    g_assert_false(signing_secret_read(NULL, secret));
    g_assert_false(signing_secret_read("00", secret));
    g_autofree char *made = signing_secret_new(random_system());
    g_assert_true(signing_secret_read(made, secret));
    made[5] = 'x';
    g_assert_false(signing_secret_read(made, secret));
}

/* What earlier programs signed: never to be changed. */
static void test_golden(void)
{
    g_autoptr(SigningKeys) keys = make_keys();
    g_autofree char *reply =
        signed_address_reply(signing_keys_find(keys, 1), "support@desk.example", "+", 1042, ANNA);
    g_autofree char *bounce =
        signed_address_bounce(signing_keys_find(keys, 1), "support@desk.example", "-", 77);
    g_autofree char *hop = hop_mark(signing_keys_find(keys, 1), 1, "alert.77@desk.tidings");
    g_assert_cmpstr(reply, ==, "support+raaaqaaaaaacbf3gdj54o6ndeudu7lzh5bmt6q@desk.example");
    g_assert_cmpstr(bounce, ==, "support-baaaqaaaaaaae2w6lyfyzogkpanfki@desk.example");
    g_assert_cmpstr(hop, ==, "1.aaaq3cvhvahzgf2pcbxa");
}

static void test_round(void)
{
    static const struct {
        const char *separator, *address;
        int64_t number;
    } cases[] = {
        {"+", "support@desk.example", 1},
        {"-", "a@b.example", (INT64_C(1) << 48) - 1},
        {"", "support@desk.example", 1042},
        {"+", "it.support-team+x.of.house@desk.example", 0},
    };
    g_autoptr(SigningKeys) keys = make_keys();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        SignedAddress read;
        bool fits = signed_address_fits(cases[i].address, SIGNED_REPLY);
        g_autofree char *reply = signed_address_reply(signing_keys_current(keys), cases[i].address,
                                                      cases[i].separator, cases[i].number, ANNA);
        g_assert_true(fits == (reply != NULL));
        if (reply != NULL) {
            g_autofree char *shouted = g_ascii_strup(reply, -1);
            g_assert_true(signed_address_check(keys, shouted, &read));
            g_assert_cmpint(read.kind, ==, SIGNED_REPLY);
            g_assert_cmpint(read.ticket, ==, cases[i].number);
            g_assert_true(signed_address_is_for(keys, &read, ANNA));
            g_assert_false(signed_address_is_for(keys, &read, "bob@bluebird.example"));
            g_assert_true(signed_address_looks_own(cases[i].address, reply));
        }
        g_autofree char *bounce = signed_address_bounce(
            signing_keys_current(keys), cases[i].address, cases[i].separator, cases[i].number);
        g_assert_nonnull(bounce);
        g_assert_cmpint(strcspn(bounce, "@"), <=, 64);
        g_assert_true(signed_address_check(keys, bounce, &read));
        g_assert_cmpint(read.kind, ==, SIGNED_BOUNCE);
        g_assert_cmpint(read.outbox, ==, cases[i].number);
        g_assert_false(signed_address_is_for(keys, &read, ANNA));
        g_assert_true(signed_address_looks_own(cases[i].address, bounce));
    }
}

/* One sign changed anywhere in the token is a forgery. */
static void test_forged(void)
{
    g_autoptr(SigningKeys) keys = make_keys();
    SigningKey other = {.id = 2};
    memset(other.secret, 9, sizeof other.secret);
    SignedAddress read;
    g_autofree char *good =
        signed_address_reply(signing_keys_current(keys), "support@desk.example", "+", 1042, ANNA);
    size_t local = strcspn(good, "@");
    for (size_t i = strlen("support+"); i < local; i++) {
        g_autofree char *forged = g_strdup(good);
        forged[i] = forged[i] == 'a' ? 'b' : 'a';
        g_assert_false(signed_address_check(keys, forged, &read));
    }
    g_autofree char *foreign = signed_address_reply(&other, "support@desk.example", "+", 1, ANNA);
    g_assert_false(signed_address_check(keys, foreign, &read));
    /* A bounce address is no reply address, whatever letter it gets. */
    g_autofree char *bounce =
        signed_address_bounce(signing_keys_current(keys), "support@desk.example", "+", 1);
    strchr(bounce, '+')[1] = 'r';
    g_assert_false(signed_address_check(keys, bounce, &read));
    static const char *const others[] = {
        "", "@", "support@desk.example", "support", "support+r@desk.example", "r@x", ANNA};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_false(signed_address_check(keys, others[i], &read));
        g_assert_false(signed_address_looks_own("support@desk.example", others[i]));
    }
}

static void test_own(void)
{
    g_autoptr(SigningKeys) keys = make_keys();
    g_autofree char *reply =
        signed_address_reply(signing_keys_current(keys), "support@desk.example", "+", 1, ANNA);
    g_assert_true(signed_address_looks_own("support@desk.example", reply));
    g_assert_false(signed_address_looks_own("sup@desk.example", reply));
    g_assert_false(signed_address_looks_own("support@other.example", reply));
    g_assert_false(signed_address_looks_own("support2@desk.example", reply));
}

static void test_hop(void)
{
    g_autoptr(SigningKeys) keys = make_keys();
    g_autofree char *mark = hop_mark(signing_keys_current(keys), 2, "a@b");
    Hop hop = hop_read(keys, mark, "a@b");
    g_assert_true(hop.own);
    g_assert_cmpint(hop.count, ==, 2);
    g_assert_false(hop_read(keys, mark, "other@b").own);
    g_assert_false(hop_read(keys, mark, NULL).own);
    g_autofree char *higher = g_strdup(mark);
    higher[0] = '1';
    g_assert_false(hop_read(keys, higher, "a@b").own);
    static const struct {
        const char *value;
        int count;
    } cases[] = {
        {NULL, 0},      {"", 0},     {"x", 0},
        {"0", 0},       {"-1.x", 0}, {"1", 1},
        {" 7.abc ", 7}, {"+2", 0},   {"99999999999999999999", HOP_COUNT_MAX},
        {"2x.y", 0},    {"3.", 3},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Hop read = hop_read(keys, cases[i].value, "a@b");
        g_assert_cmpint(read.count, ==, cases[i].count);
        g_assert_false(read.own);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mail/signed-address/keys", test_keys);
    g_test_add_func("/mail/signed-address/golden", test_golden);
    g_test_add_func("/mail/signed-address/round", test_round);
    g_test_add_func("/mail/signed-address/forged", test_forged);
    g_test_add_func("/mail/signed-address/own", test_own);
    g_test_add_func("/mail/signed-address/hop", test_hop);
    return g_test_run();
}
