/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what was asked and answered, so that tests/document/ can compare it with the OpenAPI
 * document: a line of JSON each, in a file of this process, in the folder that the environment
 * variable TIDINGS_EXCHANGES names. Without it, nothing is kept. tests/support/recorder.mjs does
 * the same for the tests that speak HTTP. */
#pragma once

#include "http/http.h"

/* `body` of the request may be NULL. */
void recorder_keep(const char *method, const char *target, const char *request_type,
                   const char *body, size_t bytes, const HttpResponse *response);
