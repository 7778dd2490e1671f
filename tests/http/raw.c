/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int raw_try_connect(const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

int raw_connect(const char *url)
{
    int fd = raw_try_connect(url);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

int raw_connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static void wait_for(int fd, short events)
{
    struct pollfd look = {.fd = fd, .events = events};
    g_assert_cmpint(poll(&look, 1, RAW_WAIT_MS), ==, 1);
}

bool raw_try_send(int fd, const void *data, size_t bytes)
{
    for (size_t sent = 0; sent < bytes;) {
        wait_for(fd, POLLOUT);
        ssize_t n = send(fd, (const char *)data + sent, bytes - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return false;
        if (n < 0 && errno != EAGAIN)
            g_assert_cmpint(errno, ==, 0);
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

void raw_send(int fd, const char *text)
{
    g_assert_true(raw_try_send(fd, text, strlen(text)));
}

/* One byte at a time: what follows belongs to the next answer. */
static size_t read_up_to(int fd, char *data, size_t bytes)
{
    size_t have = 0;
    while (have < bytes) {
        wait_for(fd, POLLIN);
        ssize_t n = recv(fd, data + have, bytes - have, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    return have;
}

static char *find_line(const RawAnswer *answer, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(answer->head, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        if (g_ascii_strncasecmp(lines[i], name, strlen(name)) == 0 && lines[i][strlen(name)] == ':')
            return g_strdup(g_strstrip(lines[i] + strlen(name) + 1));
    return NULL;
}

RawAnswer *raw_read(int fd, bool head_only)
{
    RawAnswer *answer = g_new0(RawAnswer, 1);
    GString *head = g_string_new(NULL);
    char c;
    while (!g_str_has_suffix(head->str, "\r\n\r\n") && read_up_to(fd, &c, 1) == 1)
        g_string_append_c(head, c);
    answer->head = g_string_free(head, FALSE);
    if (g_str_has_prefix(answer->head, "HTTP/1.1 "))
        answer->status = atoi(answer->head + 9);
    g_autofree char *length = find_line(answer, "Content-Length");
    answer->bytes = length != NULL && !head_only ? (size_t)atol(length) : 0;
    answer->body = g_malloc0(answer->bytes + 1);
    g_assert_cmpuint(read_up_to(fd, answer->body, answer->bytes), ==, answer->bytes);
    return answer;
}

void raw_answer_free(RawAnswer *answer)
{
    if (answer == NULL)
        return;
    g_free(answer->head);
    g_free(answer->body);
    g_free(answer);
}

bool raw_has_line(const RawAnswer *answer, const char *line)
{
    g_auto(GStrv) lines = g_strsplit(answer->head, "\r\n", -1);
    return g_strv_contains((const char *const *)lines, line);
}

bool raw_is_closed(int fd)
{
    char c;
    wait_for(fd, POLLIN);
    return recv(fd, &c, 1, 0) <= 0;
}

void raw_wait_closed(int fd)
{
    while (!raw_is_closed(fd))
        ;
}

void raw_wait(bool (*check)(void *data), void *data)
{
    gint64 end = g_get_monotonic_time() + RAW_WAIT_MS * 1000;
    while (!check(data)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
}
