/* The page of claims: show the claims that a reader asks for, and the one that a link leads to. */
"use strict";

const form = document.querySelector(".claims-filter");
const claims = [...document.querySelectorAll(".claim[id]")];

function matches(claim) {
  const words = form.elements.statement.value.trim().toLowerCase();
  const chosen = ["paper", "part", "verdict"].every(
    (name) => !form.elements[name].value || form.elements[name].value === claim.dataset[name],
  );
  return chosen && claim.dataset.statement.toLowerCase().includes(words);
}

function show() {
  let count = 0;
  for (const claim of claims) {
    const shown = matches(claim);
    count += shown;
    claim.classList.toggle("filtered", !shown);
  }
  for (const group of document.querySelectorAll(".claims tbody, .matrix tbody tr"))
    group.classList.toggle("filtered", !group.querySelector(".claim:not(.filtered)"));
  form.querySelector("output").value = `${count} of ${claims.length} claims`;
}

function reveal() {
  const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!claim || !claims.includes(claim)) return;
  if (claim.classList.contains("filtered")) {
    form.reset();
    show();
  }
  claim.scrollIntoView({ block: "center" });
}

form.hidden = false;
form.addEventListener("input", show);
form.addEventListener("reset", () => setTimeout(show));
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", reveal);
show();
reveal();
