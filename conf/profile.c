/* SPDX-License-Identifier: Apache-2.0
 * profile.c: the profiles, as lines of configuration. Reasons: facts/confluence.md 1 and 2.
 * - /status answers 200 for FIRST_RUN too, so the state in its JSON is what counts;
 * - Confluence's own server.xml has no jvmRoute, so stickiness needs a cookie of ours; a
 *   session route is honoured where a site has set one (after mod_jk);
 * - exports and PDFs are silent for minutes. */
#include "conf/profile.h"

#include <stddef.h>

const cfc_profile_t cfc_profiles[] = {
    {
        "confluence",
        {"known-cves", "ognl", NULL},
        {
            {"CFProbe", "http /status expect=confluence interval=1s timeout=800ms rise=2 fall=2"},
            {"CFSticky", "cookie=CFROUTE session=JSESSIONID"},
            {"CFTimeout", "connect=2s answer=5m"},
            {NULL, NULL},
        },
    },
    {NULL, {NULL}, {{NULL, NULL}}},
};
