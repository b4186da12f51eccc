// Marks a message as heard when its person plays it: fetching the sound alone says
// nothing of that. Without this script there is a button.

function heard(row: Element, form: HTMLFormElement): void {
  void fetch(form.action, { method: 'POST', redirect: 'manual', keepalive: true }).then(({ type, ok }) => {
    if (!ok && type !== 'opaqueredirect') return; // the button stays
    row.classList.remove('fresh');
    row.querySelector('[data-new]')?.remove();
    form.remove();
    const count = document.querySelector<HTMLElement>('[data-fresh]');
    const left = document.querySelectorAll('form[data-heard]').length;
    if (left === 0) count?.remove();
    else count?.firstElementChild?.replaceChildren(String(left));
  }, () => undefined);
}

for (const row of document.querySelectorAll('.voice')) {
  const form = row.querySelector<HTMLFormElement>('form[data-heard]');
  if (form !== null) row.querySelector('audio')?.addEventListener('playing', () => heard(row, form), { once: true });
}
