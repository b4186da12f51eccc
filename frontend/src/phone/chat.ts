// Messages in the page. Without this script they come with each load of it, and
// everything but the place can be sent; with it, what is new shows by itself.
import { fix, NoPlace, written } from './place';

/** Shows what is new once the server says that something is. */
function live(root: HTMLElement, id: string): void {
  const { live: address } = root.dataset;
  if (!address || !('EventSource' in globalThis)) return;
  const title = document.title;
  let begun = false;
  const events = new EventSource(address);
  const unread = (n: number) => { document.title = n > 0 ? `(${n}) ${title}` : title; };
  events.addEventListener('hello', ({ data }: MessageEvent<string>) => {
    unread(Number(data));
    if (begun) void refresh(id); // something may have changed while nobody told
    begun = true;
  });
  events.addEventListener('changed', ({ data }: MessageEvent<string>) => {
    unread(Number(data));
    void refresh(id);
  });
  addEventListener('pagehide', () => events.close());
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
}

/** The list anew, as the server makes it. What is being pressed stays. */
async function refresh(id: string): Promise<void> {
  const answer = await fetch(location.pathname, { redirect: 'error' }).catch(() => undefined);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(id);
  const place = document.getElementById(id);
  if (fresh === null || place === null || place.contains(document.activeElement) || fresh.textContent === place.textContent) return;
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 200;
  place.replaceChildren(...fresh.childNodes);
  if (atEnd) document.getElementById('last')?.scrollIntoView({ block: 'center' });
}

/** Shares where the device is: one fix for one press. */
function sharing(form: HTMLFormElement): void {
  const field = form.querySelector<HTMLInputElement>('[name="position"], input[type="hidden"]');
  const wrong = document.getElementById('chat-place-wrong');
  const plain = document.getElementById('chat-place-plain');
  const button = form.querySelector('button');
  if (field === null || button === null) return;
  form.hidden = false;
  if (plain !== null) plain.hidden = true;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    void fix().then((place) => {
      field.value = written(place);
      form.submit();
    }).catch((error: unknown) => {
      button.disabled = false;
      if (wrong === null || !(error instanceof NoPlace)) return;
      wrong.textContent = error.message;
      wrong.hidden = false;
    });
  });
}

for (const [root, list] of [['chat', 'chat-live'], ['chats', 'chats-live']] as const) {
  const found = document.getElementById(root);
  if (found !== null) live(found, list);
}
const form = document.getElementById('place');
if (form instanceof HTMLFormElement) sharing(form);
if (location.hash === '#files' || location.hash === '#place-share') {
  document.querySelector(location.hash)?.setAttribute('open', '');
}
