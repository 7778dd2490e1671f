/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/mail/certificates.h"

#include <glib/gstdio.h>

/* Makes everything in the present folder; each leaf as one file of key and certificate. */
static const char script[] =
    "set -e\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "authority() { key $1; openssl req -x509 -new -key $1.key -subj /CN=$1 -days 30 -out $1.pem; "
    "}\n"
    "authority ca; authority other\n"
    "leaf() { key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr\n"
    "  printf \"subjectAltName=$2\\n\" > $1.ext; shift 2\n"
    "}\n"
    "sign() { openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $1.ext"
    " -days 30 -out $1.crt; cat $1.key $1.crt > $1.both; }\n"
    "leaf good DNS:localhost,IP:127.0.0.1; sign good\n"
    "leaf wrong DNS:other.example; sign wrong\n"
    "leaf expired DNS:localhost,IP:127.0.0.1\n"
    "mkdir db; : > db/index; echo 01 > db/serial\n"
    "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=db/index\\nserial=db/serial\\nnew_certs_dir=db\\n"
    "default_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' > ca.cnf\n"
    "openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in expired.csr -extfile "
    "expired.ext"
    " -startdate 20200101000000Z -enddate 20210101000000Z -notext -out expired.crt\n"
    "cat expired.key expired.crt > expired.both\n"
    "key self; openssl req -x509 -new -key self.key -subj /CN=localhost -addext"
    " subjectAltName=DNS:localhost,IP:127.0.0.1 -days 30 -out self.crt\n"
    "cat self.key self.crt > self.both\n";

static GTlsCertificate *load(const Certificates *certificates, const char *name)
{
    g_autofree char *path = g_build_filename(certificates->folder, name, NULL);
    g_autoptr(GError) error = NULL;
    GTlsCertificate *certificate = g_tls_certificate_new_from_file(path, &error);
    g_assert_no_error(error);
    return certificate;
}

Certificates *certificates_make(void)
{
    g_autofree char *openssl = g_find_program_in_path("openssl");
    if (openssl == NULL)
        return NULL;
    Certificates *made = g_new0(Certificates, 1);
    made->folder = g_dir_make_tmp("tidings-tls-XXXXXX", NULL);
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    g_autofree char *errors = NULL;
    int status;
    g_assert_true(g_spawn_sync(made->folder, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                               NULL, NULL, &errors, &status, NULL));
    if (status != 0)
        g_error("making the certificates failed: %s", errors);
    made->ca_file = g_build_filename(made->folder, "ca.pem", NULL);
    made->other_ca_file = g_build_filename(made->folder, "other.pem", NULL);
    made->good = load(made, "good.both");
    made->wrong_name = load(made, "wrong.both");
    made->expired = load(made, "expired.both");
    made->self_signed = load(made, "self.both");
    return made;
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_folder(child);
        else
            g_unlink(child);
    }
    g_rmdir(path);
}

void certificates_free(Certificates *certificates)
{
    remove_folder(certificates->folder);
    g_object_unref(certificates->good);
    g_object_unref(certificates->wrong_name);
    g_object_unref(certificates->expired);
    g_object_unref(certificates->self_signed);
    g_free(certificates->folder);
    g_free(certificates->ca_file);
    g_free(certificates->other_ca_file);
    g_free(certificates);
}
