// What the app may see of calls and network, once its person said so: the calls of
// one's own line on other phones, and what the browser tells of the network. No
// browser tells a page of the calls of a mobile network.

/** What a browser tells of the network (https://wicg.github.io/netinfo/); many tell nothing. */
export interface Network extends EventTarget { type?: string; effectiveType?: string; rtt?: number; saveData?: boolean }

/** The browser's word on the network; undefined where it has none. */
export const network = (): Network | undefined => (navigator as { connection?: Network }).connection;

const kinds: Record<string, string> = { wifi: 'Wi-Fi', ethernet: 'A cable', cellular: 'A mobile network', bluetooth: 'Bluetooth', wimax: 'WiMAX' };
const paces: Record<string, string> = { 'slow-2g': 'too slow for a call', '2g': 'slow: a call may be hard to follow', '3g': 'fast enough for sound', '4g': 'fast enough for sound and pictures' };

/** The network as people read it, each with what it is about. */
export function told(online: boolean, of: Network | undefined): [string, string][] {
  const list: [string, string][] = [['Network', online ? (kinds[of?.type ?? ''] ?? 'Connected') : 'No connection']];
  if (!online) return list;
  const pace = paces[of?.effectiveType ?? ''];
  list.push(['How fast', pace === undefined ? 'Your browser does not tell' : pace.charAt(0).toUpperCase() + pace.slice(1)]);
  if (of?.saveData === true) list.push(['Data', 'Your browser is set to save it. Calls with pictures use more than calls with sound.']);
  return list;
}

/** Fills a list of facts. */
export function show(place: HTMLElement, facts: readonly [string, string][]): void {
  place.replaceChildren(...facts.map(([what, is]) => {
    const row = document.createElement('div');
    row.append(Object.assign(document.createElement('dt'), { textContent: what }), Object.assign(document.createElement('dd'), { textContent: is }));
    return row;
  }));
  place.hidden = false;
}
