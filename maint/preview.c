/* SPDX-License-Identifier: Apache-2.0
 * preview.c: see preview.h. What is harm is judge.c's to say. */
#include "maint/preview.h"

#include <apr_strings.h>

#include "conf/opt.h"
#include "maint/task.h"
#include "maint/text.h"

bool cfc_preview(const cfc_conf_t *conf, const cfc_order_t *order, apr_time_t now,
                 cfc_preview_t *preview, cfc_result_t *bad, apr_pool_t *p)
{
    cfc_order_t bare = {.cluster = order->cluster, .node = order->node,
                        .dependency = order->dependency, .tester = order->tester,
                        .path = order->path, .action = order->action};
    cfc_task_t task = {.conf = conf, .order = &bare, .now = now, .p = p};
    const cfc_subject_t *subject = &task.change.subject;

    *preview = (cfc_preview_t){NULL};
    if (!cfc_task_read(&task, bad)) {
        bare.until = "1h";      /* some actions need it; which one matters to none */
        if (!cfc_task_read(&task, bad)) {
            bad->text = cfc_text_clean(bad->text, p);
            return false;
        }
    }
    preview->cluster = subject->cl->name;
    preview->node = task.action->takes & CFC_TAKES_NODE ? order->node
                    : subject->node != NULL             ? subject->node->name
                                                        : NULL;
    preview->tester = order->tester;
    preview->dependency = subject->dependency != NULL ? subject->dependency->name : NULL;
    preview->path = subject->part ? apr_pstrdup(p, subject->name) : NULL;
    preview->tunnels_end = cfc_duration_text(subject->cl->tunnel_end_ms, p);
    if (subject->cl->sticky.rehome_ms > 0) {
        preview->rehome = cfc_duration_text(subject->cl->sticky.rehome_ms, p);
    }
    preview->harm = task.action->kept ? cfc_judge_harm(&task) : NULL;
    preview->warning = task.action->kept ? cfc_judge_warning(&task) : NULL;
    return true;
}
