// Forms that a passkey fills in. Without scripts they stay hidden, and the
// other ways to sign in are there.

/** Asks the device for an answer to the question a form carries. */
type Ask = (question: string) => Promise<string>;

/** The questions and answers are those of WebAuthn Level 3, as JSON. */
const asks: Record<string, Ask> = {
  async get(question) {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(question));
    return answer(await navigator.credentials.get({ publicKey }));
  },
  async create(question) {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(question));
    return answer(await navigator.credentials.create({ publicKey }));
  },
};

function answer(credential: Credential | null): string {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey');
  return JSON.stringify(credential.toJSON());
}

/** Whether this browser can have passkeys, in the form that is used here. */
export function able(where: typeof globalThis): boolean {
  const keys = where.PublicKeyCredential;
  return keys !== undefined && typeof keys.parseRequestOptionsFromJSON === 'function';
}

/** Shows a form and has its button ask the device first. */
export function enable(form: HTMLFormElement): void {
  const ask = asks[form.dataset.passkey ?? ''];
  const question = form.dataset.question;
  const field = form.elements.namedItem('passkey');
  if (ask === undefined || question === undefined || !(field instanceof HTMLInputElement)) return;
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    if (field.value !== '') return; // the answer is on its way
    event.preventDefault();
    say(form, '');
    ask(question).then(
      (given) => {
        field.value = given;
        form.requestSubmit();
      },
      () => say(form, 'No passkey was used. Please try again, or take another way.'),
    );
  });
}

/** Says what happened, where screen readers hear it. */
function say(form: HTMLFormElement, words: string): void {
  let place = form.querySelector('[role="status"]');
  if (place === null) {
    place = document.createElement('p');
    place.setAttribute('role', 'status');
    form.append(place);
  }
  place.textContent = words;
}
