/* Tick or untick every box of a list: a link marked `data-tick` names the boxes; without this script it loads the page so. */
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-tick]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const boxes = document.querySelectorAll(`input[type="checkbox"][name="${link.dataset.tick}"]`);
    boxes.forEach((box) => { box.checked = link.dataset.to === "on"; });
    const said = document.getElementById(link.dataset.said);
    if (said) said.textContent = `${document.querySelectorAll(`input[name="${link.dataset.tick}"]:checked`).length} / ${boxes.length}`;
  });
})();
