/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an OAuth token server answers, from any bytes. What must hold: a token that is taken can
 * stand in a line of SMTP and in a form, and a refusal is printable text of one line.
 *
 * Input: the first byte chooses the HTTP status, the rest is the body.
 */
#include "fuzz.h"

#include "mail/oauth.h"

#include <string.h>

static void check_token(const char *token, size_t max_bytes)
{
    size_t bytes = strlen(token);
    FUZZ_CHECK(bytes > 0 && bytes <= max_bytes);
    for (size_t i = 0; i < bytes; i++)
        FUZZ_CHECK(token[i] > ' ' && token[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 500, 302};
    if (size < 1)
        return 0;
    g_auto(OAuthAnswer) answer = {0};
    g_autoptr(GError) error = NULL;
    int status = statuses[data[0] % G_N_ELEMENTS(statuses)];
    if (oauth_answer_read(status, (const char *)data + 1, size - 1, &answer, &error)) {
        FUZZ_CHECK(status == 200 && error == NULL && !answer.grant_refused);
        check_token(answer.access_token, OAUTH_ACCESS_TOKEN_MAX);
        if (answer.refresh_token != NULL)
            check_token(answer.refresh_token, OAUTH_REFRESH_TOKEN_MAX);
        FUZZ_CHECK(answer.expires_in_s >= 0 && answer.expires_in_s <= 86400);
        return 0;
    }
    FUZZ_CHECK(error != NULL && answer.access_token == NULL && answer.refresh_token == NULL);
    FUZZ_CHECK(g_utf8_validate(error->message, -1, NULL));
    for (const char *p = error->message; *p != '\0'; p++)
        FUZZ_CHECK(!g_ascii_iscntrl(*p));
    return 0;
}
