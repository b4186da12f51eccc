// The phone as an app: its worker, and how it is installed. The worker is there
// only for who installed the app or has it ring when it is closed, because it is
// kept on the device (PECR reg 6).

/** What browsers of one family tell of an app that could be installed. */
interface Installable extends Event { prompt(): Promise<unknown>; userChoice: Promise<{ outcome: string }> }

/** Whether the page runs as an installed app. */
export const standalone = (): boolean => matchMedia('(display-mode: standalone)').matches || (navigator as { standalone?: boolean }).standalone === true;

/** The worker of this device; undefined where there is none. */
export async function worker(): Promise<ServiceWorkerRegistration | undefined> {
  try {
    return await navigator.serviceWorker?.getRegistration('/');
  } catch {
    return undefined;
  }
}

/** Puts the worker on the device; undefined where the browser takes none. */
export async function employ(script: string): Promise<ServiceWorkerRegistration | undefined> {
  try {
    await navigator.serviceWorker.register(script, { scope: '/', updateViaCache: 'none' });
    return await navigator.serviceWorker.ready;
  } catch {
    return undefined;
  }
}

/** Takes the worker off the device with what it keeps, unless the app is installed. */
export async function dismiss(): Promise<void> {
  if (standalone()) return;
  await (await worker())?.unregister();
  if ('caches' in globalThis) for (const name of await caches.keys()) if (name.startsWith('phone-offline-')) await caches.delete(name);
}

/** Shows a button where the browser offers to install the page. */
export function installable(button: HTMLButtonElement, said: (words: string) => void, script: string): void {
  let offer: Installable | undefined;
  const show = () => { button.hidden = offer === undefined; };
  if (standalone()) said('This is the installed app.');
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    offer = event as Installable;
    show();
  });
  addEventListener('appinstalled', () => {
    offer = undefined;
    show();
    said('The app is installed. You find it among your other apps.');
    void employ(script);
  });
  button.addEventListener('click', () => {
    void (async () => {
      const asked = offer;
      offer = undefined;
      show();
      await asked?.prompt();
      if ((await asked?.userChoice)?.outcome === 'dismissed') said('It was not installed. Nothing was changed.');
    })();
  });
  show();
}
