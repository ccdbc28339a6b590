/* SPDX-License-Identifier: Apache-2.0
 * status.js: keeps the status page current without losing what one types: fetches the page
 * anew and takes over what is marked data-live, where it differs. The page works without. */
"use strict";

const EVERY_MS = 2000;
const lost = document.getElementById("lost");

function takeOver(fresh) {
  for (const now of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(now.id);
    if (!next || next.outerHTML === now.outerHTML) {
      continue;
    }
    const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
    const adopted = document.importNode(next, true);
    now.replaceWith(adopted);
    if (focused) {
      document.getElementById(focused)?.focus();
    }
  }
  const token = fresh.querySelector("input[name=csrf]");
  for (const field of document.querySelectorAll("input[name=csrf]")) {
    field.value = token ? token.value : field.value;
  }
  document.title = fresh.title;
}

function typing() {
  return [...document.querySelectorAll("input:not([type=hidden])")]
    .some(field => field.value !== field.defaultValue);
}

function say(trouble) {
  lost.textContent = trouble;
  lost.hidden = !trouble;
  document.documentElement.classList.toggle("stale", Boolean(trouble));
}

async function refresh() {
  try {
    const answer = await fetch("?", { headers: { Accept: "text/html" }, cache: "no-store",
                                      signal: AbortSignal.timeout(10000) });
    if (!answer.ok) {
      throw new Error("the server answers " + answer.status);
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.body.dataset.shape === undefined) {
      throw new Error("the answer is another page; perhaps a login has ended");
    }
    if (fresh.body.dataset.shape !== document.body.dataset.shape) {
      if (!typing()) {
        location.replace(location.pathname);
        return;
      }
      say("The configuration has changed: reload this page to see all clusters and nodes.");
    } else {
      takeOver(fresh);
      say("");
    }
  } catch (problem) {
    say("Not current: " + problem.message + ". Trying again.");
  }
}

async function keepCurrent() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(keepCurrent, EVERY_MS);
}

if (location.search.includes("said=")) {
  history.replaceState(null, "", location.pathname);    // told once, not again on reload
}
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setTimeout(keepCurrent, EVERY_MS);
