// The pages work without any of this.
"use strict";

// "Try it as …" fills the form.
for (const button of document.querySelectorAll("button.fill")) {
  button.addEventListener("click", () => {
    document.querySelector("input[name=name]").value = button.dataset.name;
    document.querySelector("input[name=password]").value = button.dataset.password;
    document.querySelector("form.stack button").focus();
  });
}

// Times that run out say how long is left.
const spans = document.querySelectorAll("[data-until]");
function tick() {
  for (const span of spans) {
    const left = Math.max(0, Math.round((new Date(span.dataset.until) - Date.now()) / 1000));
    const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    span.textContent = left === 0 ? "now" : hours ? `in ${hours} h ${minutes} min` : `in ${minutes} min ${seconds} s`;
  }
}
if (spans.length) {
  tick();
  setInterval(tick, 1000);
}
