/* SPDX-License-Identifier: Apache-2.0
 * main.c: runs every suite of suites.h. Check's own variables choose what and how:
 * CK_RUN_SUITE and CK_RUN_CASE, CK_FORK=no for a debugger, CK_VERBOSITY, CK_TAP_LOG_FILE_NAME,
 * CK_DEFAULT_TIMEOUT. */
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>

#include "t/unit/suites.h"

#define SUITE_MAKER(topic) cfc_##topic##_suite,

int main(void)
{
    static Suite *(*const suites[])(void) = {CFC_SUITES(SUITE_MAKER)};
    SRunner *runner = srunner_create(NULL);
    int failed;

    if (apr_initialize() != APR_SUCCESS) {
        fputs("APR cannot be initialized\n", stderr);
        return EXIT_FAILURE;
    }
    /* Check's own 4 s end a test also when the machine stands still for as long. */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    for (int i = 0; i < CFC_ROWS(suites); i++) {
        srunner_add_suite(runner, suites[i]());
    }
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    apr_terminate();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
