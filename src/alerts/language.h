/* SPDX-License-Identifier: Apache-2.0 */
/* In which of a template's languages somebody is written to. Pure. */
#pragma once

/* `available`: language tags (BCP 47), the template's own first; `wanted`: the recipient's, the
 * account's, the desk's, in this order, NULL where one is not known, `n_wanted` of them. The first
 * wanted that is there counts: as it stands, else with less of it ("de-AT" is content with "de";
 * RFC 4647 §3.4), else with another ending ("de" is content with "de-AT"). Then English, then the
 * template's own. Never NULL: one of `available`. */
const char *language_choose(const char *const *available, const char *const *wanted, int n_wanted);
