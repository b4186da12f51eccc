// Which microphone, loudspeaker, bell and camera the person chose on this device.
// What is chosen is kept by the browser and never sent (declared storage
// phone-equipment); what is not chosen is left to the system.

export type Kind = 'microphone' | 'speaker' | 'bell' | 'camera';

export interface Choice { id: string; label: string }

type Chosen = Partial<Record<Kind, Choice>>;

const key = 'phone-equipment';

/** The kinds as browsers call them. */
export const kindOf: Record<Kind, MediaDeviceKind> = { microphone: 'audioinput', speaker: 'audiooutput', bell: 'audiooutput', camera: 'videoinput' };

function read(): Chosen {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return typeof read === 'object' && read !== null ? (read as Chosen) : {};
  } catch {
    return {};
  }
}

/** What was chosen; undefined leaves it to the system. */
export function chosen(kind: Kind): Choice | undefined {
  const c = read()[kind];
  return typeof c?.id === 'string' && typeof c.label === 'string' ? c : undefined;
}

/** Keeps a choice. Where none is left, nothing is kept. */
export function choose(kind: Kind, choice: Choice | undefined): void {
  const all = read();
  if (choice === undefined) delete all[kind];
  else all[kind] = choice;
  try {
    if (Object.keys(all).length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(all));
  } catch {
    // A browser that keeps nothing: the system's own choice holds.
  }
}

/**
 * Which of what is there was chosen: by its id, or, because browsers change ids,
 * by its name.
 */
export function match(list: readonly MediaDeviceInfo[], kind: Kind, choice: Choice | undefined): MediaDeviceInfo | undefined {
  if (choice === undefined) return undefined;
  const fit = list.filter((d) => d.kind === kindOf[kind]);
  return fit.find((d) => d.deviceId === choice.id) ?? fit.find((d) => d.label !== '' && d.label === choice.label);
}

export async function there(): Promise<MediaDeviceInfo[]> {
  try {
    return await navigator.mediaDevices.enumerateDevices();
  } catch {
    return [];
  }
}

/** Which device of a kind a call uses; empty for the system's own. */
export async function idOf(kind: Kind): Promise<string> {
  const choice = chosen(kind);
  return choice === undefined ? '' : match(await there(), kind, choice)?.deviceId ?? '';
}

/** What is asked of the browser, with the chosen device where it is there. */
export async function fitted(kind: 'microphone' | 'camera', wanted: MediaStreamConstraints): Promise<MediaStreamConstraints> {
  const id = await idOf(kind);
  if (id === '') return wanted;
  const what = kind === 'microphone' ? 'audio' : 'video';
  return { [what]: { ...(wanted[what] as MediaTrackConstraints), deviceId: { ideal: id } } };
}

/** Has an element or a tone sound where it was chosen to, where the browser can. */
export async function sound(through: object | undefined, kind: 'speaker' | 'bell'): Promise<void> {
  try {
    await (through as { setSinkId?(id: string): Promise<unknown> } | undefined)?.setSinkId?.(await idOf(kind));
  } catch {
    // It was unplugged a moment ago: it sounds where it did.
  }
}
