/* SPDX-License-Identifier: Apache-2.0 */
/* Every command's entry point; the table of them is in main.c. */
#pragma once

int command_init(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_ticket(int argc, char **argv);
int command_recipient(int argc, char **argv);
int command_alerts(int argc, char **argv);
int command_suppression(int argc, char **argv);
int command_account(int argc, char **argv);
int command_contact(int argc, char **argv);
int command_employee(int argc, char **argv);
int command_token(int argc, char **argv);
int command_options(int argc, char **argv);
int command_template(int argc, char **argv);
int command_simulate(int argc, char **argv);
int command_import(int argc, char **argv);
int command_ingest(int argc, char **argv);
int command_inbox(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_routes(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_move(int argc, char **argv);
