// One tab of a browser is the phone. The others say so, and one of them takes
// over when it closes, or when it is asked to and no call is going on.

/** What a tab does when it becomes the phone, or is not. */
export interface Tab {
  gained(): void;
  waiting(): void;
  lost(): void;
  /** The phone cannot move now: a call is going on in the other tab. */
  refused(): void;
  busy(): boolean;
}

/** The parts of the browser that are used, for tests. */
export interface Where {
  locks: Pick<LockManager, 'request'> | undefined;
  channel: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'> | undefined;
}

const name = 'phone';

/** Takes its place among the tabs. What it returns asks for the phone to come here. */
export function oneTab(where: Where, tab: Tab): () => void {
  const { locks, channel } = where;
  if (locks === undefined || channel === undefined) {
    tab.gained();
    return () => undefined;
  }
  let release: (() => void) | undefined;
  const hold = (): Promise<void> => new Promise((done) => {
    release = done;
    tab.gained();
  });
  const queue = (): void => {
    tab.waiting();
    void locks.request(name, hold);
  };
  void locks.request(name, { ifAvailable: true }, (lock) => {
    if (lock !== null) return hold();
    queue();
    return undefined;
  });
  channel.addEventListener('message', (event) => {
    if (event.data === 'busy' && release === undefined) tab.refused();
    if (event.data !== 'please' || release === undefined) return;
    if (tab.busy()) {
      channel.postMessage('busy');
      return;
    }
    tab.lost();
    release();
    release = undefined;
    queue();
  });
  return () => channel.postMessage('please');
}
