/* SPDX-License-Identifier: Apache-2.0 */
/* A desk as a file: test-keep sqlite|postgresql, the engine that is copied from. */
#include "copies.h"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    keep_engine = test_db_engine(argc, argv);
    keep_add_copies();
    keep_add_files();
    keep_add_targets();
    return g_test_run();
}
