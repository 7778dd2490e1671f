/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "mail/address.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *in;
    const char *address; /* NULL: refused */
    const char *key;
} Case;

#define A63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

static const Case cases[] = {
    {"plain", "ann@example.com", "ann@example.com", "ann@example.com"},
    {"letter-case", "Ann.Lee@EXAMPLE.Com", "Ann.Lee@example.com", "ann.lee@example.com"},
    {"spaces-around", " \tann@example.com ", "ann@example.com", "ann@example.com"},
    {"plus-and-signs", "o'brien+x=y#1@example.com", "o'brien+x=y#1@example.com",
     "o'brien+x=y#1@example.com"},
    {"localhost", "root@localhost", "root@localhost", "root@localhost"},
    {"subdomain-digits", "a@3m.1and1.co.uk", "a@3m.1and1.co.uk", "a@3m.1and1.co.uk"},
    {"idn", "post@M\u00dcNCHEN.de", "post@xn--mnchen-3ya.de", "post@xn--mnchen-3ya.de"},
    {"idn-decomposed", "post@mu\u0308nchen.de", "post@xn--mnchen-3ya.de", "post@xn--mnchen-3ya.de"},
    {"idn-a-label", "post@XN--mnchen-3ya.DE", "post@xn--mnchen-3ya.de", "post@xn--mnchen-3ya.de"},
    {"idn-japanese", "a@\u65e5\u672c\u8a9e.jp", "a@xn--wgv71a119e.jp", "a@xn--wgv71a119e.jp"},
    {"idn-ideographic-dot", "a@\u65e5\u672c\u8a9e\u3002jp", "a@xn--wgv71a119e.jp",
     "a@xn--wgv71a119e.jp"},
    {"idn-sharp-s", "a@Stra\u00dfe.de", "a@xn--strae-oqa.de", "a@xn--strae-oqa.de"},
    {"idn-sharp-s-alone", "a@fa\u00df.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de"},
    {"idn-sharp-s-capital", "a@STRA\u1e9eE.de", "a@xn--strae-oqa.de", "a@xn--strae-oqa.de"},
    {"idn-sharp-s-beside", "a@fa\u00df.m\u00fcnchen.de", "a@xn--fa-hia.xn--mnchen-3ya.de",
     "a@xn--fa-hia.xn--mnchen-3ya.de"},
    {"idn-sharp-s-a-label", "a@xn--strae-oqa.de", "a@xn--strae-oqa.de", "a@xn--strae-oqa.de"},
    {"idn-ss-is-another", "a@strasse.de", "a@strasse.de", "a@strasse.de"},
    {"idn-final-sigma", "a@\u03b2\u03cc\u03bb\u03bf\u03c2.com", "a@xn--nxasmm1c.com",
     "a@xn--nxasmm1c.com"},
    {"utf8-local", "J\u00dcRGEN@example.com", "J\u00dcRGEN@example.com", "j\u00fcrgen@example.com"},
    {"utf8-local-decomposed", "ju\u0308rgen@example.com", "ju\u0308rgen@example.com",
     "j\u00fcrgen@example.com"},
    {"utf8-local-hindi", "\u0939\u093f\u0928\u094d\u0926\u0940@example.com",
     "\u0939\u093f\u0928\u094d\u0926\u0940@example.com",
     "\u0939\u093f\u0928\u094d\u0926\u0940@example.com"},
    {"local-64", L64 "@example.com", L64 "@example.com", L64 "@example.com"},
    {"label-63", "a@" A63 ".de", "a@" A63 ".de", "a@" A63 ".de"},
    {"hyphens", "a-@b-c--d.de", "a-@b-c--d.de", "a-@b-c--d.de"},

    {"empty", "", NULL, NULL},
    {"spaces-only", "   ", NULL, NULL},
    {"no-at", "example.com", NULL, NULL},
    {"no-local", "@example.com", NULL, NULL},
    {"no-domain", "ann@", NULL, NULL},
    {"two-ats", "a@b@example.com", NULL, NULL},
    {"two-addresses", "a@example.com,b@example.com", NULL, NULL},
    {"display-name", "Ann <ann@example.com>", NULL, NULL},
    {"angle-brackets", "<ann@example.com>", NULL, NULL},
    {"comment", "ann(x)@example.com", NULL, NULL},
    {"quoted", "\"ann\"@example.com", NULL, NULL},
    {"backslash", "an\\n@example.com", NULL, NULL},
    {"space-in-local", "an n@example.com", NULL, NULL},
    {"space-in-domain", "ann@exam ple.com", NULL, NULL},
    {"nbsp-in-local", "an\u00a0n@example.com", NULL, NULL},
    {"zero-width-space", "an\u200bn@example.com", NULL, NULL},
    {"bidi-override", "an\u202en@example.com", NULL, NULL},
    {"hangul-filler", "an\u3164n@example.com", NULL, NULL},
    {"private-use", "an\ue000n@example.com", NULL, NULL},
    {"crlf", "ann@example.com\r\nRCPT TO:<eve@example.com>", NULL, NULL},
    {"lf-at-end", "ann@example.com\n", NULL, NULL},
    {"delete", "an\x7fn@example.com", NULL, NULL},
    {"not-utf8", "an\xffn@example.com", NULL, NULL},
    {"leading-dot", ".ann@example.com", NULL, NULL},
    {"trailing-dot", "ann.@example.com", NULL, NULL},
    {"two-dots", "a..nn@example.com", NULL, NULL},
    {"domain-leading-dot", "ann@.example.com", NULL, NULL},
    {"domain-trailing-dot", "ann@example.com.", NULL, NULL},
    {"domain-two-dots", "ann@example..com", NULL, NULL},
    {"no-dot-in-domain", "ann@example", NULL, NULL},
    {"hyphen-first", "ann@-example.com", NULL, NULL},
    {"hyphen-last", "ann@example-.com", NULL, NULL},
    {"underscore", "ann@exa_mple.com", NULL, NULL},
    {"literal", "ann@[192.0.2.1]", NULL, NULL},
    {"literal-v6", "ann@[IPv6:::1]", NULL, NULL},
    {"ip-address", "ann@192.0.2.1", NULL, NULL},
    {"numeric-top", "ann@example.123", NULL, NULL},
    {"bad-punycode", "ann@xn--\x7f.de", NULL, NULL},
    {"undecodable-punycode", "ann@xn--9999999999.de", NULL, NULL},
    {"zero-width-joiner-in-domain", "ann@a\u200db.de", NULL, NULL},
    {"sharp-s-and-space", "ann@stra\u00dfe x.de", NULL, NULL},
    {"sharp-s-bracket", "ann@stra\u00dfe>.de", NULL, NULL},
    {"local-65", L64 "m@example.com", NULL, NULL},
    {"label-64", "a@" A63 "x.de", NULL, NULL},
    {"too-long", "a@" A63 "." A63 "." A63 "." A63 ".example", NULL, NULL},
};

