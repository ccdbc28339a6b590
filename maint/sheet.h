/* SPDX-License-Identifier: Apache-2.0
 * sheet.h: what the sections of the status page are made of. Each section is a function in a file
 * of its own and a row of the table in status_html.c. What stands in an element with data-live and
 * an id is kept current by status.js; fields that people type into stand outside of these. */
#ifndef CFC_MAINT_SHEET_H
#define CFC_MAINT_SHEET_H

#include "maint/html.h"
#include "maint/status.h"

/** A page that is being written. */
typedef struct {
    const cfc_status_t *status;
    const cfc_status_page_t *page;
    cfc_html_t *html;
    apr_pool_t *p;
} cfc_sheet_t;

/**
 * Write a section of a cluster; nothing if it has nothing to say.
 * @param id the cluster's on the page, "c0": ids in the section begin with it
 */
typedef void cfc_section_t(const cfc_sheet_t *s, const char *id,
                           const cfc_cluster_view_t *cluster);

/** What needs to be known of a cluster first. status_head.c */
cfc_section_t cfc_section_head;
/** The upgrade that is walked, or was left. status_walk.c */
cfc_section_t cfc_section_walk;
/** Nodes, and orders to them. status_nodes.c */
cfc_section_t cfc_section_nodes;
/** Databases and directories, and their planned outages. status_dependencies.c */
cfc_section_t cfc_section_dependencies;
/** Upgrade gates. status_gates.c */
cfc_section_t cfc_section_gates;
/** Paths that are closed by themselves; stands in that of maintenance. status_parts.c */
cfc_section_t cfc_section_parts;
/** Beginning and ending a maintenance. status_maintenance.c */
cfc_section_t cfc_section_maintenance;
/** Tester links: those there are, and another one. status_testers.c */
cfc_section_t cfc_section_testers;

/** "3 min ago", with the instant behind it. */
void cfc_sheet_ago(const cfc_sheet_t *s, apr_time_t at);

/** Who, when and why, under a state that people set; nothing if nobody did. */
void cfc_sheet_note(const cfc_sheet_t *s, const char *by, const cfc_note_t *note);

void cfc_sheet_hidden(const cfc_sheet_t *s, const char *name, const char *value);

/** A text field; its id is ID-NAME. */
void cfc_sheet_field(const cfc_sheet_t *s, const char *id, const char *name, const char *label,
                     const char *value, const char *hint);

/** The last results of a probe or look as a small graph, the newest on the right: high bars are bad,
 *  of the good ones the height says how long they took. Nothing if there are none. */
void cfc_sheet_history(const cfc_sheet_t *s, const cfc_probe_result_t *newest_first, int count);

#endif
