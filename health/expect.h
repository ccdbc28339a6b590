/* SPDX-License-Identifier: Apache-2.0
 * expect.h: judges the HTTP answer of a probe by what is expected of the node. */
#ifndef CFC_HEALTH_EXPECT_H
#define CFC_HEALTH_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "health/evidence.h"
#include "health/probe.h"

/** An answer as it came; redirects are answers like any other. */
typedef struct {
    int code;               /* HTTP status */
    const char *body;       /* not NUL-ended */
    size_t length;          /* bytes of body */
    bool truncated;         /* there was more than we keep */
} cfc_answer_t;

/**
 * Judge an answer: sets verdict, code, reason and weight_pct of ev, and nothing else of it.
 *
 *   CFC_EXPECT_STATUS       a status that is configured (if none is: 2xx, 3xx), body= is
 *                           somewhere in the body, json= is so   good
 *                           anything else                        soft
 *
 *   CFC_EXPECT_CONFLUENCE,  JSON object, whose "state" is
 *   _JIRA, _BITBUCKET         RUNNING, with 200                    good
 *                             RUNNING, with any other code         soft
 *                             STARTING, STOPPING, MAINTENANCE      starting, whatever the code
 *                             FIRST_RUN, ERROR, any other word     refused, whatever the code
 *                           anything else, with
 *                             200                                  refused
 *                             404                                  hard
 *                             any other code                       soft
 *
 * 200 without the JSON is refused: something other than a running application answers there.
 * 404 is hard: Tomcat runs and the application does not (it failed to deploy), so that there is
 * nobody to serve as a last resort; users are better off with our 503 than with its 404.
 *
 * Threads: pure.
 * Source:  the states and codes of Confluence's ApplicationStatusServlet; MAINTENANCE is
 *          Jira's and Bitbucket's, which otherwise use the same words.
 */
void cfc_expect_judge(const cfc_probe_conf_t *conf, const cfc_answer_t *answer,
                      cfc_evidence_t *ev);

#endif
