"use strict";

// Shows the forms that are sent with a passkey's answer, and asks the passkey when they are sent.
(() => {
  const passkeys = window.PublicKeyCredential;
  if (!passkeys || !passkeys.parseRequestOptionsFromJSON || !navigator.credentials) {
    return; // the text that stands there says so
  }

  const asked = {
    create: (options) =>
      navigator.credentials.create({ publicKey: passkeys.parseCreationOptionsFromJSON(options) }),
    get: (options) =>
      navigator.credentials.get({ publicKey: passkeys.parseRequestOptionsFromJSON(options) }),
  };

  const complain = (form, text) => {
    let place = form.querySelector(".trouble");
    if (!place) {
      place = document.createElement("p");
      place.className = "trouble";
      place.setAttribute("role", "alert");
      form.prepend(place);
    }
    place.textContent = text;
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    let waiting = false;
    form.addEventListener("submit", async (event) => {
      const answer = form.elements.passkey_answer;
      if (answer.value) {
        return; // it goes to the server now
      }
      event.preventDefault();
      event.stopPropagation(); // it is not sent yet
      if (waiting || !form.reportValidity()) {
        return;
      }
      waiting = true;
      try {
        const credential = await asked[form.dataset.passkey](JSON.parse(form.dataset.options));
        answer.value = JSON.stringify(credential.toJSON());
        form.requestSubmit();
      } catch (error) {
        complain(form, `The browser gave no passkey: ${error.message}`);
      } finally {
        waiting = false;
      }
    });
    form.hidden = false;
    form.nextElementSibling.hidden = true;
  }

  // A page that is shown again, by the back button, asks again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-passkey]")) {
      form.elements.passkey_answer.value = "";
    }
  });
})();
