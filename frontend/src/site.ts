// The one module of a page. Everything works without it; it stops at once what
// a withdrawal ends, loads what was agreed to, and helps in a long page.
import { stands } from './choice';
import { watch } from './consent';
import { foldOnSmallScreens, follow } from './contents';
import { read, start, stop } from './integrations';
import { able, enable } from './passkeys';

const { integrations: agreed, choice } = document.documentElement.dataset;
const integrations = stands(choice, document.cookie) ? read(agreed) : [];

watch(window, {
  running: () => integrations.length > 0,
  stop: () => stop(window, integrations),
});
start(window, integrations);

for (const contents of document.querySelectorAll<HTMLElement>('.contents')) {
  foldOnSmallScreens(contents);
  follow(contents);
}

if (able(globalThis)) {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-passkey]')) enable(form);
}

// A phone in another tab looks whether what it uses is still allowed.
if (document.documentElement.dataset.surface === 'softphone' && 'BroadcastChannel' in globalThis) {
  const channel = new BroadcastChannel('phone-look');
  channel.postMessage(null);
  channel.close(); // an open one would keep the page out of the back-forward cache
}
