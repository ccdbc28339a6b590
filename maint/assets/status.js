/* SPDX-License-Identifier: Apache-2.0
 * status.js: keeps the status page current without losing what one types or where the focus is:
 * fetches the page anew and takes over what is marked data-live, where it differs. Shows the page
 * of an order as a dialog. Everything works without. */
"use strict";

const EVERY_MS = 2000;
const lost = document.getElementById("lost");
const dialog = document.getElementById("dialog");

async function load(query) {
  const answer = await fetch(query, { headers: { Accept: "text/html" }, cache: "no-store",
                                      signal: AbortSignal.timeout(10000) });
  if (!answer.ok) {
    throw new Error("the server answers " + answer.status);
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (fresh.body.dataset.shape === undefined) {
    throw new Error("the answer is another page; perhaps a login has ended");
  }
  return fresh;
}

/* Make `now` like `next`, touching only what differs, so that focus and selection stay. */
function morph(now, next) {
  if (now.isEqualNode(next)) {
    return;
  }
  if (now.nodeName !== next.nodeName || now.childNodes.length !== next.childNodes.length) {
    const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
    now.replaceWith(document.importNode(next, true));
    document.getElementById(focused)?.focus();
    return;
  }
  if (now.nodeType === Node.TEXT_NODE) {
    now.data = next.data;
    return;
  }
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && name !== "open") {
      now.removeAttribute(name);
    }
  }
  for (const { name, value } of next.attributes) {
    now.setAttribute(name, value);
  }
  [...now.childNodes].forEach((child, i) => morph(child, next.childNodes[i]));
}

function takeOver(fresh) {
  const lives = [...document.querySelectorAll("[data-live]")];
  for (const now of lives) {
    const next = fresh.getElementById(now.id);
    if (next) {
      morph(now, next);
    }
  }
  const token = fresh.querySelector("input[name=csrf]");
  for (const field of document.querySelectorAll("input[name=csrf]")) {
    field.value = token ? token.value : field.value;
  }
  document.title = fresh.title;
}

function typing() {
  return dialog.open || [...document.querySelectorAll("input:not([type=hidden])")]
    .some(field => field.value !== field.defaultValue);
}

function say(trouble) {
  lost.textContent = trouble;
  lost.hidden = !trouble;
  document.documentElement.classList.toggle("stale", Boolean(trouble));
}

async function refresh() {
  try {
    const fresh = await load("?");
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

/* The button of an order leads to its page; here the same is shown without leaving this one. */
async function ask(event) {
  if (event.submitter?.name !== "ask") {
    return;
  }
  event.preventDefault();
  const query = "?" + new URLSearchParams(new FormData(event.target, event.submitter));
  try {
    const order = (await load(query)).getElementById("order");
    dialog.replaceChildren(document.importNode(order, true));
    dialog.showModal();
  } catch (problem) {
    location.assign(query);
  }
}

function leave(event) {
  if (event.target.id === "order-leave") {
    event.preventDefault();
    dialog.close();
  }
}

if (location.search.includes("said=")) {
  history.replaceState(null, "", location.pathname);    // told once, not again on reload
}
if (document.body.dataset.shape) {                      // or it is the page of one order
  document.addEventListener("submit", ask);
  dialog.addEventListener("click", leave);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  setTimeout(keepCurrent, EVERY_MS);
}
