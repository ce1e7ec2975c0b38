"use strict";

// Tells the server the viewer's time zone, unless one was chosen on the settings page.
(() => {
  const known = document.cookie.split("; ").some((each) => each.startsWith("zone="));
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!known && zone && navigator.cookieEnabled) {
    document.cookie = `zone=${zone}; Path=/console; Max-Age=31536000; Secure; SameSite=Lax`;
  }
})();

// A form is sent once: a second click while the first is under way does nothing.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
  }
  event.target.dataset.sent = "yes";
  // One whose sending was stopped can be sent again.
  setTimeout(() => delete event.target.dataset.sent, 10_000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
  }
});

// A page that could not be shown comes by itself once it can be.
const look = async () => {
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (answer && answer.status !== 503) {
    location.reload();
  } else {
    setTimeout(look, 3000);
  }
};
const lookLater = () => {
  if (document.querySelector("[data-away]")) {
    setTimeout(look, 3000);
  }
};
lookLater();
// A part that is fetched anew may say so too.
document.addEventListener("htmx:afterSwap", lookLater);
