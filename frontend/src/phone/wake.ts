// Has this browser woken when somebody calls and the phone is closed (Push API).
import { dismiss, employ, worker } from './installed';

/** Where things are asked for, as the page came with it. */
export interface Places { worker: string; wake: string; key: string }

/** How it stands on this device. */
export type Standing = 'on' | 'off' | 'blocked' | 'unable';

export const able = (): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

export async function standing(): Promise<Standing> {
  if (!able()) return 'unable';
  if (Notification.permission === 'denied') return 'blocked';
  const registered = await worker();
  return (await registered?.pushManager.getSubscription()) ? 'on' : 'off';
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
};

const post = (at: string, body?: string) => fetch(at, {
  method: 'POST', redirect: 'manual', ...(body !== undefined && { body, headers: { 'Content-Type': 'application/json' } }),
});

/** Turns it on; the words say why not, or are empty. The person has agreed before. */
export async function on(at: Places): Promise<string> {
  if (!able()) return 'This browser cannot be woken. On an iPhone or iPad, first put the app on the home screen.';
  if ((await Notification.requestPermission()) !== 'granted') {
    return 'Your browser shows no notifications of this page. To change that, press the sign beside the page’s address, and try again.';
  }
  const registered = await employ(at.worker);
  if (registered === undefined) return 'Your browser did not take the part of the app that it wakes. In a private window it never does.';
  try {
    const told = await registered.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(at.key) });
    const answer = await post(at.wake, JSON.stringify(told));
    if (answer.status === 204) return '';
    await told.unsubscribe();
    await dismiss();
    return answer.status === 422 ? 'Your browser is reached through a service that we do not use. The app rings while it is open.' : 'Our server did not take it. Please try again in a minute.';
  } catch {
    await dismiss();
    return 'Your browser’s own service for waking apps did not answer. The app rings while it is open.';
  }
}

/** Turns it off: nothing is kept of it here or at our side. */
export async function off(at: Places): Promise<void> {
  const told = await (await worker())?.pushManager.getSubscription();
  await told?.unsubscribe().catch(() => false);
  await post(`${at.wake}/end`).catch(() => undefined);
  await dismiss();
}

/**
 * Brings both sides together again when the phone is opened: a browser changes
 * its address now and then, and a permission may have been taken back elsewhere.
 */
export async function agree(at: Places, granted: boolean): Promise<void> {
  if (!able() || at.wake === '') return;
  const told = await (await worker())?.pushManager.getSubscription();
  if (told == null) return;
  if (!granted) return off(at);
  await post(at.wake, JSON.stringify(told)).catch(() => undefined);
}
