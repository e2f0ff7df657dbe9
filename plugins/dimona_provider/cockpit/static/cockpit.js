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

// The frame may neither navigate what is around it nor open a tab or print; a link in Airflow's own page may.
function follow(href, target) {
  const outer = window.parent.document.createElement("a");
  outer.href = href;
  outer.target = target;
  outer.rel = "noopener";
  outer.hidden = true;
  window.parent.document.body.append(outer);
  outer.click();
  outer.remove();
}

document.addEventListener("click", (event) => {
  const framed = window.parent !== window;
  const link = event.target.closest("a[data-airflow]");
  if (link && framed && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    follow(link.href, "_self");
  }
  if (event.target.closest("[data-print]")) {
    if (framed) follow(window.location.href, "_blank");
    else window.print();
  }
});
