/* SPDX-License-Identifier: Apache-2.0
 * assets.h: the files of maint/assets, embedded at build time by tools/embed. */
#ifndef CFC_MAINT_ASSETS_H
#define CFC_MAINT_ASSETS_H

/** The files, NUL-ended. */
extern const char cfc_asset_closed_html[];
extern const char cfc_asset_closed_js[];
extern const char cfc_asset_status_html[];
extern const char cfc_asset_tester_html[];
extern const char cfc_asset_status_css[];
extern const char cfc_asset_status_js[];

#endif
