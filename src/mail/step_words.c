/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/step_words.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *step, *good, *bad;
} words[] = {
    {"token", "There is an access token to sign in with.",
     "No access token could be fetched: check the token's address, the client and the refresh"
     " token."},
    {"connect", "The mail server can be reached.",
     "The mail server cannot be reached: check host and port, and whether a firewall stands"
     " between."},
    {"banner", "The server is ready to talk.",
     "The server does not want to talk: it may be busy, may not accept this machine, or may expect"
     " security=tls on this port."},
    {"ehlo", "The server has told what it can do.", "The server does not accept our greeting."},
    {"starttls", "The server agrees to encrypt the connection.",
     "The connection cannot be encrypted: use security=tls where the port is meant for it (often"
     " 465), or another port."},
    {"tls", "The connection is encrypted.",
     "The encryption failed: check that the certificate is good and names this host, or set"
     " ca_file."},
    {"auth", "The server accepts the user name and the password.",
     "The server refuses to sign us in: check the user name and the password or token, and"
     " that the account may send by SMTP."},
    {"rset", "The server has begun anew.", "The server did not want to begin anew."},
    {"mail", "The server accepts the sender's address.",
     "The server refuses the sender's address: check from_address, and whether this user may send"
     " with it."},
    {"rcpt", "The server takes mail for this recipient.",
     "The server refuses this recipient: check the address; if it is right, the server does not"
     " pass mail on for us."},
    {"data", "The server is ready for the mail's text.", "The server does not want the mail."},
    {"body", "The mail's text was sent.", "The mail's text could not be sent."},
    {"dot", "The server has accepted the mail.", "The server refuses the mail after reading it."},
    {"maildir", "The mail was written into the Maildir.",
     "The mail could not be written into the Maildir: check the folder and the disk."},
    {"sendmail", "The sendmail command has taken the mail.",
     "The sendmail command did not take the mail."},
    {"outcome", "This is how it ended.", "This is how it ended."},
};

/* 2 for "250 Ok"; 0 where there is no reply code (RFC 5321 §4.2). */
static int first_digit(const char *reply)
{
    bool code = g_ascii_isdigit(reply[0]) && g_ascii_isdigit(reply[1]) &&
                g_ascii_isdigit(reply[2]) && !g_ascii_isalnum(reply[3]);
    return code ? g_ascii_digit_value(reply[0]) : 0;
}

const char *step_words(const char *step, const char *reply, bool failed)
{
    int digit = first_digit(reply);
    bool bad = digit != 0 ? digit >= 4 : failed;
    if (strcmp(step, "auth") == 0 && digit == 3)
        return "The server asks for the user name or the password.";
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i].step, step) == 0)
            return bad ? words[i].bad : words[i].good;
    return bad ? "This step failed." : "This step is done.";
}
