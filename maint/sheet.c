/* SPDX-License-Identifier: Apache-2.0
 * sheet.c: see sheet.h. Pure. */
#include "maint/sheet.h"

#include "maint/text.h"

void cfc_sheet_ago(const cfc_sheet_t *s, apr_time_t at)
{
    const char *iso = cfc_time_iso(at, s->p);

    cfc_html_add(s->html, "<time datetime=\"%s\" title=\"%s\">%s ago</time>", iso, iso,
                 cfc_time_span(s->status->now - at, s->p));
}

void cfc_sheet_note(const cfc_sheet_t *s, const char *by, const cfc_note_t *note)
{
    if (note->since == 0) {
        return;
    }
    cfc_html_add(s->html, "<span class=\"soft\">%s <bdi>%s</bdi>, ", by, note->who);
    cfc_sheet_ago(s, note->since);
    cfc_html_add(s->html, "</span>");
    if (note->text[0] != '\0') {
        cfc_html_add(s->html, "<span class=\"soft\"><bdi>%s</bdi></span>", note->text);
    }
}

void cfc_sheet_hidden(const cfc_sheet_t *s, const char *name, const char *value)
{
    cfc_html_add(s->html, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", name, value);
}

void cfc_sheet_field(const cfc_sheet_t *s, const char *id, const char *name, const char *label,
                     const char *value, const char *hint)
{
    cfc_html_add(s->html, "<label>%s\n<input name=\"%s\" id=\"%s-%s\" value=\"%s\" "
                 "placeholder=\"%s\" maxlength=\"300\" autocomplete=\"off\"></label>\n",
                 label, name, id, name, value, hint);
}

#define BAR_WIDTH 6
#define GRAPH_HEIGHT 22

/* 1 ms is 4 high, each doubling 1 more: a minute still is lower than a bad one. */
static int height_of(const cfc_probe_result_t *result)
{
    int height = 4;

    if (!result->good) {
        return GRAPH_HEIGHT;
    }
    for (int ms = result->duration_ms; ms > 1 && height < GRAPH_HEIGHT - 6; ms /= 2) {
        height++;
    }
    return height;
}

void cfc_sheet_history(const cfc_sheet_t *s, const cfc_probe_result_t *newest_first, int count)
{
    int good = 0;

    for (int i = 0; i < count; i++) {
        good += newest_first[i].good != 0;
    }
    if (count == 0) {
        return;
    }
    cfc_html_add(s->html, "<svg class=\"history\" role=\"img\" width=\"%d\" height=\"%d\" "
                 "aria-label=\"the last %d: %d good, %d bad\">", CFC_HISTORY_RESULTS * BAR_WIDTH,
                 GRAPH_HEIGHT, count, good, count - good);
    for (int i = 0; i < count; i++) {
        const cfc_probe_result_t *result = &newest_first[i];
        int height = height_of(result);

        cfc_html_add(s->html, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">"
                     "<title>%s: %s, %d ms</title></rect>", result->good ? "bar" : "bar fault",
                     (count - 1 - i) * BAR_WIDTH, GRAPH_HEIGHT - height,
                     BAR_WIDTH - 2, height, cfc_time_iso(result->at, s->p), result->reason,
                     (int)result->duration_ms);
    }
    cfc_html_add(s->html, "</svg>");
}
