"use strict";
(() => {
  const form = document.getElementById("filter");
  const query = document.getElementById("query");
  const hits = document.getElementById("hits");
  const rows = [...document.querySelectorAll("[data-key]")];
  const keys = rows.map((row) => row.dataset.key.toLowerCase());

  // Shows what has all the words; what is folded opens while something is looked for.
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const hit = words.every((word) => keys[i].includes(word));
      row.classList.toggle("off", !hit);
      if (hit) shown += 1;
    });
    for (const fold of document.querySelectorAll("details.fold")) {
      const some = fold.querySelector("[data-key]:not(.off)") !== null;
      if (words.length > 0) fold.open = some;
    }
    hits.textContent = words.length > 0 ? `${shown} of ${rows.length}` : "";
  };

  // A link may lead into something that is folded.
  const reveal = () => {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return;
    }
    if (target === null) return;
    for (let el = target; el !== null; el = el.parentElement) {
      if (el.tagName === "DETAILS") el.open = true;
      el.classList.remove("off");
    }
    target.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", filter);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-filter]");
    if (link === null) return;
    query.value = link.dataset.filter;
    filter();
  });
  addEventListener("hashchange", reveal);
  if (location.hash !== "") reveal();
})();
