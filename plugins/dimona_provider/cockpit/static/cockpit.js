// The one script: Airflow's theme, its own pages from inside its frame, and printing.
"use strict";

function theme() {
  try {
    const chosen = window.parent.document.documentElement.classList;
    document.documentElement.dataset.theme = chosen.contains("dark") ? "dark" : "light";
  } catch {
    // Not in a frame of this host: the browser's own preference holds.
  }
}

if (window.parent !== window) {
  theme();
  try {
    new MutationObserver(theme).observe(window.parent.document.documentElement, { attributeFilter: ["class"] });
  } catch {
    // as above
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-airflow]");
  if (link && window.parent !== window && !event.ctrlKey && !event.metaKey) {
    // The frame may not navigate what is around it; a link in Airflow's own page may.
    event.preventDefault();
    const outer = window.parent.document.createElement("a");
    outer.href = link.href;
    outer.hidden = true;
    window.parent.document.body.append(outer);
    outer.click();
    outer.remove();
  }
  if (event.target.closest("[data-print]")) window.print();
});
