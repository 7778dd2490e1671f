/* SPDX-License-Identifier: Apache-2.0 */
/* The disks, and the clock. */
#include "doctor/private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#define BYTES_FEW    (INT64_C(1) << 30)
#define BYTES_LITTLE (200 * (INT64_C(1) << 20))

/* ---- disk ---- */

static void check_space(Findings *findings, const char *part, const char *path)
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0) {
        finding_add(findings, DOCTOR_FAIL, part, "Look whether the disk is mounted", "%s: %s", path,
                    g_strerror(errno));
        return;
    }
    double size = (double)disk.f_blocks * (double)disk.f_frsize;
    double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize;
    double share = size > 0 ? 100 * free_bytes / size : 100;
    double inodes = disk.f_files > 0 ? 100 * (double)disk.f_favail / (double)disk.f_files : 100;
    if ((disk.f_flag & ST_RDONLY) != 0)
        finding_add(findings, DOCTOR_FAIL, part,
                    "Look at the system's log for errors of the disk; then mount it writable",
                    "%s is read-only", path);
    else if (free_bytes < (double)BYTES_LITTLE || inodes < 1)
        finding_add(findings, DOCTOR_FAIL, part, "Make room now: without it nothing can be written",
                    "%s has %.1f GB free (%.0f %%), %.0f %% of the inodes", path, free_bytes / 1e9,
                    share, inodes);
    else if (free_bytes < (double)BYTES_FEW || share < 5 || inodes < 5)
        finding_add(findings, DOCTOR_WARN, part, "Make room before it is full",
                    "%s has %.1f GB free (%.0f %%), %.0f %% of the inodes", path, free_bytes / 1e9,
                    share, inodes);
    else
        finding_add(findings, DOCTOR_OK, part, NULL, "%s has %.1f GB free (%.0f %%)", path,
                    free_bytes / 1e9, share);
}

void doctor_check_disk(const Doctor *doctor, Findings *findings)
{
    const DoctorSetup *setup = doctor->setup;
    g_autofree char *beside =
        setup->sqlite_file != NULL ? g_path_get_dirname(setup->sqlite_file) : NULL;
    const struct {
        const char *part;
        const char *path;
    } places[] = {{"folder", setup->folder}, {"maildir", setup->maildir}, {"database", beside}};
    dev_t seen[G_N_ELEMENTS(places)] = {0};
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        struct stat info;
        if (places[i].path == NULL || (i > 0 && stat(places[i].path, &info) != 0))
            continue;
        bool known = false;
        if (i == 0 && stat(places[i].path, &info) != 0)
            info.st_dev = 0;
        for (size_t k = 0; k < n; k++)
            known = known || seen[k] == info.st_dev;
        if (!known)
            check_space(findings, places[i].part, places[i].path);
        seen[n++] = info.st_dev;
    }
}

/* ---- clock ---- */

#define YEAR_2026_US (INT64_C(1767225600) * US_PER_SECOND)
#define YEAR_2100_US (INT64_C(4102444800) * US_PER_SECOND)

static void check_time(const Doctor *doctor, Findings *findings)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(doctor->now_us / US_PER_SECOND);
    g_autofree char *text = g_date_time_format(now, "%Y-%m-%d %H:%M:%S UTC");
    bool plausible = doctor->now_us > YEAR_2026_US && doctor->now_us < YEAR_2100_US;
    finding_add(findings, plausible ? DOCTOR_OK : DOCTOR_FAIL, "time",
                plausible ? NULL : "Set the clock, then restart the server", "it is %s", text);
}

static void check_synchronized(Findings *findings)
{
    struct timex state = {.modes = 0};
    int answer = adjtimex(&state);
    if (answer < 0)
        finding_add(findings, DOCTOR_SKIP, "synchronized", NULL,
                    "the kernel does not tell here (a container?)");
    else if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
        finding_add(findings, DOCTOR_WARN, "synchronized",
                    "Switch on systemd-timesyncd or chrony (timedatectl set-ntp true); in a"
                    " container or a virtual machine, on its host",
                    "the kernel says that nobody keeps the clock right");
    else
        finding_add(findings, DOCTOR_OK, "synchronized", NULL,
                    "the kernel says that it is, within %ld ms", (state.maxerror + 999) / 1000);
}

static bool ask_time(DbTx *tx, void *data, GError **error)
{
    bool found;
    return db_query_int(tx, &found, data, error,
                        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
                        "");
}

/* Leases and due times are compared by several processes. */
static void check_database_time(const Doctor *doctor, Findings *findings)
{
    int64_t theirs = 0;
    int64_t before = clock_wall_us(doctor->setup->clock);
    if (!db_read_within(doctor_db(doctor), DOCTOR_STEP_MS, ask_time, &theirs, NULL))
        return; /* the check of the database says why */
    int64_t ours = (before + clock_wall_us(doctor->setup->clock)) / 2;
    double off = (double)(theirs - ours) / US_PER_SECOND;
    double size = off < 0 ? -off : off;
    finding_add(findings,
                size > 30  ? DOCTOR_FAIL
                : size > 2 ? DOCTOR_WARN
                           : DOCTOR_OK,
                "database", size > 2 ? "Keep the clocks of both machines right by NTP" : NULL,
                "the database's clock is %.1f seconds %s", size, off < 0 ? "behind" : "ahead");
}

void doctor_check_clock(const Doctor *doctor, Findings *findings)
{
    check_time(doctor, findings);
    check_synchronized(findings);
    if (doctor->setup->sqlite_file == NULL && !doctor->away)
        check_database_time(doctor, findings);
}
