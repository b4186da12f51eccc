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

/**
 * Which device of a kind a call uses; empty for the system's own. Before a page has
 * used a microphone browsers tell it of none: then the one that was chosen is
 * asked for all the same.
 */
export async function idOf(kind: Kind): Promise<string> {
  const choice = chosen(kind);
  if (choice === undefined) return '';
  const list = await there();
  return match(list, kind, choice)?.deviceId ?? (list.some((d) => d.label !== '') ? '' : choice.id);
}

/**
 * Opens a device as it is wanted: the chosen one if it is there, else the
 * system's own. Chromium takes a wish for one lightly, so it is asked for exactly.
 */
export async function opened(kind: 'microphone' | 'camera', wanted: MediaStreamConstraints): Promise<MediaStream> {
  const id = await idOf(kind);
  if (id !== '') {
    const what = kind === 'microphone' ? 'audio' : 'video';
    try {
      return await navigator.mediaDevices.getUserMedia({ [what]: { ...(wanted[what] as MediaTrackConstraints), deviceId: { exact: id } } });
    } catch (error) {
      if (!['OverconstrainedError', 'NotFoundError'].includes(error instanceof Error ? error.name : '')) throw error;
    }
  }
  return navigator.mediaDevices.getUserMedia(wanted);
}

/** Has an element or a tone sound where it was chosen to, where the browser can. */
export async function sound(through: object | undefined, kind: 'speaker' | 'bell'): Promise<void> {
  try {
    await (through as { setSinkId?(id: string): Promise<unknown> } | undefined)?.setSinkId?.(await idOf(kind));
  } catch {
    // It was unplugged a moment ago: it sounds where it did.
  }
}
