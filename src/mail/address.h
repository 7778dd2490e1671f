/* SPDX-License-Identifier: Apache-2.0 */
/* Email addresses (RFC 5321 §4.1.2, RFC 6531 for non-ASCII, IDNA for domains). Pure functions. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* One address as a person would type it, "local@domain", without a display name, angle brackets,
 * comments, quoted local parts or address literals. Spaces at both ends are ignored. *address  the
 * form to send to: the local part as written, the domain lower-case and in its ASCII (A-label) form
 *   *key      the form to compare with: as *address with the local part lower-case too (Unicode
 * NFC, case-folded), so that two spellings of one address (letter case, spaces, IDN form) have one
 * key Either may be NULL. Errors: INVALID, problem "bad-address", with `field` and the address
 * named in the message (control characters shown as "?"), saying what is wrong with it; at most
 * LIMIT_ADDRESS_BYTES; local part at most 64 bytes; the domain needs a dot-separated form with
 * valid labels ("localhost" is allowed, for tests and single machines). */
bool address_parse(const char *text, const char *field, char **address, char **key, GError **error);

/* True where a server must offer SMTPUTF8 to take this address: a local part that is not ASCII. */
bool address_needs_smtputf8(const char *address);

/* The part behind the last "@"; borrowed; "" where there is none. */
const char *address_domain(const char *address);
