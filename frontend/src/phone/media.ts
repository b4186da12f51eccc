// Gets hold of the microphone and the camera, and lets go of them.
import { opened } from './equipment';
import type { Device, Permission } from './permission';
import { whyNoDevice } from './words';

/** What a call sends, or why there is no call, in words. */
export type Got = { stream: MediaStream; said?: string } | { wrong: string };

/** What is wanted of a device. */
export const wanted: Record<Device, MediaStreamConstraints> = {
  microphone: { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } },
  camera: { video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } } },
};

/**
 * Asks for what a call needs. Without the microphone there is no call; without
 * the camera it is sound only, and said says so.
 */
export async function take(video: boolean, permissions: Record<Device, Permission | undefined>, signal: AbortSignal): Promise<Got> {
  const sound = await one('microphone', permissions.microphone, signal);
  if ('wrong' in sound) return sound;
  if (!video) return sound;
  const picture = await one('camera', permissions.camera, signal);
  if ('wrong' in picture) return { stream: sound.stream, said: `${picture.wrong} The call is sound only.` };
  for (const track of picture.stream.getTracks()) sound.stream.addTrack(track);
  return sound;
}

/** Asks for the camera alone, in a call that goes on. */
export const picture = (permission: Permission | undefined, signal: AbortSignal): Promise<Got> => one('camera', permission, signal);

async function one(device: Device, permission: Permission | undefined, signal: AbortSignal): Promise<Got> {
  if (permission === undefined) return { wrong: `This app may not use the ${device}.` };
  if (!(await permission.allowed(device, signal))) {
    return { wrong: device === 'microphone' ? 'Nobody could hear you without the microphone, so there is no call. You can try again at any time.' : 'The camera stays off.' };
  }
  if (signal.aborted) return { wrong: '' };
  try {
    const stream = await opened(device, wanted[device]);
    if (!signal.aborted) return { stream };
    release(stream);
    return { wrong: '' };
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'NotAllowedError') permission.refused();
    return { wrong: whyNoDevice(name, device) };
  }
}

/** Lets go of all devices of a stream: their lights go out. */
export function release(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
