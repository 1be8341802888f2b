/* Keyboard and focus: commands on lists of points, focus after a swap, buttons that cannot be pressed twice. */
(() => {
  "use strict";

  /* ---- j k o c on a list marked `data-points`; each point is an element with `data-point` ---- */

  const points = () => [...document.querySelectorAll("[data-points] [data-point]")];
  const at = () => points().indexOf(document.activeElement && document.activeElement.closest("[data-point]"));

  function go(step) {
    const all = points();
    if (!all.length) return;
    const now = at();
    const next = all[now < 0 ? 0 : Math.min(all.length - 1, Math.max(0, now + step))];
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
    next.focus();
  }

  function press(selector) {
    const point = points()[at()];
    const button = point && point.querySelector(selector);
    if (button) { button.focus(); button.click(); }
  }

  document.addEventListener("spoor:key", (event) => {
    if (event.detail === "j") go(1);
    else if (event.detail === "k") go(-1);
    else if (event.detail === "o") press("[data-open]");
    else if (event.detail === "c") press("[data-comment]");
  });

  /* ---- focus goes to the error summary, or to the new heading after a swap ---- */

  const focusIn = (root) => {
    const place = root.matches && root.matches("[data-focus]") ? root : root.querySelector("[data-focus]");
    if (place) place.focus();
  };
  focusIn(document);
  document.addEventListener("htmx:load", (event) => focusIn(event.detail.elt));

  /* ---- a link in the error summary goes into the field itself ---- */

  document.addEventListener("click", (event) => {
    const link = event.target.closest('#errors a[href^="#"]');
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    const inside = field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea");
    if (inside) { event.preventDefault(); inside.focus(); }
  });

  /* ---- a form is sent once; the server holds to that as well ---- */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented || form.closest("[hx-post]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.classList.add("busy");
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll(".busy").forEach((button) => button.classList.remove("busy"));
  }));

  /* ---- print buttons ---- */

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