static void test_case(gconstpointer data)
{
    const Case *c = data;
    char *address = (char *)"untouched";
    char *key = (char *)"untouched";
    g_autoptr(GError) error = NULL;
    bool well = address_parse(c->in, "/recipients/2/email", &address, &key, &error);
    if (c->address == NULL) {
        g_assert_false(well);
        g_assert_true(error_is(error, TD_ERROR_INVALID));
        g_assert_cmpstr(error_problem(error), ==, "bad-address");
        g_assert_cmpstr(error_field(error), ==, "/recipients/2/email");
        g_assert_cmpstr(address, ==, "untouched");
        g_assert_cmpstr(key, ==, "untouched");
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        for (const char *p = error->message; *p != '\0'; p++)
            g_assert_false(g_ascii_iscntrl(*p));
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpstr(address, ==, c->address);
    g_assert_cmpstr(key, ==, c->key);
    /* what comes out goes in again unchanged */
    g_autofree char *again = NULL;
    g_assert_true(address_parse(address, NULL, &again, NULL, NULL));
    g_assert_cmpstr(again, ==, address);
    g_free(address);
    g_free(key);
}

static void test_pieces(void)
{
    g_assert_true(address_needs_smtputf8("j\u00fcrgen@example.com"));
    g_assert_false(address_needs_smtputf8("ann@example.com"));
    g_assert_false(address_needs_smtputf8("ann@m\u00fcnchen.de"));
    g_assert_cmpstr(address_domain("a@b@c.de"), ==, "c.de");
    g_assert_cmpstr(address_domain("nobody"), ==, "");
    g_assert_true(address_parse("a@b.de", NULL, NULL, NULL, NULL));
    g_assert_false(address_parse("a", NULL, NULL, NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/mail/address/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/mail/address/pieces", test_pieces);
    return g_test_run();
}
