// The buttons of a headset (WebHID; USB HID Usage Tables, pages 0x0B Telephony
// and 0x08 LEDs): the hook answers and hangs up, mute mutes.

/** What a report says of the buttons; undefined for one that is not in it. */
export interface Buttons { hook: boolean | undefined; mute: boolean | undefined }

interface Item { usages?: number[]; usageMinimum?: number; usageMaximum?: number; isRange?: boolean; reportSize?: number; reportCount?: number; isConstant?: boolean }
interface Report { reportId?: number; items?: Item[] }
export interface Collection { usagePage?: number; usage?: number; inputReports?: Report[]; outputReports?: Report[]; children?: Collection[] }

interface Bit { report: number; at: number; length: number } // in bits; length of the whole report

const telephony = 0x0b;
const usage = { hook: 0x0b_0020, mute: 0x0b_002f, lightHook: 0x08_0017, lightRing: 0x08_0018, lightMute: 0x08_0009 } as const;

/** Where a usage is in the reports of a device. */
function find(collections: readonly Collection[], kind: 'inputReports' | 'outputReports', wanted: number): Bit | undefined {
  for (const c of collections) {
    for (const report of c[kind] ?? []) {
      let at = 0;
      let found: number | undefined;
      for (const item of report.items ?? []) {
        const size = item.reportSize ?? 0, count = item.reportCount ?? 0;
        for (let i = 0; i < count && item.isConstant !== true; i++) {
          const is = item.isRange === true ? (item.usageMinimum ?? 0) + i : item.usages?.[Math.min(i, (item.usages?.length ?? 0) - 1)];
          if (is === wanted && (item.isRange !== true || is <= (item.usageMaximum ?? 0))) found ??= at + i * size;
        }
        at += size * count;
      }
      if (found !== undefined) return { report: report.reportId ?? 0, at: found, length: at };
    }
    const inside = find(c.children ?? [], kind, wanted);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** What a device's reports are read by. */
export class Layout {
  readonly #hook: Bit | undefined;
  readonly #mute: Bit | undefined;
  readonly #lights: readonly (readonly [keyof Lights, Bit])[];

  constructor(collections: readonly Collection[]) {
    this.#hook = find(collections, 'inputReports', usage.hook);
    this.#mute = find(collections, 'inputReports', usage.mute);
    this.#lights = ([['hook', usage.lightHook], ['ring', usage.lightRing], ['mute', usage.lightMute]] as const).flatMap(([name, u]) => {
      const bit = find(collections, 'outputReports', u);
      return bit === undefined ? [] : [[name, bit] as const];
    });
  }

  /** Whether there is anything to read. */
  get any(): boolean {
    return this.#hook !== undefined || this.#mute !== undefined;
  }

  read(report: number, data: DataView): Buttons {
    const one = (bit: Bit | undefined): boolean | undefined => {
      if (bit === undefined || bit.report !== report || bit.at >> 3 >= data.byteLength) return undefined;
      return ((data.getUint8(bit.at >> 3) >> (bit.at & 7)) & 1) === 1;
    };
    return { hook: one(this.#hook), mute: one(this.#mute) };
  }

  /** The reports that set the lights. */
  write(lights: Lights): [number, Uint8Array<ArrayBuffer>][] {
    const reports = new Map<number, Uint8Array<ArrayBuffer>>();
    for (const [name, bit] of this.#lights) {
      const data = reports.get(bit.report) ?? new Uint8Array(Math.ceil(bit.length / 8));
      if (lights[name]) data[bit.at >> 3] = (data[bit.at >> 3] ?? 0) | (1 << (bit.at & 7));
      reports.set(bit.report, data);
    }
    return [...reports];
  }
}

/** How the phone stands, as a headset shows it. */
export interface Lights { hook: boolean; ring: boolean; mute: boolean }

/** What the buttons do. */
export interface Acts { answer(): void; end(): void; mute(): void }

/**
 * Makes acts of what the buttons say. A hook that is lifted answers, one that is
 * laid down ends; some headsets only tell that it was pressed. Mute is pressed.
 */
export class Presses {
  #hook = false;
  #mute = false;

  constructor(private readonly acts: Acts) {}

  take(b: Buttons, lights: Lights): void {
    if (b.hook !== undefined && b.hook !== this.#hook) {
      this.#hook = b.hook;
      if (b.hook && lights.ring) this.acts.answer();
      else if (!b.hook && lights.hook) this.acts.end();
    }
    if (b.mute !== undefined && b.mute !== this.#mute) {
      this.#mute = b.mute;
      if (b.mute && lights.hook) this.acts.mute();
    }
  }
}

interface Hid extends EventTarget { opened: boolean; productName: string; collections: Collection[]; open(): Promise<void>; sendReport(id: number, data: Uint8Array<ArrayBuffer>): Promise<void>; forget?(): Promise<void> }
interface HidDoor extends EventTarget { getDevices(): Promise<Hid[]>; requestDevice(of: { filters: { usagePage: number }[] }): Promise<Hid[]> }

const door = (): HidDoor | undefined => (navigator as { hid?: HidDoor }).hid;

export const headsets = (): boolean => door() !== undefined;

/** Has the browser ask which headset; the name of it, or undefined. */
export async function pick(): Promise<string | undefined> {
  const [first] = (await door()?.requestDevice({ filters: [{ usagePage: telephony }] }).catch(() => [])) ?? [];
  return first?.productName;
}

/** The names of those that were picked before. */
export const picked = async (): Promise<string[]> => ((await door()?.getDevices().catch(() => [])) ?? []).map((d) => d.productName);

/** Lets go of all. */
export async function forget(): Promise<void> {
  for (const d of (await door()?.getDevices().catch(() => [])) ?? []) await d.forget?.();
}

/** Listens to the headsets that were picked. What it returns sets their lights. */
export async function listen(acts: Acts): Promise<(lights: Lights) => void> {
  let now: Lights = { hook: false, ring: false, mute: false };
  const open = new Map<Hid, Layout>();
  const show = async (device: Hid, layout: Layout) => {
    for (const [id, data] of layout.write(now)) await device.sendReport(id, data).catch(() => undefined);
  };
  const take = async (device: Hid) => {
    const layout = new Layout(device.collections);
    if (!layout.any || open.has(device)) return;
    if (!device.opened) await device.open().catch(() => undefined);
    if (!device.opened) return;
    open.set(device, layout);
    const presses = new Presses(acts);
    device.addEventListener('inputreport', (event) => {
      const { reportId, data } = event as Event & { reportId: number; data: DataView };
      presses.take(layout.read(reportId, data), now);
    });
    await show(device, layout);
  };
  const hid = door();
  for (const device of (await hid?.getDevices().catch(() => [])) ?? []) await take(device);
  hid?.addEventListener('connect', (event) => void take((event as Event & { device: Hid }).device));
  hid?.addEventListener('disconnect', (event) => open.delete((event as Event & { device: Hid }).device));
  return (lights) => {
    if (lights.hook === now.hook && lights.ring === now.ring && lights.mute === now.mute) return;
    now = lights;
    for (const [device, layout] of open) void show(device, layout);
  };
}
