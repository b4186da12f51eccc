// The device's own contacts, where a browser can show them: the person ticks
// whom to hand over, and nothing else is seen. They go the way of a file.

interface Picked { name?: string[]; tel?: string[]; email?: string[] }
interface ContactsManager { select(properties: string[], options: { multiple: boolean }): Promise<Picked[]> }

const manager = (navigator as { contacts?: ContactsManager }).contacts;

/** A vCard of what was ticked (RFC 6350). */
export function vCard({ name, tel, email }: Picked): string {
  const text = (s: string) => s.replace(/\\/g, '\\\\').replace(/\r?\n/g, '\\n').replace(/,/g, '\\,').replace(/;/g, '\\;');
  const lines = ['BEGIN:VCARD', 'VERSION:4.0', `FN:${text(name?.[0] ?? tel?.[0] ?? email?.[0] ?? '')}`];
  for (const n of tel ?? []) lines.push(`TEL:${text(n)}`);
  for (const e of (email ?? []).slice(0, 1)) lines.push(`EMAIL:${text(e)}`);
  return [...lines, 'END:VCARD', ''].join('\r\n');
}

async function pick(from: ContactsManager, say: (words: string) => void): Promise<void> {
  const picked = await from.select(['name', 'tel', 'email'], { multiple: true }).catch(() => []);
  if (picked.length === 0) return;
  const page = await fetch('/contacts/import', { redirect: 'error' }).catch(() => undefined);
  const form = page?.ok ? new DOMParser().parseFromString(await page.text(), 'text/html').querySelector<HTMLFormElement>('#contact-import') : null;
  if (form === null) return say('Your contacts could not be brought in just now. Please try again in a minute.');
  const body = new FormData();
  for (const field of form.querySelectorAll<HTMLInputElement>('input[type="hidden"]')) body.append(field.name, field.value);
  body.append('cards', new Blob([picked.map(vCard).join('')], { type: 'text/vcard' }), 'picked.vcf');
  const answer = await fetch('/contacts/import', { method: 'POST', body, redirect: 'error' }).catch(() => undefined);
  if (!answer?.ok) return say('Your contacts could not be brought in. Nothing was kept.');
  location.reload();
}

const place = document.getElementById('contacts-picker');
const button = document.getElementById('contacts-pick');
const wrong = document.getElementById('contacts-pick-wrong');
if (place !== null && button !== null && wrong !== null && manager !== undefined) {
  place.hidden = false;
  button.addEventListener('click', () => void pick(manager, (words) => {
    wrong.textContent = words;
    wrong.hidden = false;
  }));
}
