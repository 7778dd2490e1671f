/* SPDX-License-Identifier: Apache-2.0 */
#include "base/config.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <string.h>

/* GKeyFile wants a group; ours has only one, so the file does not need to say it. */
#define GROUP "desk"

#define LEASE_SECONDS_MIN 2
#define LEASE_SECONDS_MAX 3600

static bool take_lease(const char *text, const char *path, Config *config, GError **error)
{
    gint64 seconds;
    if (text == NULL ||
        !g_ascii_string_to_signed(text, 10, LEASE_SECONDS_MIN, LEASE_SECONDS_MAX, &seconds, NULL)) {
        error_set(error, TD_ERROR_INVALID, "%s: lease_seconds is a number from %d to %d", path,
                  LEASE_SECONDS_MIN, LEASE_SECONDS_MAX);
        return false;
    }
    config->lease_seconds = (int)seconds;
    return true;
}

bool config_read_dns_server(const char *text, char **address, int *port)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    struct in_addr parsed;
    gint64 number = 53;
    if (parts[0] == NULL || inet_pton(AF_INET, parts[0], &parsed) != 1 ||
        (parts[1] != NULL &&
         !g_ascii_string_to_signed(parts[1], 10, 1, G_MAXUINT16, &number, NULL)))
        return false;
    *address = g_strdup(parts[0]);
    *port = (int)number;
    return true;
}

static bool check_dns_server(const Config *config, const char *path, GError **error)
{
    g_autofree char *address = NULL;
    int port;
    if (config->dns_server == NULL || config_read_dns_server(config->dns_server, &address, &port))
        return true;
    error_set(error, TD_ERROR_INVALID,
              "%s: dns_server is an IPv4 address, with or without a port: 192.0.2.53 or"
              " 127.0.0.1:5353",
              path);
    return false;
}

static bool take_log(const char *format, const char *level, const char *addresses, const char *path,
                     Config *config, GError **error)
{
    if (format != NULL && !log_format_from_name(format, &config->log.format)) {
        error_set(error, TD_ERROR_INVALID, "%s: log is auto, text, json or journal", path);
        return false;
    }
    if (level != NULL && !log_level_from_name(level, &config->log.level)) {
        error_set(error, TD_ERROR_INVALID, "%s: log_level is debug, info, warning or error", path);
        return false;
    }
    if (addresses != NULL && strcmp(addresses, "true") != 0 && strcmp(addresses, "false") != 0) {
        error_set(error, TD_ERROR_INVALID, "%s: log_addresses is true or false", path);
        return false;
    }
    config->log.addresses = g_strcmp0(addresses, "true") == 0;
    return true;
}

static bool take_keys(GKeyFile *file, const char *path, Config *config, GError **error)
{
    g_autofree char *lease = NULL;
    g_autofree char *log = NULL;
    g_autofree char *log_level = NULL;
    g_autofree char *log_addresses = NULL;
    const struct {
        const char *key;
        char **slot;
    } keys[] = {{"database", &config->database},    {"listen", &config->listen},
                {"lease_seconds", &lease},          {"log", &log},
                {"log_level", &log_level},          {"log_addresses", &log_addresses},
                {"dns_server", &config->dns_server}};
    g_auto(GStrv) present = g_key_file_get_keys(file, GROUP, NULL, NULL);
    for (char **key = present; key != NULL && *key != NULL; key++) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(keys) && strcmp(keys[i].key, *key) != 0)
            i++;
        if (i == G_N_ELEMENTS(keys)) {
            error_set(
                error, TD_ERROR_INVALID,
                "%s: there is no setting called \"%s\"; known are: database, listen, lease_seconds,"
                " log, log_level, log_addresses, dns_server",
                path, *key);
            return false;
        }
        *keys[i].slot = g_key_file_get_string(file, GROUP, *key, NULL);
    }
    return (lease == NULL || take_lease(lease, path, config, error)) &&
           take_log(log, log_level, log_addresses, path, config, error) &&
           check_dns_server(config, path, error);
}

Config *config_load(const char *path, GError **error)
{
    g_autoptr(Config) config = g_new0(Config, 1);
    config->log = (LogOptions){.format = LOG_AUTO, .level = LOG_INFO};
    g_autofree char *text = NULL;
    g_autoptr(GError) failure = NULL;
    if (!g_file_get_contents(path, &text, NULL, &failure)) {
        if (g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_steal_pointer(&config);
        error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be read: %s", path, failure->message);
        return NULL;
    }
    g_autofree char *grouped = g_strconcat("[" GROUP "]\n", text, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_data(file, grouped, strlen(grouped), G_KEY_FILE_NONE, &failure)) {
        error_set(error, TD_ERROR_INVALID, "%s: %s", path, failure->message);
        return NULL;
    }
    if (!take_keys(file, path, config, error))
        return NULL;
    return g_steal_pointer(&config);
}

void config_free(Config *config)
{
    if (config == NULL)
        return;
    g_free(config->database);
    g_free(config->listen);
    g_free(config->dns_server);
    g_free(config);
}
