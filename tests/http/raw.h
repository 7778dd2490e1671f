/* SPDX-License-Identifier: Apache-2.0 */
/* A client that knows only bytes: what a test wants to send, also when it is wrong. Every wait ends
 * after RAW_WAIT_MS and fails the test. */
#pragma once

#include "http/http.h"

#define RAW_WAIT_MS 20000

/* The port of "http://127.0.0.1:PORT". */
int raw_connect(const char *url);
int raw_try_connect(const char *url); /* -1: refused */
int raw_connect_unix(const char *path);

/* False: the other side closed. */
bool raw_try_send(int fd, const void *data, size_t bytes);
void raw_send(int fd, const char *text);

typedef struct {
    int status; /* 0: the connection was closed before an answer */
    char *head;
    char *body;
    size_t bytes;
} RawAnswer;

/* Reads one answer; `head_only` for the answer to a HEAD. */
RawAnswer *raw_read(int fd, bool head_only);
void raw_answer_free(RawAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RawAnswer, raw_answer_free)

/* Whether a line of the head says exactly this. */
bool raw_has_line(const RawAnswer *answer, const char *line);

/* True when the other side closes (or resets), false when it sends more. */
bool raw_is_closed(int fd);

/* Reads on until the other side closes. */
void raw_wait_closed(int fd);

/* Waits until `check` is true. */
void raw_wait(bool (*check)(void *data), void *data);
