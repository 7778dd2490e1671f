/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that mail comes back to, from anybody. What must hold: what the desk signs it knows
 * again, in any letter case, and only with its own key; one letter changed and it is nobody's; and
 * whatever is taken for signed is what signing gives.
 *
 * Input, four lines: an address that came; an address of the desk; a recipient; the number that is
 * signed, then "+", "-" or nothing.
 */
#include "fuzz_signed.h"

#include "mail/address.h"
#include "mail/signed_address.h"

#define LOCAL_MAX 64

/* What checks, the same key makes of the same number. */
static void check_came(const SigningKeys *keys, const char *address)
{
    SignedAddress read;
    if (!signed_address_check(keys, address, &read))
        return;
    const SigningKey *key = signing_keys_find(keys, read.key);
    FUZZ_CHECK(key != NULL && read.ticket >= 0 && read.outbox >= 0);
    if (read.kind != SIGNED_BOUNCE)
        return;
    g_autofree char *made = signed_address_bounce(key, "a@b.example", "", read.outbox);
    const char *letters = made + 1;
    size_t n = (size_t)(strchr(letters, '@') - letters);
    const char *at = strrchr(address, '@');
    FUZZ_CHECK((size_t)(at - address) >= n && g_ascii_strncasecmp(at - n, letters, n) == 0);
}

/* Any other letter anywhere in what is signed, and it is not signed. */
static void check_tampered(const SigningKeys *keys, const char *made, size_t octets)
{
    SignedAddress ignored;
    g_autofree char *changed = g_strdup(made);
    size_t local = (size_t)(strrchr(made, '@') - made);
    for (size_t i = local - octets + 1; i < local; i++) {
        changed[i] = made[i] == 'a' ? 'b' : 'a';
        FUZZ_CHECK(!signed_address_check(keys, changed, &ignored));
        changed[i] = made[i];
    }
}

static void check_made(const SigningKeys *keys, const char *made, const char *own, SignedKind kind,
                       int64_t number, const char *recipient)
{
    SignedAddress read = {0};
    g_autofree char *upper = g_ascii_strup(made, -1);
    FUZZ_CHECK(strrchr(made, '@') - made <= LOCAL_MAX);
    FUZZ_CHECK(signed_address_check(keys, upper, &read));
    FUZZ_CHECK(signed_address_check(keys, made, &read) && read.kind == kind && read.key == 258);
    FUZZ_CHECK((kind == SIGNED_REPLY ? read.ticket : read.outbox) == number);
    FUZZ_CHECK(signed_address_is_for(keys, &read, recipient) == (kind == SIGNED_REPLY));
    FUZZ_CHECK(signed_address_looks_own(own, made));
    g_autoptr(SigningKeys) none = signing_keys_new(NULL, 0);
    FUZZ_CHECK(!signed_address_check(none, made, &read));
}

static void check_making(const SigningKeys *keys, const char *own, const char *recipient,
                         const char *last)
{
    char *separator;
    const SigningKey *key = signing_keys_current(keys);
    int64_t number = (int64_t)(g_ascii_strtoull(last, &separator, 10) >> 16);
    const char *between = *separator == '+' ? "+" : *separator == '-' ? "-" : "";
    g_autofree char *reply = signed_address_reply(key, own, between, number, recipient);
    g_autofree char *bounce = signed_address_bounce(key, own, between, number);
    FUZZ_CHECK((reply != NULL) == signed_address_fits(own, SIGNED_REPLY));
    FUZZ_CHECK((bounce != NULL) == signed_address_fits(own, SIGNED_BOUNCE));
    if (reply != NULL) {
        check_made(keys, reply, own, SIGNED_REPLY, number, recipient);
        check_tampered(keys, reply, SIGNED_REPLY_OCTETS - 1);
    }
    if (bounce != NULL) {
        check_made(keys, bounce, own, SIGNED_BOUNCE, number, recipient);
        check_tampered(keys, bounce, SIGNED_BOUNCE_OCTETS - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(SigningKeys) keys = fuzz_keys();
    g_auto(GStrv) lines = fuzz_lines(data, size, 4);
    g_autofree char *own = NULL;
    check_came(keys, lines[0]);
    signed_address_looks_own(lines[1], lines[0]);
    if (address_parse(lines[1], NULL, NULL, &own, NULL)) {
        signed_address_looks_own(own, lines[0]);
        check_making(keys, own, lines[2], lines[3]);
    }
    return 0;
}
