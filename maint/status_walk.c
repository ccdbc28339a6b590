/* SPDX-License-Identifier: Apache-2.0
 * status_walk.c: see status_walk.h; and the section of it on the page. */
#include "maint/status_walk.h"

#include <apr_strings.h>

#include "maint/json.h"
#include "maint/sheet.h"
#include "maint/text.h"

static const char *sentence(const cfc_walk_view_t *walk, apr_pool_t *p)
{
    const char *step = walk->step[0] != '\0' ? apr_pstrcat(p, ": ", walk->step, NULL) : "";

    if (walk->state == CFC_WALK_WALKED) {
        return apr_pstrcat(p, "An upgrade is under way by ", walk->walker, " since ",
                           cfc_time_iso(walk->since, p), step, NULL);
    }
    return apr_pstrcat(p, "An upgrade was left by ", walk->walker, " at ",
                       cfc_time_iso(walk->left_at, p), walk->silent ? " without a word" : "", step,
                       "; it is to be resumed or aborted", NULL);
}

/* A lease that is over was left, also before due.c has noticed. */
cfc_walk_view_t *cfc_walk_look(const cfc_cluster_t *cl, apr_time_t now, apr_pool_t *p)
{
    cfc_subject_t subject = cfc_kind_walk.subject(cl, 0);
    cfc_walk_view_t *view;
    cfc_kept_t kept;
    bool over;

    if (!cfc_kind_walk.now(&subject, &kept)) {
        return NULL;
    }
    over = kept.state == CFC_WALK_WALKED && !cfc_walk_lives(&kept, now);
    view = apr_pcalloc(p, sizeof(*view));
    view->state = over ? CFC_WALK_LEFT : (cfc_walk_state_t)kept.state;
    view->id = cfc_text_clean(kept.texts[CFC_WALK_ID], p);
    view->walker = cfc_text_clean(kept.texts[CFC_WALK_WALKER], p);
    view->who = cfc_text_clean(kept.plan.note.who, p);
    view->step = cfc_text_clean(kept.plan.note.text, p);
    view->since = kept.plan.note.since;
    view->until = view->state == CFC_WALK_WALKED ? kept.plan.note.until : 0;
    view->left_at = over ? kept.plan.note.until : kept.plan.at;
    view->silent = over || kept.plan.how == CFC_LEFT_SILENT;
    view->text = sentence(view, p);
    return view;
}

json_t *cfc_walk_json(const cfc_walk_view_t *walk, apr_pool_t *p)
{
    return walk == NULL ? json_null()
                        : json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:s}",
                                    "id", walk->id,
                                    "state", cfc_kind_walk.words[walk->state],
                                    "walker", walk->walker,
                                    "who", cfc_json_text(walk->who),
                                    "step", cfc_json_text(walk->step),
                                    "since", cfc_json_instant(walk->since, p),
                                    "until", cfc_json_instant(walk->until, p),
                                    "left_at", cfc_json_instant(walk->left_at, p),
                                    "silent", walk->silent,
                                    "text", walk->text);
}

/* The place for it is always there, since status.js fills places only. */
void cfc_section_walk(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    const cfc_walk_view_t *walk = cluster->walk;

    cfc_html_add(s->html, "<div id=\"%s-walk\" data-live>", id);
    if (walk != NULL) {
        cfc_html_add(s->html, "<div class=\"answer care\" role=\"status\"><p><bdi>%s</bdi> "
                     "<span class=\"soft\">(walk %s)</span></p></div>", walk->text, walk->id);
    }
    cfc_html_add(s->html, "</div>\n");
}
