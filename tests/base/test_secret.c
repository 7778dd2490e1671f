/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"
#include "base/secret.h"

#include <string.h>

static void test_tokens(void)
{
    char *one = secret_new_token(random_system());
    char *two = secret_new_token(random_system());
    g_assert_cmpuint(strlen(one), ==, 55);
    g_assert_true(g_str_has_prefix(one, "td_"));
    g_assert_cmpstr(one, !=, two);
    secret_free(one);
    secret_free(two);
}

static void test_hash(void)
{
    /* BLAKE2b-256 of "", a published value. */
    g_autofree char *empty = secret_hash("", 0);
    g_assert_cmpstr(empty, ==, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void test_password(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *stored = secret_hash_password("correct horse", &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(stored, "$argon2id$"));
    g_assert_true(secret_check_password(stored, "correct horse"));
    g_assert_false(secret_check_password(stored, "correct horsf"));
    g_assert_false(secret_check_password("", "correct horse"));
}

static void test_random_below(void)
{
    SeededRandom seeded;
    seeded_random_init(&seeded, 7);
    bool seen[6] = {false};
    for (int i = 0; i < 1000; i++) {
        uint64_t value = random_below(&seeded.random, 6);
        g_assert_cmpuint(value, <, 6);
        seen[value] = true;
    }
    for (int i = 0; i < 6; i++)
        g_assert_true(seen[i]);
    g_assert_cmpuint(random_below(&seeded.random, 0), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/secret/tokens", test_tokens);
    g_test_add_func("/base/secret/hash", test_hash);
    g_test_add_func("/base/secret/password", test_password);
    g_test_add_func("/base/random/below", test_random_below);
    return g_test_run();
}
