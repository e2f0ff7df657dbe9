// The one script: Airflow's theme, its own pages from inside its frame, printing, and no person in an address.
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

function isSsin(text) {
  const digits = text.replace(/[^0-9]/g, "");
  if (digits.length !== 11) return false;
  const [number, check] = [Number(digits.slice(0, 9)), Number(digits.slice(9))];
  return [number, number + 2e9].some((one) => 97 - (one % 97) === check);
}

// A filter becomes an address, and addresses are logged.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const field of event.target.querySelectorAll("input")) {
    if (!isSsin(field.value)) continue;
    event.preventDefault();
    field.setCustomValidity(event.target.dataset.nossin ?? "");
    field.reportValidity();
    field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  }
});
